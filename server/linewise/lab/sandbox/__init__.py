"""Running programs nobody has read against their tests, within limits.

`Sandbox.run` answers with an `Outcome`. Where ``unshare`` is allowed, programs run in namespaces of
their own, without a network; everywhere, under resource limits, an unprivileged user id (if started
as root) and an audit hook that refuses networks, processes and changes to other folders.
"""

from linewise.lab.sandbox.isolation import Isolation, namespaces
from linewise.lab.sandbox.outcome import Limits, Outcome, Status, Suite
from linewise.lab.sandbox.runner import Sandbox, SandboxError

__all__ = [
    "Isolation",
    "Limits",
    "Outcome",
    "Sandbox",
    "SandboxError",
    "Status",
    "Suite",
    "namespaces",
]
