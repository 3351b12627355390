"""What every start of the command line costs and says."""

import subprocess
import sys

import pytest
from command_line import SESSION

from linewise import __version__

HEAVY = {"torch", "transformers", "onnxruntime", "onnx", "sklearn", "numpy", "tokenizers", "pygls"}


def test_version(linewise):
    result = linewise("--version")
    assert result.stdout.decode() == f"linewise {__version__}\n"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "check",
        "explain",
        "calibrate",
        "serve",
        "models",
        "models pull",
        "models info",
        "doctor",
    ],
)
def test_help_explains_each_command_and_option(linewise, command):
    result = linewise(*command.split(), "--help", COLUMNS="100")
    assert result.returncode == 0
    assert "Usage:" in result.stdout.decode()


def test_help_names_the_commands_and_exit_codes(linewise):
    shown = linewise("--help", COLUMNS="100").stdout.decode()
    assert all(name in shown for name in ("check", "calibrate", "serve", "models", "doctor"))
    assert "Exit codes:" in linewise("check", "--help", COLUMNS="100").stdout.decode()


def test_nothing_heavy_is_imported_before_a_command_runs():
    code = f"import sys, linewise.cli; print(sorted({HEAVY} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.strip() == b"[]"


def test_the_server_starts_without_the_runtime():
    unwanted = HEAVY - {"pygls", "numpy"}
    code = f"import sys, linewise.lsp.server; print(sorted({unwanted} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.strip() == b"[]"


@pytest.mark.parametrize("arguments", [["serve"], ["serve", "--stdio"]])
def test_initialize_waits_for_nothing_but_the_protocol(arguments):
    libraries = {"matplotlib", "scipy", "pyflakes", "textblob", "jinja2", "sqlite3", "tree_sitter"}
    command_line = {"typer", "click", "pydantic", "rich"}
    unwanted = (HEAVY - {"pygls"}) | libraries | command_line
    code = f"""
import sys
from linewise.__main__ import main
sys.argv[1:] = {arguments}
try:
    main()
except SystemExit as ended:
    print(ended.code, sorted({unwanted} & set(sys.modules)), file=sys.stderr)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], input=SESSION, capture_output=True, check=True
    )
    assert b"codeActionProvider" in result.stdout
    assert result.stderr.splitlines()[-1] == b"0 []"


def test_a_scan_of_what_did_not_change_loads_no_model(linewise, tmp_path):
    (tmp_path / "a.py").write_text("def f(x):\n    return x + 1\n")
    for loads in (True, False):
        result = linewise("scan", tmp_path, PYTHONPROFILEIMPORTTIME="1")
        imported = {line.split("|")[-1].strip() for line in result.stderr.decode().splitlines()}
        assert result.returncode == 0
        assert bool(imported & {"onnxruntime", "tokenizers"}) == loads
