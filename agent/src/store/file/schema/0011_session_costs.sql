-- What a session used beside plain input and output, under which conditions, and how its cost is known.
ALTER TABLE usage_sessions ADD COLUMN cache_write_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_tokens >= 0);
ALTER TABLE usage_sessions ADD COLUMN cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_1h_tokens >= 0);
ALTER TABLE usage_sessions ADD COLUMN cache_read_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_read_tokens >= 0);
ALTER TABLE usage_sessions ADD COLUMN web_searches INTEGER NOT NULL DEFAULT 0 CHECK (web_searches >= 0);
ALTER TABLE usage_sessions ADD COLUMN speed TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE usage_sessions ADD COLUMN service_tier TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_sessions ADD COLUMN inference_geo TEXT NOT NULL DEFAULT '';
-- NULL: a session of before, or from the Python system.
ALTER TABLE usage_sessions ADD COLUMN priced_by TEXT;
-- The model whose line of the table of prices counted. NULL: no line did.
ALTER TABLE usage_sessions ADD COLUMN priced_as TEXT;
-- What the provider calls the request. The same request is recorded once.
ALTER TABLE usage_sessions ADD COLUMN request_id TEXT;
-- 0: nobody is billed for it, as within a plan. Its cost is not part of any budget.
ALTER TABLE usage_sessions ADD COLUMN billed INTEGER NOT NULL DEFAULT 1 CHECK (billed IN (0, 1));
CREATE UNIQUE INDEX usage_sessions_by_request ON usage_sessions (provider, request_id) WHERE request_id IS NOT NULL;
