"""Makes `rationale_units` importable: tests are imported by path, their folders are not."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
