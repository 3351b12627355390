"""What a probe must beat: methods that need no activations, on the same splits, in one table."""
