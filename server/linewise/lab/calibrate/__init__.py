"""Fitting what turns a score into a probability that holds, here and elsewhere."""
