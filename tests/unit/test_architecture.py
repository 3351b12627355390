"""The invariants of ARCHITECTURE.md."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import linewise

PACKAGE = Path(linewise.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path, *, top_level_only=False):
    tree = ast.parse(path.read_text("utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def within(path, *places):
    relative = path.relative_to(PACKAGE).as_posix()
    return any(relative == place or relative.startswith(place + "/") for place in places)


def roots(path):
    return {name.split(".")[0] for name in imports(path)}


def test_only_lsp_speaks_the_protocol():
    leaks = [m for m in MODULES if roots(m) & {"pygls", "lsprotocol"} and not within(m, "lsp")]
    assert leaks == []


def test_analysis_is_pure():
    allowed = ("linewise.analysis", "linewise.results", "linewise.settings")
    effects = {"os", "io", "pathlib", "socket", "subprocess", "shutil", "tempfile", "threading"}
    for module in (PACKAGE / "analysis").rglob("*.py"):
        names = set(imports(module))
        assert not {name.split(".")[0] for name in names} & effects, module
        ours = {name for name in names if name.startswith("linewise")}
        assert all(name.startswith(allowed) for name in ours), module
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(module.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"open", "print", "input"}, module


def test_torch_stays_in_its_places():
    heavy = {"torch", "transformers", "sklearn", "onnx", "onnxscript", "accelerate", "gguf"}
    users = {m.relative_to(PACKAGE).as_posix() for m in MODULES if roots(m) & heavy}
    outside = {name for name in users if not name.startswith(("lab/", "models/"))}
    assert outside == set()


@pytest.mark.parametrize("module", ["linewise.lsp.server", "linewise.cli", "linewise.engine"])
def test_scoring_never_imports_torch(module):
    heavy = "{'torch', 'transformers', 'onnx', 'sklearn'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_one_input_builder_and_one_selection():
    builders = [m for m in MODULES if "build_inputs(" in m.read_text("utf-8")]
    assert builders == [PACKAGE / "analysis" / "model_input.py"]
    definitions = [m for m in MODULES if "def select_findings(" in m.read_text("utf-8")]
    assert definitions == [PACKAGE / "analysis" / "findings.py"]
    thresholds = [
        m
        for m in MODULES
        if "max_findings_per_file]" in m.read_text("utf-8") and not within(m, "analysis")
    ]
    assert thresholds == []


def test_checking_opens_no_socket(tmp_path):
    target = tmp_path / "a.py"
    target.write_text("def f(x):\n    return x + 1\n")
    code = (
        "import sys\n"
        "def refuse(event, args):\n"
        "    if event in ('socket.connect', 'socket.bind', 'socket.getaddrinfo'):\n"
        "        raise SystemExit('a socket was used: ' + event)\n"
        "sys.addaudithook(refuse)\n"
        f"sys.argv = ['linewise', 'check', {str(target)!r}]\n"
        "from linewise.cli import app\n"
        "app()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def caught(node):
    """The names of what a handler catches or a call of `suppress` suppresses."""
    if isinstance(node, ast.ExceptHandler):
        kinds = [node.type] if node.type is not None else [ast.Name("BaseException")]
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        kinds = node.args
    else:
        return set()
    return {each.id for kind in kinds for each in ast.walk(kind) if isinstance(each, ast.Name)}


def swallows(node):
    """Whether whatever is raised goes in there and nobody hears of it."""
    if not caught(node) & {"Exception", "BaseException"}:
        return False
    inside = [each for part in getattr(node, "body", ()) for each in ast.walk(part)]
    raised = any(isinstance(each, ast.Raise) for each in inside)
    said = any(isinstance(each, ast.Name) and each.id == node.name for each in inside)
    return not (raised or said)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("try: f()\nexcept: pass", True),
        ("try: f()\nexcept Exception: return_nothing()", True),
        ("try: f()\nexcept (OSError, Exception) as error: pass", True),
        ("with suppress(Exception): f()", True),
        ("with contextlib.suppress(ValueError, BaseException): f()", True),
        ("try: f()\nexcept Exception as error: log(error)", False),
        ("try: f()\nexcept Exception as error: raise Wrong from error", False),
        ("try: f()\nexcept BaseException:\n    close()\n    raise", False),
        ("try: f()\nexcept OSError: pass", False),
        ("with suppress(OSError): f()", False),
    ],
)
def test_what_swallows(code, expected):
    assert any(map(swallows, ast.walk(ast.parse(code)))) is expected


def test_no_exception_is_swallowed():
    places = [
        f"{module.relative_to(PACKAGE)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if swallows(node)
    ]
    assert places == []


def test_no_pickle():
    for module in MODULES:
        assert not roots(module) & {"pickle", "joblib", "dill", "shelve", "marshal"}, module
        assert "allow_pickle=True" not in module.read_text("utf-8"), module
