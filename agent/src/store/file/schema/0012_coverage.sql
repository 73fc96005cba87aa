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
