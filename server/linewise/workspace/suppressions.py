"""Everything by which a user suppresses findings, brought together for one file.

The command line and the server both ask here, so that they show the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from linewise.analysis.fingerprints import Fingerprints
from linewise.analysis.ignore_comments import ignored_lines
from linewise.analysis.lines import LineTable
from linewise.analysis.suppression import Lines, Suppression, suppression
from linewise.results import LineScore
from linewise.settings import Settings
from linewise.workspace.baseline import Baseline
from linewise.workspace.changes import Changes
from linewise.workspace.decisions import DecisionStore, Place
from linewise.workspace.git import find_root


class Suppressions:
    """The decisions, baselines and changed lines of whatever files are asked about.

    A ``named`` baseline holds for all files; otherwise each project's own.
    """

    def __init__(self, named: Baseline | None = None) -> None:
        self._named = named
        self._decisions: dict[Path | None, DecisionStore] = {}
        self._baselines: dict[Path, Baseline] = {}
        self._changes: dict[Path, Changes] = {}

    def version(self, place: Place, settings: Settings) -> str:
        """Return what changes whenever what is suppressed in a file may; starts no process."""
        changes, since = self._changes_of(place, settings), settings.changed_since
        decided = self.decisions(place).of(place.name)
        baseline = self.baseline(place, settings)
        known = baseline.version(_name_in(baseline, place)) if baseline else 0
        head = changes.version(since) if changes and since else ""
        return f"{hash((decided, known))} {head}"

    def of(
        self,
        place: Place,
        table: LineTable,
        scores: Sequence[LineScore],
        prints: Mapping[int, str],
        settings: Settings,
    ) -> Suppression:
        """Return what is suppressed of a file's scored lines; may start git.

        What is known of lines by former fingerprints counts if ``prints`` have them.
        """
        known_by = prints.known_by if isinstance(prints, Fingerprints) else prints.values()
        baseline = self.baseline(place, settings)
        return suppression(
            scores,
            prints,
            commented=ignored_lines(table.text),
            decisions=self.decisions(place).of(place.name),
            baseline=baseline.of(_name_in(baseline, place), known_by) if baseline else (),
            changed=self.changed(place, table, settings),
        )

    def changed(self, place: Place, table: LineTable, settings: Settings) -> Lines | None:
        """Return the 0-based lines that changed since the revision of the settings; None: any."""
        changes, since = self._changes_of(place, settings), settings.changed_since
        return changes.lines(place.name, table, since) if changes and since else None

    def problems(self, place: Place, settings: Settings) -> tuple[str, ...]:
        """Return what could not be read when `of` was last asked."""
        asked = (
            self.decisions(place),
            self.baseline(place, settings),
            self._changes_of(place, settings),
        )
        return tuple(each.problem for each in asked if each is not None and each.problem)

    def decisions(self, place: Place) -> DecisionStore:
        """Return the store of decisions about a file."""
        if place.root not in self._decisions:
            self._decisions[place.root] = DecisionStore(place.root)
        return self._decisions[place.root]

    def baseline(self, place: Place, settings: Settings) -> Baseline | None:
        """Return the baseline of a file, None if it is no file."""
        if place.root is None:
            return None
        if self._named is not None:
            return self._named
        path = place.root / settings.baseline
        if path not in self._baselines:
            self._baselines[path] = Baseline(path, place.root)
        return self._baselines[path]

    def _changes_of(self, place: Place, settings: Settings) -> Changes | None:
        root = place.root
        if settings.changed_since is None or root is None or find_root(root) != root:
            return None  # outside a repository every line is new
        if root not in self._changes:
            self._changes[root] = Changes(root)
        return self._changes[root]


def _name_in(baseline: Baseline, place: Place) -> str:
    return place.name if place.root is None else baseline.name_of(place.root / place.name)
