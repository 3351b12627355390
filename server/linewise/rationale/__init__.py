"""Code rationales: what a probability or a prediction rests on, token by token."""
