"""What narrows a run down and what makes it fail: a revision, a baseline, limits."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from attrs import evolve, frozen

from linewise.commands.choices import BaselineMode
from linewise.commands.paths import STDIN
from linewise.output.report import Report
from linewise.settings import Settings
from linewise.workspace.baseline import Baseline, Known
from linewise.workspace.changes import changed_files, unmerged
from linewise.workspace.decisions import name_below, place_in_repository
from linewise.workspace.git import GitError, find_root, is_work_tree, normal

if TYPE_CHECKING:
    from linewise.commands.checking import Checked


def root_of(files: Sequence[Path]) -> Path | None:
    """Return the repository that holds all files, None if there is none or not only one."""
    roots = {_root(file) for file in files}
    return roots.pop() if len(roots) == 1 else None


def since(files: Sequence[Path], revision: str) -> tuple[Path, ...]:
    """Return those of the files that changed since a revision of the repositories they are in.

    Raises
    ------
    typer.BadParameter
        If one is standard input.
    GitError
        If a file is in no repository, or one that does not know the revision.
    """
    if STDIN in files:
        raise typer.BadParameter("--diff needs files; standard input has no history")
    by_root: dict[Path, list[Path]] = {}
    for file in files:
        root = _root(file)
        if root is None:
            raise GitError(f"--diff needs a git repository, and {file} is in none")
        by_root.setdefault(root, []).append(file)
    changed: set[Path] = set()
    for root, those in by_root.items():
        if not is_work_tree(root):
            raise GitError(f"--diff needs a git work tree, and {root} is none")
        changed.update(changed_files(root, revision, those))
        if conflicts := unmerged(root):
            typer.echo(
                f"linewise: {root} is in the middle of a merge or rebase; the conflict markers of "
                f"{', '.join(conflicts)} are read as code: resolve them first",
                err=True,
            )
    return tuple(file for file in files if file in changed)


@frozen(eq=False)
class Settled:
    """The report, with why the run fails because of its baseline, and what that is to hold."""

    report: Report
    baseline: Baseline
    known: Known | None = None
    note: str = ""

    def write(self) -> None:
        """Write the baseline if it is to hold something else, and say so.

        Raises
        ------
        LinewiseError
            If it cannot be written.
        """
        if self.known is not None:
            self.baseline.write(self.known)
            typer.echo(f"linewise: {self.note}", err=True)


@frozen(eq=False)
class BaselineRun:
    """The baseline that a run was asked to use, and what becomes of it afterwards.

    ``folders`` are those the run looked through. With ``accept`` all that is found goes into it.
    """

    baseline: Baseline
    mode: BaselineMode
    folders: tuple[Path, ...]
    accept: bool

    def settle(self, checked: Checked) -> Settled:
        """Return what becomes of the baseline.

        Nothing is taken out of it as long as the run has findings: what they replaced may come
        back.
        """
        report, baseline = checked.report, self.baseline
        before = baseline.known()
        after = baseline.after(checked.seen, self.folders, accept=self.accept)
        if self.accept:
            held = f"{_findings(sum(map(len, after.values())))} in {len(after):,} files"
            accepted = evolve(report, failures=())
            return Settled(accepted, baseline, after, f"{baseline.path} now holds {held}")
        if after == before or self.mode is BaselineMode.DISCARD:
            return Settled(report, baseline)
        stale = sum(map(len, before.values())) - sum(map(len, after.values()))
        change = f"{_findings(stale)} of lines that are gone" if stale else "files were renamed"
        if self.mode is BaselineMode.LOCK:
            advice = "run the same with --baseline-mode auto, and commit the file"
            failure = f"{baseline.path} is out of date ({change}); {advice}"
            return Settled(evolve(report, failures=(*report.failures, failure)), baseline)
        if report.findings:
            return Settled(report, baseline)
        return Settled(report, baseline, after, f"{baseline.path} brought up to date ({change})")


def baseline_run(
    named: Path | None,
    mode: BaselineMode | None,
    paths: Sequence[Path],
    files: Sequence[Path],
    settings: Settings | Mapping[Path, Settings],
    *,
    accept: bool,
) -> BaselineRun | None:
    """Return the baseline that options ask for, None if they ask for none.

    ``settings`` are those of all files, or of each.

    Raises
    ------
    typer.BadParameter
        If it is not there, or no baseline of all these files, or their projects name several.
    LinewiseError
        If it cannot be read.
    """
    if named is None and mode is None and not accept:
        return None
    if accept and mode is BaselineMode.LOCK:
        raise typer.BadParameter("--write-baseline changes what --baseline-mode lock keeps")
    repository = root_of(files)
    if named is None:
        named = (repository or Path.cwd()) / _baseline_name(files, settings)
    root = repository or normal(named).parent
    outside = [file for file in files if file == STDIN or name_below(file, root) is None]
    if outside:
        raise typer.BadParameter(
            f"{named} cannot be the baseline of {outside[0]}, which is not below {root}"
        )
    if not accept and not named.exists():
        raise typer.BadParameter(f"there is no baseline {named}; make it with --write-baseline")
    if not named.absolute().parent.is_dir():
        raise typer.BadParameter(f"{named} cannot be written: there is no such folder")
    baseline = Baseline(named, root)
    baseline.known()
    default = BaselineMode.LOCK if os.environ.get("CI") else BaselineMode.AUTO
    folders = tuple(path for path in paths if path.is_dir())
    return BaselineRun(baseline, mode or default, folders, accept)


def _baseline_name(files: Sequence[Path], settings: Settings | Mapping[Path, Settings]) -> str:
    if isinstance(settings, Settings):
        return settings.baseline
    names = sorted({settings[file].baseline for file in files}) or [settings[STDIN].baseline]
    if len(names) > 1:
        raise typer.BadParameter(
            f"the projects of these files have several baselines ({', '.join(names)}): name one "
            "with --baseline, or check one project after the other"
        )
    return names[0]


def _root(file: Path) -> Path | None:
    """Return the repository of a file, None if it is in none."""
    if file == STDIN:
        return find_root(Path.cwd())
    place = place_in_repository(file)
    return None if place is None else place.root


def _findings(count: int) -> str:
    return f"{count:,} finding{'' if count == 1 else 's'}"
