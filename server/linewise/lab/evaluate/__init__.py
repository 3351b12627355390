"""Evaluation: metrics, their intervals, tables and diagrams, from predictions alone."""
