"""From weights of tokens to categories, groups and distributions, with intervals and controls."""
