UPDATE notifications SET no_longer_so_since = '2026-11-20T18:00:00.000000000Z';
UPDATE attempts SET interrupted = 1;
