"""Statistics of a whole workspace: which files, what is read in them, and what is kept of it."""
