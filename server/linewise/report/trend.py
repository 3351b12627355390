"""The trend of a workspace, kept when a scan came to its end."""

from __future__ import annotations

from contextlib import suppress

from linewise.probe.manifest import ProbeManifest
from linewise.workspace.scan.scan import Scan
from linewise.workspace.scan.snapshots import commit_of, has_snapshot, keep_snapshot
from linewise.workspace.scan.store import NothingScannedError


def keep_trend(scan: Scan, manifest: ProbeManifest, *, again: bool = True) -> None:
    """Keep a snapshot of the commit that was scanned, if all of it was and there is none yet.

    Where files differ from the commit, what they say now is kept ``again`` after each change.

    Raises
    ------
    DatabaseError
        If the store cannot be used.
    """
    request, store, number = scan.request, scan.store, scan.reader_id
    if request.within or (commit := commit_of(request.root)) is None:
        return
    unchanged = not scan.progress.done and not scan.progress.forgotten
    if (unchanged or not again) and has_snapshot(store, number, commit):
        return
    # Only now: where nothing changed, none of it is needed.
    from linewise.report.build import shipped_statistics

    with suppress(NothingScannedError):
        found = shipped_statistics(store, request.reader, manifest)
        keep_snapshot(store, number, commit, found)
