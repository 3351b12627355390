-- What reads code: a converted target model and a probe ('' without one). `statements` names the
-- kinds of statements that its lines are numbered by.
CREATE TABLE readers (
  id INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  identity TEXT NOT NULL,
  probe TEXT NOT NULL,
  statements TEXT NOT NULL,
  UNIQUE (identity, probe, statements)
);

-- How rationales are found: the attribution method, what it is asked, and the shape of its sums.
CREATE TABLE methods (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  target TEXT NOT NULL,
  options TEXT NOT NULL,
  schema TEXT NOT NULL,
  UNIQUE (name, target, options, schema)
);

-- A file below the workspace's root as it was last read. `content` is NULL where it could not be
-- read as Python; then `problem` says why. The four numbers are those of its directory entry.
CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  path BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  content BLOB,
  problem TEXT
);
CREATE INDEX files_by_content ON files (content) WHERE content IS NOT NULL;

-- What a reader made of a unit, by the hash of what it was shown: computed once, wherever the unit
-- stands.
CREATE TABLE units (
  id INTEGER PRIMARY KEY,
  reader INTEGER NOT NULL REFERENCES readers,
  key BLOB NOT NULL,
  tokens INTEGER NOT NULL,
  heads BLOB NOT NULL,
  UNIQUE (reader, key)
);

-- The rationale of a unit, as sums; `control` are those of random rationales of the same sizes.
-- Both are NULL where nothing in the unit can be explained.
CREATE TABLE rationales (
  unit INTEGER NOT NULL REFERENCES units ON DELETE CASCADE,
  method INTEGER NOT NULL REFERENCES methods,
  sums BLOB,
  control BLOB,
  UNIQUE (unit, method)
);

-- A file as a reader read it. It is up to date if its content is that of the file. `length` counts
-- all of its lines, `lines` are those that hold code.
CREATE TABLE readings (
  id INTEGER PRIMARY KEY,
  file INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
  reader INTEGER NOT NULL REFERENCES readers,
  content BLOB NOT NULL,
  length INTEGER NOT NULL,
  lines BLOB NOT NULL,
  UNIQUE (file, reader)
);

-- Where units stand in a reading, in order; lines are 0-based and inclusive.
CREATE TABLE placements (
  reading INTEGER NOT NULL REFERENCES readings ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  unit INTEGER NOT NULL REFERENCES units,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  first_line INTEGER NOT NULL,
  last_line INTEGER NOT NULL,
  PRIMARY KEY (reading, ordinal)
) WITHOUT ROWID;
CREATE INDEX placements_by_unit ON placements (unit);
