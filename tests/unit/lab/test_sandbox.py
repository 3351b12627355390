"""The sandbox against programs that try each of its limits."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from linewise.lab.sandbox import Isolation, Limits, Sandbox, SandboxError, Status, Suite, namespaces

SUITE = Suite("func", ("assert f(2) == 4", "assert f(3) == 9"), ("f",))
RIGHT = "def f(x):\n    return x * x\n"
ISOLATIONS = [Isolation.LIMITS, *([Isolation.NAMESPACES] if namespaces() else [])]
LIMITS = Limits(cpu_seconds=2, wall_seconds=6)


@pytest.fixture(scope="module", params=ISOLATIONS)
def sandbox(request):
    with Sandbox(isolation=request.param) as made:
        yield made


@pytest.fixture(scope="module", params=ISOLATIONS)
def unguarded(request):
    """The kernel's limits alone, without the audit hook."""
    with Sandbox(isolation=request.param, guarded=False) as made:
        yield made


def body(text):
    return "def f(x):\n" + "".join(f"    {line}\n" for line in text.splitlines())


def test_a_right_program_passes_and_a_wrong_one_says_why(sandbox):
    assert sandbox.run(RIGHT, SUITE).passed
    wrong = sandbox.run("def f(x):\n    return 2 * x\n", SUITE)
    assert (wrong.status, wrong.error_class) == (Status.FAILED, "AssertionError")
    raised = sandbox.run("def f(x):\n    return x / 0\n", SUITE)
    assert (raised.error_class, raised.message) == ("ZeroDivisionError", "division by zero")
    assert sandbox.run("def f(x:\n", SUITE).error_class == "SyntaxError"
    hinted = "def f(x: List) -> int:\n    return x * x\n"
    assert sandbox.run(hinted, SUITE).error_class == "NameError"
    assert sandbox.run("def g(x):\n    return x * x\n", SUITE).error_class == "NameError"


def test_an_entry_point_may_have_another_name(sandbox):
    suite = Suite("func", SUITE.tests, ("f", "g"))
    assert sandbox.run("def g(x):\n    return x * x\n", suite).passed


def test_unittest_cases(sandbox):
    tests = (
        "import unittest\n"
        "class T(unittest.TestCase):\n"
        "    def test(self):\n"
        "        self.assertEqual(C().n, 1)\n"
    )
    suite = Suite("class", (tests,))
    assert sandbox.run("class C:\n    n = 1\n", suite).passed
    assert sandbox.run("class C:\n    n = 2\n", suite).error_class == "AssertionError"
    assert sandbox.run("class C:\n    n = 1\n", Suite("class", ("x = 1",))).error_class == (
        "LookupError"
    )


def test_programs_that_read_standard_input(sandbox):
    suite = Suite("stdin", ("n = {'input': lambda: '3'}\nexec(PROGRAM, n)\nassert n['x'] == 3",))
    assert sandbox.run("x = int(input())", suite).passed
    assert not sandbox.run("x = 4", suite).passed


@pytest.mark.parametrize(
    "text",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "import signal\nsignal.setitimer(signal.ITIMER_PROF, 0)\nwhile True: pass",
    ],
)
def test_endless_work_is_ended(unguarded, text):
    outcome = unguarded.run(body(text), SUITE, Limits(cpu_seconds=0.3, wall_seconds=30))
    assert (outcome.status, outcome.message) == (Status.TIMED_OUT, "processor time")
    assert outcome.seconds < 10
    assert unguarded.run(RIGHT, SUITE).passed


def test_endless_waiting_is_ended(sandbox):
    started = time.monotonic()
    outcome = sandbox.run(
        body("import time\ntime.sleep(600)"), SUITE, Limits(cpu_seconds=5, wall_seconds=0.5)
    )
    assert (outcome.status, outcome.message) == (Status.TIMED_OUT, "wall clock")
    assert time.monotonic() - started < 20


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
def test_memory_is_limited(unguarded):
    limits = Limits(memory_bytes=64 << 20)
    outcome = unguarded.run(body("return len('x' * (1 << 30))"), SUITE, limits)
    assert (outcome.status, outcome.message) == (Status.KILLED, "memory")


def test_files_are_limited(unguarded):
    text = "with open('big', 'wb') as file:\n    file.write(bytes(1 << 20))\nreturn x * x"
    refused = unguarded.run(body(text), SUITE, Limits(file_bytes=1 << 16))
    assert (refused.status, refused.message) == (Status.KILLED, "file size")
    assert unguarded.run(body(text), SUITE, Limits(file_bytes=1 << 21)).passed


BOMB = "import os\nfor _ in range(50):\n    if os.fork() == 0:\n        while True: os.fork()"


def test_a_fork_bomb_starts_no_process(unguarded):
    outcome = unguarded.run(body(BOMB), SUITE, LIMITS)
    assert (outcome.status, outcome.error_class) == (Status.FAILED, "BlockingIOError")
    threads = "import threading\nthreading.Thread(target=print).start()"
    assert unguarded.run(body(threads), SUITE, LIMITS).error_class == "RuntimeError"


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.system('true')",
        "import os\nos.kill(os.getppid(), 9)",
        "import socket\nsocket.socket()",
        "import ctypes\nctypes.CDLL(None)",
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (99, 99))",
    ],
)
def test_the_hook_refuses(sandbox, text):
    assert sandbox.run(body(text), SUITE, LIMITS).error_class == "PermissionError"
    assert sandbox.run(RIGHT, SUITE).passed


def test_no_network(sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        accepted = []
        server.settimeout(0.2)
        text = body(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 5)")
        assert not sandbox.run(text, SUITE, LIMITS).passed
        with pytest.raises(TimeoutError):
            accepted.append(server.accept())


@pytest.mark.skipif(not namespaces(), reason="namespaces are refused here")
def test_a_namespace_has_no_network_even_without_the_hook():
    with socket.create_server(("127.0.0.1", 0)) as server, Sandbox(guarded=False) as sandbox:
        assert sandbox.isolation is Isolation.NAMESPACES
        text = f"import socket\nsocket.create_connection(('127.0.0.1', {server.getsockname()[1]}))"
        assert sandbox.run(body(text), SUITE, LIMITS).error_class == "OSError"


def test_other_files_are_not_changed(sandbox, tmp_path):
    os.chmod(tmp_path, 0o777)  # noqa: PTH101
    target = tmp_path / "file"
    target.write_text("mine")
    target.chmod(0o666)
    path = str(target)
    for text in (
        f"open({path!r}, 'w')",
        f"import os\nos.remove({path!r})",
        f"import os\nos.rename({path!r}, 'here')",
        f"import sqlite3\nsqlite3.connect({str(tmp_path / 'new')!r})",
        f"import os\nos.symlink({path!r}, 'link')\nopen('link', 'w')",
    ):
        assert sandbox.run(body(text), SUITE, LIMITS).error_class == "PermissionError", text
    assert target.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up its user id")
def test_root_gives_up_its_user_id(unguarded, tmp_path):
    tmp_path.chmod(0o755)
    target = tmp_path / "file"
    assert unguarded.run(body("import os\nassert os.getuid() > 60000\nreturn x * x"), SUITE).passed
    outcome = unguarded.run(body(f"open({str(target)!r}, 'w')"), SUITE)
    assert outcome.error_class == "PermissionError"


def test_a_program_starts_with_an_empty_folder_of_its_own(sandbox):
    text = "import os\nassert os.listdir('.') == []\nopen('left', 'w').close()\nreturn x * x"
    suite = Suite("func", ("assert f(2) == 4",))
    assert sandbox.run(body(text), suite).passed
    assert sandbox.run(body(text), suite).passed


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("import os\nos._exit(0)", "Exit"),
        ("raise SystemExit(0)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import sys\nsys.exit(0)", "SystemExit"),
        ("class E(Exception):\n    def __str__(self): raise SystemExit\nraise E", "E"),
        ("return f(x)", "RecursionError"),
    ],
)
def test_leaving_early_is_no_pass(sandbox, text, error):
    assert sandbox.run(body(text), SUITE, LIMITS).error_class == error


def test_floods_of_output_go_nowhere(sandbox):
    text = "for _ in range(200): print('x' * 100000)\nreturn x * x"
    assert sandbox.run(body(text), SUITE).passed


def test_a_crash_of_the_interpreter_is_an_outcome(unguarded):
    outcome = unguarded.run(body("import os\nos.abort()"), SUITE)
    assert (outcome.error_class, outcome.message) == ("Crash", "SIGABRT")


def test_a_lost_worker_is_replaced():
    with Sandbox(isolation=Isolation.LIMITS) as sandbox:
        assert sandbox.run(RIGHT, SUITE).passed
        sandbox._worker.kill()
        sandbox._worker.wait()
        assert sandbox.run(RIGHT, SUITE).status is Status.KILLED
        assert sandbox.run(RIGHT, SUITE).passed


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/true"])
def test_an_interpreter_that_is_none(python):
    with (
        Sandbox(Path(python), Isolation.LIMITS) as sandbox,
        pytest.raises(SandboxError, match="--python"),
    ):
        sandbox.run(RIGHT, SUITE)


def test_nothing_is_left_behind(tmp_path):
    before = threading.active_count()
    with Sandbox() as sandbox:
        sandbox.run(RIGHT, SUITE)
        worker = sandbox._worker
    assert worker.poll() is not None
    assert threading.active_count() == before
    assert subprocess.run(["true"], check=True).returncode == 0
