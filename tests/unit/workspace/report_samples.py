"""Reports over made-up stores, for tests of what they say and how they look."""

from attrs import evolve
from git_repository import Repository
from scan_samples import READER, fill

from linewise.probe.manifest import read_manifest
from linewise.probe.shipped import find_probe
from linewise.report.build import Subject, build
from linewise.settings import DEFAULT_MODEL
from linewise.workspace.calibration import Workspace
from linewise.workspace.churn import FEATURES
from linewise.workspace.scan.line_statistics import line_statistics, stored_files
from linewise.workspace.scan.snapshots import Commit, keep_snapshot
from linewise.workspace.scan.store import Store
from linewise.workspace.store import VERSION, StoredCalibration, Weights

SHAPE = {f"{folder}/{n}.py": 1 + n % 4 for folder in ("lib", "web") for n in range(14)}
ODD = "lib/<b>&\udce9'\"|`.py"
"""A file name that no format may take for its own."""


def shipped_manifest():
    """Return the default model's probe's: nothing has to be trained for it."""
    return read_manifest(find_probe(DEFAULT_MODEL) / "manifest.json")


def reported(root, manifest, *, within=b"", reference=None, **options):
    """Return the report of what is stored of a workspace."""
    with Store.open_existing(root, print) as store:
        subject = Subject(store, root, within, READER, manifest, **({"workspace": None} | options))
        return build(subject, reference)


def full_report(root, manifest):
    """Return a report with every part: a trend, ages, a calibration, skipped files, a reference."""
    Repository(root).commit(0, {"README.md": "x\n"})
    fill(root, SHAPE | {ODD: 3}, prefer=("web/",))
    other = root.with_name("other")
    fill(other, SHAPE, prefer=("",), seed=1)
    workspace = Workspace(root, "tiny", manifest)
    workspace.keep(calibrated(manifest))
    with Store.open(root, print) as store, Store.open(other, print) as elsewhere:
        reader = store.reader_id(READER)
        found = plain_statistics(store, reader, manifest)
        for number in range(3):
            keep_snapshot(store, reader, Commit(f"{number}" * 40, number * 86_400, False), found)
        with store.database.writing() as rows:
            rows.execute(
                "INSERT INTO files (path, size, modified, changed, inode, settled, problem) "
                "VALUES (CAST('gone.py' AS BLOB), 1, 1, 1, 1, 1, 'not UTF-8')"
            )
        subject = Subject(store, root, b"", READER, manifest, workspace, ages=True)
        reference = Subject(elsewhere, other, b"", READER, manifest, None)
        return build(subject, reference)


def plain_statistics(store, reader, manifest):
    with store.database.reading() as rows:
        return line_statistics(
            lambda: stored_files(rows, reader, b""),
            READER,
            lambda path, length: manifest.calibration,
            lambda path: ".",
        )


def calibrated(manifest, **changes):
    """Return a calibration to a history, with what was measured of it."""
    triple = [0.1, 0.05, 0.15]
    figures = {"bss": triple, "ece": [0.02, 0.01, 0.03], "auc": [0.7, 0.65, 0.75]}
    found = StoredCalibration(
        version=VERSION,
        root="/work",
        model="tiny",
        probe=manifest.identity,
        features=FEATURES,
        weights=Weights(1.0, (0.0,) * len(FEATURES), -1.0),
        window_days=14.0,
        base_rate=0.05,
        lines=1_234,
        commits=321,
        head="a" * 40,
        fitted="2026-01-01",
        metrics={
            "later commits": {"workspace": figures, "shipped": figures},
            "lines": 400,
            "reliability": [[0.02, 0.01, 100], [0.1, 0.12, 100], [0.4, 0.35, 20]],
        },
    )
    return evolve(found, **changes)
