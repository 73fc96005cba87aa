-- Promises that could not be told, in the last pass that looked, and since when. A promise that can be told again has
-- no row. A release that does not know the table says nothing about them.
CREATE TABLE untold (
    subject TEXT PRIMARY KEY,
    since   TEXT NOT NULL                             -- the first pass that could not tell
) STRICT;
