"""The outcome of a check as a payload, and pure renderers of it: text, JSON, SARIF, GitHub."""
