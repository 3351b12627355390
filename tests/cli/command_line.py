"""How the tests start the command line, and where."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINEWISE = [sys.executable, "-m", "linewise"]
