-- Which generation of the state this file is; one row once there was one. Its halves are written apart: what the file is, by the
-- checkpoint that makes it so; how the copies fare, after each try.
CREATE TABLE lineage (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    generation    INTEGER NOT NULL,                  -- this file is that generation, or what was written since
    nonce         TEXT NOT NULL,                     -- who made it: tells our own put with a lost reply from another instance's
    saved_at      TEXT,                              -- when a copy was last known to be safe
    saved         INTEGER,                           -- which generation that was
    saved_bytes   INTEGER,                           -- its size, compressed
    trouble_since TEXT,                              -- since when copies fail; NULL: they do not
    trouble       TEXT                               -- why, for a person
) STRICT;

-- The newest writes that had to survive: tells a writer that was overtaken whether its write is in what it loads.
CREATE TABLE durable_writes (
    seq   INTEGER PRIMARY KEY,
    nonce INTEGER NOT NULL
) STRICT;

-- Generations that were fetched, opened and checked, so that pruning need not fetch them again.
CREATE TABLE verified_generations (
    generation INTEGER PRIMARY KEY,
    at         TEXT NOT NULL,
    damage     TEXT                                  -- what is wrong with it; NULL: it is sound
) STRICT;

-- A person's word that something is not to be said for a while. Ended by its time or by being deleted, never removed.
CREATE TABLE silences (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('silence', 'vacation')),
    pattern    TEXT NOT NULL,                        -- a glob over subjects; * for a vacation
    starts_at  TEXT NOT NULL,
    ends_at    TEXT NOT NULL,
    author     TEXT NOT NULL,
    comment    TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    deleted_at TEXT,
    deleted_by TEXT
) STRICT;
CREATE INDEX silences_by_end ON silences (ends_at);

ALTER TABLE notifications ADD COLUMN acknowledged_by TEXT;

-- The decision log has what a person decided, too: silence, unsilence, acknowledge. That has no severity.
CREATE TABLE decisions_with_words (
    id              INTEGER PRIMARY KEY,
    run_id          TEXT REFERENCES runs (id),
    at              TEXT NOT NULL,
    subject         TEXT NOT NULL,                   -- silence, unsilence: the pattern
    severity        TEXT,
    day             TEXT NOT NULL,
    action          TEXT NOT NULL CHECK (action IN ('notify', 'suppress', 'silence', 'unsilence', 'acknowledge')),
    reason          TEXT NOT NULL,
    evidence        TEXT NOT NULL,
    expires_at      TEXT,
    notification_id TEXT REFERENCES notifications (id),
    author          TEXT,                            -- whose word it is, or follows
    until           TEXT,                            -- until when that holds
    silence_id      TEXT REFERENCES silences (id),
    comment         TEXT                             -- why they said it
) STRICT;
INSERT INTO decisions_with_words
    SELECT id, run_id, at, subject, severity, day, action, reason, evidence, expires_at, notification_id, NULL, NULL, NULL, NULL
      FROM decisions;
DROP TABLE decisions;
ALTER TABLE decisions_with_words RENAME TO decisions;
CREATE INDEX decisions_by_time ON decisions (at);
CREATE INDEX decisions_by_run ON decisions (run_id);

-- Channels that refuse for a reason that will not pass by itself. A row goes away when the channel works again. Whether the person
-- was told is in claims, under channel:<name> and the day of since.
CREATE TABLE broken_channels (
    channel    TEXT PRIMARY KEY,
    since      TEXT NOT NULL,
    refused_at TEXT NOT NULL,                        -- the last time it did so
    skip_until TEXT NOT NULL,                        -- no new message begins with it until then, unless all channels are broken
    at_arrival INTEGER NOT NULL,                     -- 1: it accepted and could not deliver, so only an arrival proves that it works
    code       TEXT,                                 -- the provider's
    why        TEXT NOT NULL                         -- with what to do about it
) STRICT;

-- What the provider called each attempt, so that an attempt in doubt is not taken for one that is known.
ALTER TABLE attempts ADD COLUMN provider_id TEXT;

-- What was taken from the Python system's files, so that taking it again changes nothing.
CREATE TABLE imports (
    source_table TEXT NOT NULL,
    source_key   TEXT NOT NULL,                      -- what identifies the row there, whichever copy of the file it is read from
    became       TEXT NOT NULL,                      -- the row here, table/key
    at           TEXT NOT NULL,
    PRIMARY KEY (source_table, source_key)
) STRICT;
CREATE INDEX imports_by_result ON imports (became);

-- Corrections of a budget after a look at the provider's own numbers.
CREATE TABLE reconciliations (
    id            INTEGER PRIMARY KEY,
    provider      TEXT NOT NULL,
    at            TEXT NOT NULL,
    day           TEXT NOT NULL,
    before_micros INTEGER,
    after_micros  INTEGER,
    reason        TEXT NOT NULL DEFAULT '',
    author        TEXT NOT NULL DEFAULT ''
) STRICT;
