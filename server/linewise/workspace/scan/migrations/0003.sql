-- What a workspace's statistics were at a commit, as JSON: its trend. `dirty` where files differed
-- from the commit; such a row gives way to one of the commit itself.
CREATE TABLE snapshots (
  reader INTEGER NOT NULL REFERENCES readers,
  hash TEXT NOT NULL,
  committed INTEGER NOT NULL,
  dirty INTEGER NOT NULL,
  figures TEXT NOT NULL,
  UNIQUE (reader, hash)
);
