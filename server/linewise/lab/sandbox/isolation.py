"""Which of the kernel's walls can be had here: namespaces without a network where possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from enum import StrEnum
from functools import cache

_ROOT = ("--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc")
_USER = ("--user", "--map-current-user", *_ROOT)


class Isolation(StrEnum):
    """How programs are kept apart from the machine, beside resource limits and the audit hook."""

    NAMESPACES = "namespaces"
    LIMITS = "limits"


@cache
def namespaces() -> tuple[str, ...]:
    """Return the command prefix that starts a process without network or other processes in sight.

    Empty where ``unshare`` is missing or refused, as in most containers.
    """
    program = shutil.which("unshare")
    if program is None:
        return ()
    flags = _ROOT if os.geteuid() == 0 else _USER
    prefix = (program, *flags)
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return prefix if tried.returncode == 0 else ()
