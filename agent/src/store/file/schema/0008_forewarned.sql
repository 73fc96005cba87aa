-- What a person heard when they went on vacation: the goals that derail while it lasts, each with its day and its stake.
-- For a day it counts as said. A release that does not know the table says it once more.
CREATE TABLE forewarned (
    silence_id      TEXT NOT NULL REFERENCES silences (id), -- the vacation
    subject         TEXT NOT NULL,
    occasion        TEXT NOT NULL,                   -- Beeminder's day on which it derails
    derails_at      TEXT NOT NULL,
    stake_micros    INTEGER,                         -- NULL: unknown
    told_at         TEXT NOT NULL,
    notification_id TEXT REFERENCES notifications (id), -- the message that told it; NULL: the answer to the request
    PRIMARY KEY (silence_id, subject, occasion)
) STRICT;
CREATE INDEX forewarned_by_time ON forewarned (told_at);
