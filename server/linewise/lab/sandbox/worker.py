"""The process inside the sandbox: forks one child per program and reports how its tests went.

A script of the standard library alone, so that any interpreter can run it, with other packages
than the laboratory's. It imports what tests usually import once; a child starts with all of that in
a few milliseconds. One job per line of standard input, one result per line of standard output, both
JSON objects. Two walls hold a child: the kernel's (its own user id, resource limits, the namespaces
the worker was started in) and an audit hook, which also holds where the kernel's are not to be had.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import types
from contextlib import suppress
from functools import lru_cache
from typing import Any

_PRELOADED = (
    *("bisect", "collections", "copy", "csv", "datetime", "decimal", "fractions", "functools"),
    *("heapq", "io", "itertools", "json", "logging", "math", "numpy", "operator", "random", "re"),
    *("sqlite3", "statistics", "string", "typing", "unittest.mock"),
)
_MAX_REPORT = 1 << 16
_MAX_MESSAGE = 400
_UNPRIVILEGED = 61_000
"""The first of the user ids for children: one per worker, so that none sees another's."""
_DENIED = frozenset(
    {
        *("os.fork", "os.forkpty", "os.system", "os.exec", "os.posix_spawn", "os.spawn"),
        *("os.kill", "os.killpg", "os.setxattr", "os.chown", "pty.spawn", "signal.pthread_kill"),
        *("subprocess.Popen", "resource.setrlimit", "resource.prlimit"),
        *("sqlite3.enable_load_extension", "sqlite3.load_extension"),
    }
)
_DENIED_FAMILIES = ("socket.", "ctypes.", "syslog.", "ftplib.", "http.client.", "urllib.")
_CHANGES_PATHS = frozenset(
    {
        *("os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"),
        *("os.truncate", "os.utime", "shutil.rmtree", "shutil.move", "sqlite3.connect"),
    }
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Serve jobs until standard input ends."""
    kept = _hold_import_path() if os.geteuid() == 0 else frozenset()
    for name in _PRELOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # Children share these pages instead of copying them when they collect.
    base = tempfile.mkdtemp(prefix="linewise-sandbox-")
    os.chmod(base, 0o711)  # noqa: S103, PTH101 - children pass through it; they cannot list it
    answers = os.fdopen(os.dup(1), "wb")
    try:
        answers.write(b"ready\n")
        answers.flush()
        for line in sys.stdin.buffer:
            answers.write(json.dumps(run(json.loads(line), base, kept)).encode() + b"\n")
            answers.flush()
    finally:
        shutil.rmtree(base, ignore_errors=True)


def run(job: dict[str, Any], base: str, kept: frozenset[int]) -> dict[str, Any]:
    """Run a job in a child process; returns the fields of an ``Outcome``.

    The child keeps the descriptors ``kept``.
    """
    suite = [_compiled(tests) for tests in job["tests"]]
    folder = os.path.join(base, "program")  # noqa: PTH118 - pathlib is slower to no end here
    os.mkdir(folder, 0o700)  # noqa: PTH102
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _confine(job, folder, kept | {writing})
            report = _judge(job, suite)
            os.write(writing, json.dumps(report).encode())
        finally:
            os._exit(0)
    os.close(writing)
    try:
        said, in_time = _listen(reading, child, job["wall_seconds"])
    finally:
        os.close(reading)
        _end(child)
    _, status, used = os.wait4(child, 0)
    _reap()
    shutil.rmtree(folder, ignore_errors=True)
    code, seconds = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
    if not said and seconds >= job["cpu_seconds"]:
        code = -signal.SIGXCPU  # Whichever of the two limits ended it.
    return {**_outcome(said, in_time, code), "seconds": seconds}


def _listen(reading: int, child: int, seconds: float) -> tuple[bytes, bool]:
    """Return what the child said, and whether it ended in time.

    Time that it spent ready to run, but waiting for a processor, is not held against it: on a busy
    machine right programs would fail.
    """
    started, waited, said = time.monotonic(), 0.0, b""
    while (left := seconds + waited - (time.monotonic() - started)) > 0:
        if select.select([reading], [], [], left)[0]:
            piece = os.read(reading, _MAX_REPORT)
            said += piece
            if not piece or len(said) > _MAX_REPORT:
                return said, True
        else:
            waited = _waited(child)
    return said, False


def _waited(process: int) -> float:
    """Return the seconds a process was ready to run but did not, as far as the kernel says."""
    try:
        with open(f"/proc/{process}/schedstat", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _end(child: int) -> None:
    """Kill the child and, where this process is the first of its namespace, all it left behind."""
    os.kill(child, signal.SIGKILL)
    if os.getpid() == 1:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _outcome(said: bytes, in_time: bool, code: int) -> dict[str, Any]:
    if not in_time:
        return {"status": "timed out", "error_class": "Timeout", "message": "wall clock"}
    if code in (-signal.SIGXCPU, -signal.SIGPROF):
        return {"status": "timed out", "error_class": "Timeout", "message": "processor time"}
    try:
        report = json.loads(said)
        return {key: str(report[key]) for key in ("status", "error_class", "message")}
    except (ValueError, TypeError, KeyError):
        pass
    if code < 0 and code != -signal.SIGKILL:
        name = signal.Signals(-code).name
        return {"status": "failed", "error_class": "Crash", "message": name}
    # The end without a report, whatever the exit code: a program that leaves has not passed.
    return {"status": "failed", "error_class": "Exit", "message": "ended before its tests did"}


def _hold_import_path() -> frozenset[int]:
    """Make modules importable by a user who may not enter the folder the interpreter lies in.

    Root's interpreters often lie in root's home. An open folder can be passed through by its
    descriptor, which shows nothing of the folders above it.
    """
    held: dict[str, str] = {}
    kept = set()
    for entry in sys.path:
        if os.path.isdir(entry) and os.path.isdir("/proc/self/fd"):  # noqa: PTH112
            descriptor = os.open(entry, os.O_RDONLY | os.O_DIRECTORY)
            kept.add(descriptor)
            held[entry] = f"/proc/self/fd/{descriptor}"
    sys.path[:] = [held.get(entry, entry) for entry in sys.path]
    for module in list(sys.modules.values()):
        if isinstance(paths := getattr(module, "__path__", None), list):
            for number, path in enumerate(paths):
                # The innermost entry: site-packages lies within the library's folder.
                for entry in sorted(held, key=len, reverse=True):
                    if path.startswith(entry + os.sep):
                        paths[number] = held[entry] + path[len(entry) :]
                        break
    return frozenset(kept)


def _confine(job: dict[str, Any], folder: str, kept: frozenset[int]) -> None:
    """Give up everything a program does not need, descriptors other than ``kept`` included."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    for descriptor in set(range(3, 256)) - kept:
        with suppress(OSError):
            os.close(descriptor)
    os.setsid()
    if os.geteuid() == 0:
        user = _UNPRIVILEGED + os.getppid() % 1_000
        with suppress(OSError):  # Refused where root is root of a user namespace only.
            os.chown(folder, user, user)
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
    os.chdir(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = folder
    tempfile.tempdir = folder
    sys.dont_write_bytecode = True
    _limit(job)
    if job["guarded"]:
        sys.addaudithook(_guard(os.path.realpath(folder)))


def _limit(job: dict[str, Any]) -> None:
    import resource  # Not on Windows.

    seconds = job["cpu_seconds"]
    # The timer ends a program at a fraction of a second, the limit one that disarms the timer.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    hard = int(seconds) + 2
    for kind, value in (
        ("RLIMIT_CPU", hard),
        ("RLIMIT_AS", _address_space() + job["memory_bytes"]),
        ("RLIMIT_FSIZE", job["file_bytes"]),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_NPROC", job["processes"]),
        ("RLIMIT_CORE", 0),
    ):
        number = getattr(resource, kind, None)
        if number is not None:
            with suppress(ValueError, OSError):
                resource.setrlimit(number, (value, value))


def _address_space() -> int:
    """Return the bytes this process has mapped already; where that is unknown, a generous guess."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1 << 32


def _guard(folder: str) -> Any:
    """Return an audit hook that refuses networks, processes and changes outside ``folder``."""

    def outside(path: Any) -> bool:
        if not isinstance(path, (str, bytes)) or path in (os.devnull, ":memory:", ""):
            return False
        real = os.path.realpath(os.fsdecode(path))
        return real != folder and not real.startswith(folder + os.sep)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            refused = isinstance(flags, int) and bool(flags & _WRITES) and outside(path)
        elif event in _CHANGES_PATHS:
            refused = any(outside(argument) for argument in arguments)
        else:
            refused = event in _DENIED or event.startswith(_DENIED_FAMILIES)
        if refused:
            raise PermissionError(f"the sandbox refuses {event}")

    return hook


@lru_cache(maxsize=256)
def _compiled(tests: str) -> types.CodeType:
    return compile(tests, "<tests>", "exec", dont_inherit=True)


def _judge(job: dict[str, Any], suite: list[types.CodeType]) -> dict[str, Any]:
    import errno
    import random

    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    try:
        program = job["program"]
        # Not with this file's own `from __future__`: annotations are evaluated, as written.
        stdin = job["kind"] == "stdin"
        code = None if stdin else compile(program, "<program>", "exec", dont_inherit=True)
        for tests in suite:
            _run_tests(job, code, tests)
    except MemoryError:
        return {"status": "killed by limit", "error_class": "MemoryError", "message": "memory"}
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its outcome
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            return {"status": "killed by limit", "error_class": "OSError", "message": "file size"}
        return {"status": "failed", "error_class": type(error).__name__, "message": _said(error)}
    return {"status": "passed", "error_class": "", "message": ""}


def _said(error: BaseException) -> str:
    try:
        return str(error)[-_MAX_MESSAGE:]
    except BaseException as failure:  # noqa: BLE001 - even saying it is the program's own code
        return f"{type(failure).__name__} while it was told"


def _run_tests(job: dict[str, Any], code: types.CodeType | None, tests: types.CodeType) -> None:
    module = types.ModuleType("program")
    sys.modules["program"] = module
    space = module.__dict__
    if code is None:
        space["PROGRAM"] = job["program"]
    else:
        exec(code, space)  # noqa: S102 - this is what the sandbox is for
        names = job["names"]
        for name in names[1:]:
            if names[0] not in space and name in space:
                space[names[0]] = space[name]
    exec(tests, space)  # noqa: S102
    if job["kind"] == "class":
        _run_cases(space)


def _run_cases(space: dict[str, Any]) -> None:
    """Run the ``unittest`` cases of a namespace; raises what the first failure raised."""
    import unittest

    loader, cases = unittest.TestLoader(), unittest.TestSuite()
    for value in list(space.values()):
        if isinstance(value, type) and issubclass(value, unittest.TestCase):
            cases.addTests(loader.loadTestsFromTestCase(value))

    class Result(unittest.TestResult):
        def addError(self, test: Any, err: Any) -> None:  # noqa: ARG002, N802
            raise err[1]

        addFailure = addError  # noqa: N815

    result = Result()
    if not cases.countTestCases():
        raise LookupError("there are no tests")
    cases.run(result)
    if not result.wasSuccessful():
        raise AssertionError("a test that was to fail passed")


if __name__ == "__main__":
    main()
