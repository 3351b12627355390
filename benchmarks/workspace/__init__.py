"""What keeping statistics of a workspace costs."""
