-- The name of each goal at its last reading. What was said about a goal is kept by its name, as subject; this table
-- tells when a goal has another name, so that what was said goes with it. A release that does not know the table
-- takes a renamed goal for another one.
CREATE TABLE goal_names (
    goal TEXT PRIMARY KEY,                           -- the goal's id
    slug TEXT NOT NULL                               -- its id again once another goal has its name
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO goal_names (goal, slug)
    SELECT json_extract(shown, '$.id'), json_extract(shown, '$.slug')
      FROM (SELECT CASE WHEN goal.type = 'object' THEN goal.value ELSE '{}' END AS shown
              FROM snapshots,
                   json_each(CASE WHEN json_valid(snapshots.value) THEN snapshots.value ELSE '{}' END, '$.goals') AS goal
             WHERE arm = 'beeminder')
     WHERE json_type(shown, '$.id') = 'text' AND json_type(shown, '$.slug') = 'text';
