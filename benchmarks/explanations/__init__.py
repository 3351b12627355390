"""How far explanations can be trusted, measured on real code."""
