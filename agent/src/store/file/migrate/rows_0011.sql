UPDATE usage_sessions SET cache_write_tokens = 17355, cache_read_tokens = 16549, priced_by = 'listed',
       priced_as = 'claude-sonnet-4', request_id = 'req_1', billed = 0;
