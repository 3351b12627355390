-- The rationales of a file's units added up, so that statistics cost what changed since the last
-- ones. `explained` counts the units they were made of. They go with the reading.
CREATE TABLE totals (
  reading INTEGER NOT NULL REFERENCES readings ON DELETE CASCADE,
  method INTEGER NOT NULL REFERENCES methods,
  explained INTEGER NOT NULL,
  sums BLOB NOT NULL,
  control BLOB NOT NULL,
  UNIQUE (reading, method)
);
