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
