INSERT INTO entries (goal, datapoint, day, entered_at, value, dummy, derail, gone_at) VALUES
    ('reading', 'p1', '2026-11-20', '2026-11-20T18:00:00.000000000Z', 2.5, 0, 0, '2026-11-20T19:00:00.000000000Z');
INSERT INTO readings (goal, at, state, lost, safebuf, losedate, deadline, value, pledge_micros, entered) VALUES
    ('reading', '2026-11-20T18:00:00.000000000Z', 'active', 0, 1, '2026-11-22T05:00:00.000000000Z', 0, 12.5, 5000000, 'a');
INSERT INTO entry_histories (goal, tries, tried_at, read_at) VALUES
    ('reading', 1, '2026-11-20T18:00:00.000000000Z', '2026-11-20T18:00:00.000000000Z');
