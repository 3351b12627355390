-- The weights of categories in a unit's rationale and in those of harmless rewrites of its code, as
-- JSON: how stable explanations are. Of some units only.
CREATE TABLE repetitions (
  unit INTEGER NOT NULL REFERENCES units ON DELETE CASCADE,
  method INTEGER NOT NULL REFERENCES methods,
  weights TEXT NOT NULL,
  UNIQUE (unit, method)
);
