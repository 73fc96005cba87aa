-- A row in every table that version 2 added.
INSERT INTO lineage (id, generation, nonce, saved_at, saved, saved_bytes) VALUES
    (1, 4, 'nonce', '2026-11-20T18:00:02.000000000Z', 4, 12345);
INSERT INTO durable_writes VALUES (1, 77);
INSERT INTO verified_generations VALUES (3, '2026-11-20T18:00:02.000000000Z', NULL);
INSERT INTO silences (id, kind, pattern, starts_at, ends_at, author, created_at) VALUES
    ('silence', 'silence', 'goal:*', '2026-11-20T18:00:00.000000000Z', '2026-11-20T20:00:00.000000000Z', 'laptop',
     '2026-11-20T18:00:00.000000000Z');
INSERT INTO broken_channels VALUES
    ('sms', '2026-11-20T18:00:00.000000000Z', '2026-11-20T18:00:00.000000000Z', '2026-11-20T19:00:00.000000000Z', 0, '30034',
     'the sender is not registered');
INSERT INTO imports VALUES ('usage_sessions', '3', 'usage_sessions/3', '2026-11-20T18:00:00.000000000Z');
INSERT INTO reconciliations (id, provider, at, day, before_micros, after_micros) VALUES
    (5, 'groq', '2026-11-20T18:00:00.000000000Z', '2026-11-20', 1200000, 1300000);
