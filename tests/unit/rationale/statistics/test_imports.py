"""What a background task of the server imports must be light."""

import subprocess
import sys


def test_rationale_arithmetic_imports_nothing_heavy():
    code = (
        "import sys\n"
        "import linewise.rationale.statistics.divergence, linewise.rationale.statistics.entropy\n"
        "import linewise.rationale.faithfulness.units, linewise.rationale.noise.snr\n"
        "import linewise.rationale.noise.reformatting, linewise.rationale.noise.renaming\n"
        "heavy = {'torch', 'transformers', 'onnx', 'sklearn', 'matplotlib', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
