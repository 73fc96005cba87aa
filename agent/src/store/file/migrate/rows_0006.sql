INSERT INTO goal_names VALUES ('g1', 'reading');
