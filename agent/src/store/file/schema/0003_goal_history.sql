-- What an older release must know to use this file. One row; only a migration that takes something away or changes
-- its meaning raises min_reader. Everything else that a newer release adds, an older one leaves alone.
CREATE TABLE compatibility (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    min_reader INTEGER NOT NULL                      -- how many migrations a release must know
) STRICT;
INSERT INTO compatibility VALUES (1, 3);

-- What was entered into Beeminder, by goal, as readings showed it. Kept for 120 days.
CREATE TABLE entries (
    goal       TEXT NOT NULL,                        -- the goal's id, which survives a renaming; without one, its slug
    datapoint  TEXT NOT NULL,                        -- the datapoint's id
    day        TEXT NOT NULL,                        -- the day for which it counts
    entered_at TEXT NOT NULL,                        -- for a goal that a service fills: when Beeminder fetched it
    value      REAL,                                 -- NULL: not readable
    dummy      INTEGER NOT NULL,                     -- 1: Beeminder made it, not a person or their device
    derail     INTEGER NOT NULL,                     -- 1: because the goal derailed (#DERAIL)
    gone_at    TEXT,                                 -- when a reading first showed that it was deleted
    PRIMARY KEY (goal, datapoint)
) STRICT, WITHOUT ROWID;

-- How a goal stood: a row when something changed. Kept for 120 days, the newest of a goal for ever.
CREATE TABLE readings (
    goal          TEXT NOT NULL,
    at            TEXT NOT NULL,
    state         TEXT NOT NULL,
    lost          INTEGER,                           -- 1: off its line; NULL: not said
    safebuf       INTEGER,
    losedate      TEXT,
    deadline      INTEGER NOT NULL,                  -- seconds from midnight
    value         REAL,
    pledge_micros INTEGER,
    entered       TEXT NOT NULL,                     -- a sum over the datapoints that were shown: tells whether they changed
    PRIMARY KEY (goal, at)
) STRICT, WITHOUT ROWID;

-- Of which goals Mecris has asked Beeminder for the datapoints of the time before it knew them.
CREATE TABLE entry_histories (
    goal     TEXT PRIMARY KEY,
    tries    INTEGER NOT NULL,
    tried_at TEXT NOT NULL,
    read_at  TEXT                                    -- NULL: no try has worked yet
) STRICT, WITHOUT ROWID;
