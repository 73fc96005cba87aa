-- A row in every table of version 1.
INSERT INTO runs VALUES ('run', '2026-11-20T18:00:00.000000000Z', '2026-11-20T18:00:01.000000000Z', 'cli', 'done', 1, 0, 1, '{}');
INSERT INTO notifications VALUES
    ('message', 'run', '2026-11-20T18:00:00.000000000Z', 'WARNING', '["walk"]', 'walk', '#abcde', NULL, 'delivered', 'sms', 0, 1,
     NULL, NULL, 'SM1', '2026-11-20T18:00:01.000000000Z', NULL, '2026-11-20T19:00:00.000000000Z', '2026-11-20T18:00:09.000000000Z');
INSERT INTO attempts VALUES
    ('message', 1, 'sms', '2026-11-20T18:00:00.000000000Z', '2026-11-20T18:00:01.000000000Z', 'accepted', NULL, NULL);
INSERT INTO claims VALUES ('walk', '2026-11-20', 0, 'WARNING', 'message', '2026-11-20T18:00:00.000000000Z');
INSERT INTO decisions VALUES
    (7, 'run', '2026-11-20T18:00:00.000000000Z', 'walk', 'WARNING', '2026-11-20', 'notify', 'first_of_day', 'no walk', NULL, 'message');
INSERT INTO snapshots VALUES ('walk', '2026-11-20T18:00:00.000000000Z', '{}');
INSERT INTO upstream_checks VALUES ('beeminder', '2026-11-20T18:00:00.000000000Z', 1, NULL);
INSERT INTO budget (provider, source, limit_micros, used_micros, health, refreshed_at) VALUES
    ('groq', 'odometer', 5000000, 1200000, 'GOOD', '2026-11-20T18:00:00.000000000Z');
INSERT INTO usage_sessions VALUES
    (3, '2026-11-20T18:00:00.000000000Z', 'anthropic', 'claude-sonnet-4-5', 1000, 500, 10500, 'interactive', '');
INSERT INTO odometer_readings VALUES (2, 'groq', '2026-11-20T18:00:00.000000000Z', '2026-11', 1200000, 'console');
