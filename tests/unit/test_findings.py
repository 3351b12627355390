"""Selection: threshold, cap, severity, in that order."""

from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.findings import select_findings
from linewise.analysis.lines import LineTable
from linewise.results import Finding, LineScore, Severity
from linewise.settings import Settings

TABLE = LineTable("a = 1\n  b = 2  \nc = 3\n")
SCORES = (
    LineScore(0, 0.2, 3, "<module>"),
    LineScore(1, 0.6, 1, "<module>"),
    LineScore(2, 0.4, 2, "<module>"),
)


def test_the_whole_payload():
    found = select_findings(TABLE, SCORES, Settings(severity=Severity.HINT), 0.5)
    assert found == (Finding(1, 2, 7, 0.6, 1, "<module>", Severity.HINT),)


def test_the_users_threshold_wins_and_the_cap_keeps_the_most_probable():
    found = select_findings(TABLE, SCORES, Settings(threshold=0.1, max_findings_per_file=2), 0.99)
    assert [each.line for each in found] == [1, 2]


def test_a_cap_of_zero_shows_nothing():
    assert select_findings(TABLE, SCORES, Settings(max_findings_per_file=0), 0.0) == ()


@given(st.floats(0, 1), st.integers(0, 5))
def test_what_is_shown_is_above_the_threshold_capped_and_in_line_order(threshold, cap):
    found = select_findings(
        TABLE, SCORES, Settings(threshold=threshold, max_findings_per_file=cap), 0.5
    )
    assert len(found) <= cap
    assert all(each.probability >= threshold for each in found)
    assert [each.line for each in found] == sorted(each.line for each in found)
    hidden = [
        s for s in SCORES if s.probability >= threshold and s.line not in {f.line for f in found}
    ]
    assert all(h.probability <= f.probability for h in hidden for f in found)
