-- How a session came here, and how well the numbers of a budget are known.
ALTER TABLE usage_sessions ADD COLUMN source TEXT NOT NULL DEFAULT 'recorded';
-- When a person said that everything that had been spent by then is recorded. NULL: never.
ALTER TABLE budget ADD COLUMN complete_at TEXT;
-- Where the number in the column of the same name is from. NULL: the number is not known.
ALTER TABLE budget ADD COLUMN used_basis TEXT;
ALTER TABLE budget ADD COLUMN spent_today_basis TEXT;
ALTER TABLE budget ADD COLUMN daily_burn_basis TEXT;
-- What is wrong with the numbers, one sentence. NULL: nothing.
ALTER TABLE budget ADD COLUMN doubt TEXT;
-- What a person took back: the rows as they were.
CREATE TABLE removals (
    removed_from TEXT NOT NULL,            -- the table
    id           TEXT NOT NULL,            -- what the endpoints called it
    at           TEXT NOT NULL,            -- when it was taken back
    was          TEXT NOT NULL,            -- the row, as JSON
    PRIMARY KEY (removed_from, id)
) STRICT, WITHOUT ROWID;
