"""Run the command line as ``python -m linewise``."""

from linewise.cli import app

app()
