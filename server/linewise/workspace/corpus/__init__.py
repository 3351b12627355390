"""Corpora: many repositories read into Parquet, partition by partition, here or on a cluster."""
