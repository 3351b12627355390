"""Whether a rationale holds what the model used: deletion tests against random rationales."""
