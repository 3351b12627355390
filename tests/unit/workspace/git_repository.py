"""Small repositories made by git itself, with dates that are chosen."""

import os
import subprocess

DAY = 86_400
BEGIN = 1_700_000_000


class Repository:
    """A work tree; each commit is made ``days`` after the beginning."""

    def __init__(self, root):
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments, days=0.0):
        stamp = f"{BEGIN + int(days * DAY)} +0000"
        identity = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", stamp))
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return subprocess.run(
            ["git", "-C", str(self.root), "-c", "core.autocrlf=false", *arguments],
            env=kept | identity | nowhere,
            capture_output=True,
            check=True,
        ).stdout

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, days, files=(), remove=()):
        """Write files, remove others and commit everything; return the id."""
        for name, content in dict(files).items():
            self.write(name, content)
        for name in remove:
            (self.root / name).unlink()
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "x", days=days)
        return self.git("rev-parse", "HEAD").decode().strip()


def lines(*numbers):
    """Distinct code lines, long enough to be recognized when they move."""
    return "".join(f"variable_number_{n} = compute_value({n})\n" for n in numbers)
