"""The laboratory: data, training, evaluation and export of probes. Offline; never imported to score."""
