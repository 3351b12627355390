"""The workspace report: what a scan found, as one page, as text, and as tables."""
