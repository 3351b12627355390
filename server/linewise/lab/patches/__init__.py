"""Datasets of minimal intent-aligning patches: failing programs and their smallest repairs."""
