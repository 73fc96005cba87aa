-- Times are RFC 3339 UTC text with nine decimals, days are YYYY-MM-DD, money is integer micro-dollars.

-- One row a pass, written with its decisions and its message in one transaction.
CREATE TABLE runs (
    id           TEXT PRIMARY KEY,
    started_at   TEXT NOT NULL,
    finished_at  TEXT NOT NULL,
    trigger      TEXT NOT NULL,                       -- cli | schedule | http
    outcome      TEXT NOT NULL CHECK (outcome IN ('done', 'unknown')),
    succeeded    INTEGER NOT NULL,                    -- 1: Beeminder was read; what the dead-man's switch counts
    overran      INTEGER NOT NULL DEFAULT 0,          -- 1: it took longer than heuristic.deadline
    changed      INTEGER NOT NULL,                    -- 1: it made a message
    observations TEXT NOT NULL                        -- JSON: {beeminder, budget, walk: {status, at, why}}
) STRICT;
CREATE INDEX runs_by_time ON runs (started_at);

-- A message to the person, and where it stands.
CREATE TABLE notifications (
    id               TEXT PRIMARY KEY,
    run_id           TEXT REFERENCES runs (id),       -- NULL: send-alert, notify test, an endpoint
    created_at       TEXT NOT NULL,
    severity         TEXT NOT NULL,
    subjects         TEXT NOT NULL,                   -- JSON array, most urgent first
    body             TEXT NOT NULL,                   -- without the tag
    tag              TEXT NOT NULL UNIQUE,            -- what reconciliation looks for
    expires_at       TEXT,                            -- after it the message is not worth sending
    state            TEXT NOT NULL CHECK (state IN ('planned', 'sending', 'accepted', 'delivered', 'failed', 'unknown')),
    channel          TEXT NOT NULL,                   -- the one in use
    pinned           INTEGER NOT NULL DEFAULT 0,      -- 1: that channel only, no fallback (notify test --channel)
    attempt          INTEGER NOT NULL,                -- number of the last attempt, from 1
    lease_until      TEXT,                            -- end of the last attempt's lease
    next_at          TEXT,                            -- when the outbox looks at it again; NULL: never, it is final or given up
    provider_id      TEXT,                            -- the provider's id once accepted
    accepted_at      TEXT,
    why              TEXT,                            -- the last thing that went wrong, for a person
    acknowledged_at  TEXT,
    updated_at       TEXT NOT NULL
) STRICT;
CREATE INDEX notifications_due ON notifications (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX notifications_by_time ON notifications (created_at);

-- What happened to a message, step by step.
CREATE TABLE attempts (
    notification_id TEXT NOT NULL REFERENCES notifications (id),
    number          INTEGER NOT NULL,
    channel         TEXT NOT NULL,
    started_at      TEXT NOT NULL,
    finished_at     TEXT,
    outcome         TEXT,                             -- accepted | rejected | retry | unknown | adopted | absent | resent | undelivered | expired
    code            TEXT,                             -- the provider's error code
    why             TEXT,
    PRIMARY KEY (notification_id, number)
) STRICT;

-- At most one alert for a subject and a day: the key is the promise. step 1 is an escalation, allowed by policy only.
CREATE TABLE claims (
    subject         TEXT NOT NULL,
    day             TEXT NOT NULL,
    step            INTEGER NOT NULL DEFAULT 0 CHECK (step IN (0, 1)),
    severity        TEXT NOT NULL,
    notification_id TEXT NOT NULL REFERENCES notifications (id),
    claimed_at      TEXT NOT NULL,
    PRIMARY KEY (subject, day, step)
) STRICT;

CREATE TABLE decisions (
    id              INTEGER PRIMARY KEY,
    run_id          TEXT REFERENCES runs (id),
    at              TEXT NOT NULL,
    subject         TEXT NOT NULL,
    severity        TEXT NOT NULL,
    day             TEXT NOT NULL,
    action          TEXT NOT NULL CHECK (action IN ('notify', 'suppress')),
    reason          TEXT NOT NULL,
    evidence        TEXT NOT NULL,
    expires_at      TEXT,
    notification_id TEXT REFERENCES notifications (id)
) STRICT;
CREATE INDEX decisions_by_time ON decisions (at);
CREATE INDEX decisions_by_run ON decisions (run_id);

-- The last good reading of an arm, as JSON: what endpoints show, and what is stale when the arm fails.
CREATE TABLE snapshots (
    arm   TEXT PRIMARY KEY,
    at    TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;

-- Each try to read an upstream, one row a pass. Kept two days.
CREATE TABLE upstream_checks (
    upstream TEXT NOT NULL,
    at       TEXT NOT NULL,
    ok       INTEGER NOT NULL,
    why      TEXT,
    PRIMARY KEY (upstream, at)
) STRICT;

-- One row for each provider.
CREATE TABLE budget (
    provider                TEXT PRIMARY KEY CHECK (provider IN ('anthropic', 'groq')),
    source                  TEXT NOT NULL,            -- none | ledger | odometer
    limit_micros            INTEGER,
    used_micros             INTEGER,                  -- NULL: unknown
    spent_today_micros      INTEGER,
    daily_burn_micros       INTEGER,
    period_start            TEXT,
    period_end              TEXT,                     -- inclusive
    health                  TEXT NOT NULL,            -- GOOD | WARNING | CRITICAL | UNKNOWN
    as_of                   TEXT,                     -- when the numbers were true
    why                     TEXT,                     -- why the health is what it is
    refreshed_at            TEXT NOT NULL,
    -- What a person said with POST /usage/update_budget; wins over configuration for the period it was said in.
    override_limit_micros   INTEGER,
    override_used_micros    INTEGER,                  -- spent up to override_at, NULL: only the limit or the period was said
    override_period_start   TEXT,
    override_period_end     TEXT,                     -- inclusive; the last day on which it holds
    override_at             TEXT
) STRICT;

-- LLM sessions, told by POST /usage/record.
CREATE TABLE usage_sessions (
    id            INTEGER PRIMARY KEY,
    at            TEXT NOT NULL,
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    input_tokens  INTEGER NOT NULL CHECK (input_tokens >= 0),
    output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
    cost_micros   INTEGER NOT NULL,
    session_type  TEXT NOT NULL,
    notes         TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX usage_sessions_by_time ON usage_sessions (provider, at);

-- Month-to-date totals that a person read off a provider's console.
CREATE TABLE odometer_readings (
    id           INTEGER PRIMARY KEY,
    provider     TEXT NOT NULL,
    at           TEXT NOT NULL,
    month        TEXT NOT NULL,                       -- YYYY-MM
    value_micros INTEGER NOT NULL CHECK (value_micros >= 0),
    notes        TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX odometer_readings_by_month ON odometer_readings (provider, month, at);
