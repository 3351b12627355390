"""Whether a small model favours shallow syntax, such as indentation, over semantics."""
