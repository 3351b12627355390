"""What the user does not want to be shown of a file, by reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import frozen

from linewise.analysis.fingerprints import Fingerprints
from linewise.results import LineScore, Unshown

Lines = frozenset[int]
_NONE: Lines = frozenset()


@frozen
class Decisions:
    """What a user decided about one file, by the `fingerprints` of lines and by unit names."""

    reviewed: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    ignored_units: frozenset[str] = frozenset()
    whole_file: bool = False


@frozen
class Suppression:
    """The 0-based lines that are not shown; ``changed`` are the only ones that are, if not None.

    ``reviewed`` lines keep their colour in a heat map and are marked; ``ignored`` ones (by a
    comment, which are the ``commented``, or by decision) and ``baselined`` ones are left alone
    altogether.
    """

    ignored: Lines = _NONE
    baselined: Lines = _NONE
    reviewed: Lines = _NONE
    changed: Lines | None = None
    commented: Lines = _NONE

    def cause(self, line: int) -> Unshown | None:
        """Return why a line is not to be shown, None if it may be."""
        if line in self.ignored:
            return Unshown.COMMENT if line in self.commented else Unshown.IGNORED
        if line in self.baselined:
            return Unshown.BASELINE
        if line in self.reviewed:
            return Unshown.REVIEWED
        changed = self.changed is None or line in self.changed
        return None if changed else Unshown.UNCHANGED


def suppression(
    scores: Collection[LineScore],
    prints: Mapping[int, str],
    *,
    commented: Lines = _NONE,
    decisions: Decisions | None = None,
    baseline: Collection[str] = (),
    changed: Lines | None = None,
) -> Suppression:
    """Return what is suppressed of the scored lines.

    ``prints`` are their fingerprints by line, and the former ones too if they are `Fingerprints`;
    ``commented`` are the lines that comments ignore, ``baseline`` the fingerprints of known
    findings, ``changed`` the lines to look at, None for all.
    """
    decisions = decisions or Decisions()
    everything = decisions.whole_file

    def among(known: Collection[str]) -> Lines:
        former = prints.former if isinstance(prints, Fingerprints) else {}
        return frozenset(
            line for line, own in prints.items() if own in known or former.get(line) in known
        )

    return Suppression(
        ignored=commented
        | {each.line for each in scores if everything or each.unit in decisions.ignored_units}
        | among(decisions.ignored),
        baselined=among(baseline),
        reviewed=among(decisions.reviewed),
        changed=changed,
        commented=commented,
    )
