"""The laboratory: data, training, evaluation and export of probes. Never imported to score."""
