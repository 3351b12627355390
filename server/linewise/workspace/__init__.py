"""Calibration to a workspace: what its git history and its user's edits say about its lines."""
