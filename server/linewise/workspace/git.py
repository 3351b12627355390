"""Reading repositories through ``git`` itself, so that nothing in one can make it act.

A repository's own settings may name programs (signature checks, external diffs, file system
monitors) and servers to fetch missing objects from; every call here switches them off. What git
says is asked for in English, so that it is recognized everywhere, and never thrown away.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from linewise.errors import LinewiseError

_SAFE = (
    "-c", "core.fsmonitor=false",
    "-c", "log.showSignature=false",
    "-c", "core.quotePath=true",
    "-c", "core.useReplaceRefs=true",
    "-c", "i18n.logOutputEncoding=UTF-8",
    "-c", "protocol.allow=never",
)  # fmt: skip
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
    "LANGUAGE": "",
}
OF_A_REPOSITORY = frozenset(
    f"GIT_{name}"
    for name in (
        # What `git rev-parse --local-env-vars` names: set inside hooks, they would point every
        # call at another repository.
        "ALTERNATE_OBJECT_DIRECTORIES", "CONFIG", "CONFIG_PARAMETERS", "CONFIG_COUNT",
        "OBJECT_DIRECTORY", "DIR", "WORK_TREE", "IMPLICIT_WORK_TREE", "GRAFT_FILE", "INDEX_FILE",
        "NO_REPLACE_OBJECTS", "REPLACE_REF_BASE", "PREFIX", "INTERNAL_SUPER_PREFIX",
        "SHALLOW_FILE", "COMMON_DIR", "QUARANTINE_PATH", "NAMESPACE",
        # What changes the meaning of what is asked here.
        "DIFF_OPTS", "EXTERNAL_DIFF", "ATTR_SOURCE", "DEFAULT_HASH", "LITERAL_PATHSPECS",
        "GLOB_PATHSPECS", "NOGLOB_PATHSPECS", "ICASE_PATHSPECS",
    )
)  # fmt: skip
_PAIR = re.compile(r"GIT_CONFIG_(KEY|VALUE)_\d+")
_OURS_TO_HEED = "safe."
"""Of the settings that are given for one call: whom this machine's user trusts."""
_SAID = re.compile(r"(fatal|error): ")
_ASIDE = re.compile(r"(fatal|error|warning|hint|usage): |hint:")
_FORBIDDEN = re.compile(r"\t(git config --global --add safe\.directory .+)")
_MOST_SAID = 1 << 16


class GitError(LinewiseError):
    """There is no git, no repository, or one that git cannot read; ``reason`` says why."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


class GitMissingError(GitError):
    """Git cannot be started."""


class GitRefusedError(GitError):
    """There is a repository, and git does not read it: somebody else's, damaged, led nowhere."""


class GitFailedError(GitError):
    """Git was started and failed; ``reason`` is what it said of it."""


def find_root(path: Path) -> Path | None:
    """Return the top folder of the work tree (or bare repository) that holds ``path``, if any.

    Looks for ``.git`` upwards and starts no process.
    """
    start = normal(path)
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
        parts = folder / "objects", folder / "refs"
        if (folder / "HEAD").is_file() and all(part.is_dir() for part in parts):
            return folder
    return None


def normal(path: Path) -> Path:
    """Return a path from the root of the file system on, without ``..``; links stay as they are.

    But for those that ``..`` leads out of: it goes up from where they lead.
    """
    whole = os.path.normpath(path.absolute())
    if os.name != "nt":
        # Two slashes at the beginning are one here, and only there `normpath` leaves them.
        whole = f"/{whole.lstrip('/')}"
    if ".." in path.parts and (real := os.path.realpath(path)) != os.path.realpath(whole):
        whole = real
    return Path(whole)


def is_work_tree(folder: Path) -> bool:
    """Whether a folder lies in a work tree that git reads.

    It does not outside of repositories, in bare ones, in folders whose ``.git`` names a bare one
    and inside of ``.git``. No process is started outside of repositories.

    Raises
    ------
    GitMissingError
        If there is a repository, but no git.
    GitRefusedError
        If git does not read the repository; the message is git's reason and what to do.
    """
    if find_root(folder) is None and find_root(folder.resolve()) is None:
        return False
    return _asked_of(folder, "--is-inside-work-tree") == "true"


def check_readable(folder: Path) -> None:
    """Make sure that git reads the repository at ``folder``.

    Raises
    ------
    GitMissingError
        If there is no git.
    GitRefusedError
        If git does not read the repository; the message is git's reason and what to do.
    """
    _asked_of(folder, "--git-dir")


def output(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run a git command in ``root`` and return what it printed.

    Raises
    ------
    GitError
        If git is missing or failed; the message is git's own.
    """
    done = _run(root, arguments, stdin)
    if done.returncode:
        raise _failed(arguments, done.stderr)
    return done.stdout


def holds(root: Path, *arguments: str) -> bool:
    """Run a git command in ``root`` that answers by its exit code: 0 for yes, 1 for no.

    Raises
    ------
    GitError
        If git is missing or gave no answer; the message is git's own.
    """
    done = _run(root, arguments, b"")
    if done.returncode not in (0, 1):
        raise _failed(arguments, done.stderr)
    return not done.returncode


@contextmanager
def stream(
    root: Path,
    *arguments: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    warned: Callable[[str], None] = lambda _: None,
) -> Iterator[IO[bytes]]:
    """Run a git command and yield its output while it runs.

    ``env`` is added to the environment. If all went well, ``warned`` hears at the end each line
    that git printed beside it.

    Raises
    ------
    GitError
        If git is missing, or if it failed and everything was read.
    """
    # Files, not pipes: nobody would empty or fill them while the output is read.
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write(stdin)
        asked.seek(0)
        try:
            process = subprocess.Popen(
                command(root, arguments),
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=said,
                env=_env() | dict(env or {}),
            )
        except OSError as error:
            raise _missing() from error
        with process:
            assert process.stdout is not None  # noqa: S101 - it was asked for above
            try:
                yield process.stdout
            except GitError:
                # Output that cannot be read to its end: if git failed, that is why.
                if process.stdout.read(1):
                    process.kill()
                    raise
                if not process.wait():
                    raise
            except BaseException:
                process.kill()
                raise
        said.seek(0)
        if process.returncode:
            raise _failed(arguments, said.read(_MOST_SAID))
        for line in said:
            warned(os.fsdecode(line.rstrip(b"\n")))


def read_blob(root: Path, blob: str) -> bytes | None:
    """Return the content of a blob by its id, None where the object is missing."""
    try:
        return output(root, "cat-file", "blob", blob)
    except GitError:
        return None


def command(root: Path, arguments: Sequence[str]) -> list[str]:
    """Return the full command line of a git call in ``root``."""
    return ["git", *_SAFE, "-C", str(root), *arguments]


def git_folders(root: Path) -> tuple[Path, Path]:
    """Return where a work tree's own HEAD lies and where the refs it shares do; starts no process.

    They differ in linked work trees, and a submodule's lie outside of it.
    """
    own = root / ".git"
    if not own.exists():
        return root, root  # a bare repository
    try:
        if own.is_file():
            own = root / own.read_text("utf-8").partition("gitdir:")[2].strip()
        return own, own / (own / "commondir").read_text("utf-8").strip()
    except (OSError, ValueError):
        return own, own


def _run(root: Path, arguments: Sequence[str], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command(root, arguments), input=stdin, capture_output=True, check=False, env=_env()
        )
    except OSError as error:
        raise _missing() from error


def _asked_of(folder: Path, question: str) -> str:
    done = _run(folder, ("rev-parse", question), b"")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        advice = _FORBIDDEN.search(said)
        todo = f"; if you trust whom it belongs to: `{advice[1]}`" if advice else ""
        reason = f"{reason_of(said)}{todo}"
        raise GitRefusedError(f"git does not read {folder}: {reason}", reason)
    return done.stdout.decode().strip()


def _env() -> dict[str, str]:
    """Return the environment without what points git elsewhere.

    What says how git runs on this machine stays (``GIT_CONFIG_GLOBAL``, ``GIT_EXEC_PATH``, …).
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in OF_A_REPOSITORY and not _PAIR.fullmatch(key)
    }
    trusted = [pair for pair in _given(os.environ) if pair[0].lower().startswith(_OURS_TO_HEED)]
    for number, (key, value) in enumerate(trusted):
        kept[f"GIT_CONFIG_KEY_{number}"] = key
        kept[f"GIT_CONFIG_VALUE_{number}"] = value
    return kept | {"GIT_CONFIG_COUNT": str(len(trusted))} | _QUIET


def _given(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the settings that are given for one call: in pairs, or by ``git -c`` around it."""
    count = environment.get("GIT_CONFIG_COUNT", "")
    for number in range(int(count) if count.isdecimal() else 0):
        key = environment.get(f"GIT_CONFIG_KEY_{number}")
        value = environment.get(f"GIT_CONFIG_VALUE_{number}")
        if key is None or value is None:
            return  # git refuses what is not whole
        yield key, value
    try:
        quoted = shlex.split(environment.get("GIT_CONFIG_PARAMETERS", ""))
    except ValueError:
        return  # nothing that git wrote
    for each in quoted:
        key, _, value = each.partition("=")
        yield key, value


def _missing() -> GitMissingError:
    return GitMissingError("git cannot be started; install it and make sure it is on the PATH")


def _failed(arguments: Sequence[str], said: bytes) -> GitFailedError:
    reason = reason_of(said.decode("utf-8", "replace"))
    return GitFailedError(f"git {arguments[0]} failed{reason and f': {reason}'}", reason)


def reason_of(said: str) -> str:
    """Return why git failed, by what it printed: its last ``fatal:``, else its first ``error:``.

    Lines that belong to it come with it; without any such line it is the last one.
    """
    lines = said.strip().splitlines()
    starts = [number for number, line in enumerate(lines) if _SAID.match(line)]
    if not starts:
        return lines[-1].strip() if lines else ""
    fatal = [number for number in starts if lines[number].startswith("fatal")]
    first = fatal[-1] if fatal else starts[0]
    found = [lines[first].strip()]
    for line in lines[first + 1 :]:
        # An indented line or an empty one begins advice, which is not the reason.
        if _ASIDE.match(line) or line[:1] in ("", "\t", " ") or line.startswith("To add "):
            break
        found.append(line.strip())
    return " ".join(found)
