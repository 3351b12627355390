"""Selection: suppression, threshold, minimum severity, cap, in that order."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.bands import Bands, bands
from linewise.analysis.findings import select_findings
from linewise.analysis.fingerprints import fingerprint, fingerprints
from linewise.analysis.lines import LineTable
from linewise.analysis.suppression import Decisions, Suppression, suppression
from linewise.results import Band, Finding, LineScore, Selection, Severity
from linewise.settings import Settings

TABLE = LineTable("a = 1\n  b = 2  \nc = 3\n")
SCORES = (
    LineScore(0, 0.2, 3, "<module>"),
    LineScore(1, 0.6, 1, "<module>"),
    LineScore(2, 0.4, 2, "f"),
)
PRINTS = fingerprints(TABLE, SCORES)


def lines(settings, suppressed=None, threshold=0.1):
    shown = select_findings(
        TABLE, SCORES, settings, threshold, suppressed=suppressed or Suppression()
    )
    return [each.line for each in shown.findings], shown.hidden


def test_the_whole_payload():
    assert select_findings(TABLE, SCORES, Settings(), 0.4) == Selection(
        (
            Finding(
                line=1,
                start=2,
                end=7,
                probability=0.6,
                rank=1,
                unit="<module>",
                severity=Severity.INFORMATION,
                band=Band.HIGH,
                fingerprint=fingerprint("b = 2", "<module>"),
                calibrated=True,
            ),
            Finding(
                line=2,
                start=0,
                end=5,
                probability=0.4,
                rank=2,
                unit="f",
                severity=Severity.HINT,
                band=Band.MEDIUM,
                fingerprint=fingerprint("c = 3", "f"),
                calibrated=True,
            ),
        ),
        {},
    )


def test_the_users_threshold_wins_and_the_cap_keeps_the_most_probable():
    settings = Settings(threshold=0.1, max_findings_per_file=2)
    assert lines(settings, threshold=0.99) == ([1, 2], 1)


def test_a_cap_of_zero_shows_nothing():
    assert lines(Settings(max_findings_per_file=0)) == ([], 3)


def test_what_is_too_quiet_takes_no_place_below_the_cap():
    settings = Settings(minimum_severity=Severity.INFORMATION, max_findings_per_file=2)
    assert lines(settings) == ([1], 0)
    loud = evolve(settings, severity_medium=Severity.WARNING, severity_high=Severity.HINT)
    assert lines(loud) == ([0, 2], 0)


@pytest.mark.parametrize(
    ("suppressed", "left"),
    [
        (Suppression(ignored=frozenset({1})), [0, 2]),
        (Suppression(baselined=frozenset({1, 2})), [0]),
        (Suppression(reviewed=frozenset({0})), [1, 2]),
        (Suppression(changed=frozenset({0})), [0]),
        (Suppression(changed=frozenset()), []),
        (Suppression(ignored=frozenset({0}), changed=frozenset({0, 1})), [1]),
    ],
)
def test_what_is_suppressed_takes_no_place_below_the_cap(suppressed, left):
    assert lines(Settings(), suppressed) == (left, 0)
    assert lines(Settings(max_findings_per_file=1), suppressed)[1] == max(0, len(left) - 1)


@given(st.floats(0, 1), st.integers(0, 5))
def test_what_is_shown_is_above_the_threshold_capped_and_in_line_order(threshold, cap):
    shown = select_findings(
        TABLE, SCORES, Settings(threshold=threshold, max_findings_per_file=cap), 0.5
    )
    found = shown.findings
    assert len(found) <= cap
    assert all(each.probability >= threshold for each in found)
    assert [each.line for each in found] == sorted(each.line for each in found)
    hidden = [
        s for s in SCORES if s.probability >= threshold and s.line not in {f.line for f in found}
    ]
    assert len(hidden) == shown.hidden
    assert all(h.probability <= f.probability for h in hidden for f in found)


def test_bands_follow_the_threshold_unless_they_are_set():
    assert bands(Settings(), 0.2) == Bands(0.2, 0.2, 0.5)
    assert bands(Settings(threshold=0.7), 0.2) == Bands(0.7, 0.7, 0.7)
    assert bands(Settings(bands=(0.3, 0.4)), 0.2) == Bands(0.2, 0.3, 0.4)
    found = Bands(0.2, 0.3, 0.4)
    values = [0.0, 0.25, 0.3, 0.39, 0.4, 1.0, float("nan")]
    assert [found.of(value).value for value in values] == [
        *("low", "low", "medium", "medium", "high", "high", "low")
    ]


def test_a_fingerprint_survives_moves_and_new_white_space_and_nothing_else():
    table = LineTable("x = 1\nx = 1\n    x  =  1\nx = 2\n")
    scores = [LineScore(n, 0.1, n, "f" if n == 2 else "g") for n in range(4)]
    found = fingerprints(table, scores)
    assert found[0] == fingerprint("x = 1", "g", 0)
    assert found[1] == fingerprint("x = 1", "g", 1)
    assert found[2] == fingerprint("x = 1", "f", 0)
    assert len(set(found.values())) == 4
    moved = LineTable("# new\n\n  x = 1\n")
    assert fingerprints(moved, [LineScore(2, 0.9, 1, "g")]) == {2: found[0]}


def test_suppression_by_reason():
    decisions = Decisions(
        reviewed=frozenset({PRINTS[0]}),
        ignored=frozenset({PRINTS[1]}),
        ignored_units=frozenset({"f"}),
    )
    found = suppression(
        SCORES,
        PRINTS,
        commented=frozenset({9}),
        decisions=decisions,
        baseline={PRINTS[2], "gone"},
        changed=frozenset({0}),
    )
    assert found == Suppression(
        ignored=frozenset({1, 2, 9}),
        baselined=frozenset({2}),
        reviewed=frozenset({0}),
        changed=frozenset({0}),
        commented=frozenset({9}),
    )
    whole = suppression(SCORES, PRINTS, decisions=Decisions(whole_file=True))
    assert whole.ignored == {0, 1, 2}
    assert suppression(SCORES, PRINTS) == Suppression()
