"""Ctrl-C: one line and 130, wherever it strikes."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from command_line import HELLO, LINEWISE

# A test run that a shell put into the background was told to ignore interrupts.
INTERRUPTIBLE = ["env", "--default-signal=INT", *LINEWISE]
STRIKE = "__import__('signal').raise_signal(2)"
CAUGHT = f"try:\n    {STRIKE}\nexcept BaseException:\n    raise "
STRIKES = {
    "as it comes": STRIKE,
    "in source given as text": f"exec({STRIKE!r})",
    "turned into another error": CAUGHT + "ImportError from None",
    "turned into an exit": CAUGHT + "SystemExit(1) from None",
}
IMPORTS = [
    ("typer", ["--help"]),
    ("numpy", ["lab", "evaluate"]),
    ("numpy", ["check", "-"]),
    ("pygls", ["serve"]),
]


@pytest.fixture
def start(environment):
    started = []

    def start(*arguments, **variables):
        process = subprocess.Popen(
            [*INTERRUPTIBLE, *arguments],
            env=environment | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("strike", STRIKES.values(), ids=STRIKES)
@pytest.mark.parametrize(("module", "arguments"), IMPORTS, ids=lambda each: "".join(each[:1]))
def test_while_something_is_imported(start, tmp_path, module, arguments, strike):
    (tmp_path / f"{module}.py").write_text(strike)
    process = start(*arguments, PYTHONPATH=str(tmp_path))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"linewise: interrupted\n")


def test_while_a_command_runs(start):
    process = start("check", "-")
    # It loads the model, then waits for standard input.
    while "pipe_read" not in Path(f"/proc/{process.pid}/wchan").read_text():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"linewise: interrupted\n")


def test_while_the_server_waits_for_its_client(start):
    process = start("serve")
    process.stdin.write(HELLO)
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"Content-Length")
    process.send_signal(signal.SIGINT)
    # Its input stays open, as that of a terminal does.
    assert process.wait(timeout=60) == 130
    assert process.stderr.read() == b"linewise: interrupted\n"


def test_a_process_told_to_ignore_interrupts_goes_on(environment, tmp_path):
    (tmp_path / "numpy.py").write_text(f"{STRIKE}; raise SystemExit(7)")
    process = subprocess.run(
        ["env", "--ignore-signal=INT", *LINEWISE, "lab", "evaluate"],
        env=environment | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (process.returncode, process.stderr) == (7, b"")
