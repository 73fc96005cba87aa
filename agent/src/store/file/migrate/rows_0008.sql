INSERT INTO forewarned (silence_id, subject, occasion, derails_at, stake_micros, told_at, notification_id)
    SELECT id, 'goal:reading', '2026-11-25', '2026-11-26T04:59:59.000000000Z', 5000000, '2026-11-20T18:00:00.000000000Z',
           (SELECT min(id) FROM notifications)
      FROM silences LIMIT 1;
