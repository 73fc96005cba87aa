INSERT INTO steps VALUES ('walk', '2026-11-20', 'last', 'WARNING', 'message', '2026-11-20T18:00:00.000000000Z');
