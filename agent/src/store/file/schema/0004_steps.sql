-- What was said about goals: each step at most once for an occasion, the day on which the goal derails. The key is the
-- promise. A claim of the same message is in claims too, for a release that knows only those.
CREATE TABLE steps (
    subject         TEXT NOT NULL,
    occasion        TEXT NOT NULL,
    step            TEXT NOT NULL,
    severity        TEXT NOT NULL,
    notification_id TEXT NOT NULL REFERENCES notifications (id),
    claimed_at      TEXT NOT NULL,
    PRIMARY KEY (subject, occasion, step)
) STRICT;
CREATE INDEX steps_by_time ON steps (claimed_at);
CREATE INDEX steps_by_message ON steps (notification_id, subject);
CREATE INDEX claims_by_time ON claims (claimed_at);

-- Derailments of goals, as readings showed them. One that was undone is removed. Kept as long as readings.
CREATE TABLE derailments (
    goal          TEXT NOT NULL,                     -- the goal's id, which survives a renaming; without one, its slug
    occasion      TEXT NOT NULL,                     -- Beeminder's day on which it derailed
    at            TEXT NOT NULL,                     -- the losedate that passed; if none is known, when it was seen
    losedate      TEXT,
    stake_micros  INTEGER,
    sign          TEXT NOT NULL,                     -- what shows it: datapoint, losedate_passed, frozen
    PRIMARY KEY (goal, occasion)
) STRICT, WITHOUT ROWID;
