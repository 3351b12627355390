"""Feedback: what an episode observes, and the bounded shift that comes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.workspace.calibration import Workspace
from linewise.workspace.feedback import (
    BINS,
    BOUND,
    LEAST_EDITED,
    LEAST_LINES,
    MEMORY,
    SETTLED_SECONDS,
    Episode,
    Feedback,
    Observation,
    Seen,
    learn,
    shift,
)

TEXT = "def f(x):\n    y = x + 1\n    return y\n"
LATER = SETTLED_SECONDS + 1


def seen(log_odds=-2.0, flagged=False, at=0.0):
    return Seen(log_odds, flagged, at)


def observed(edited, kept, log_odds=-2.0):
    lines = [Observation(seen(log_odds), True)] * edited
    return learn(Feedback(), lines + [Observation(seen(log_odds), False)] * kept)


def shown(text=TEXT, lines=(0, 1, 2)):
    episode = Episode(text)
    episode.show(text, [(line, seen(-2.0 - line)) for line in lines])
    return episode


def test_an_edited_line_and_those_kept():
    episode = shown()
    (edited,) = episode.save(TEXT.replace("x + 1", "x + 2"), LATER)
    assert (edited.seen.log_odds, edited.edited) == (-3.0, True)
    assert [each.seen.log_odds for each in episode.end()] == [-2.0, -4.0]


def test_white_space_and_new_neighbours_are_no_edits():
    episode = shown()
    assert episode.save("import os\n\n" + TEXT.replace("    y", "        y"), LATER) == []
    assert episode.end() == []


def test_a_file_that_was_only_read_says_nothing():
    assert shown().end() == []


def test_a_line_that_is_still_being_written_is_not_judged():
    episode = shown()
    assert episode.save(TEXT.replace("x + 1", "x + 2"), SETTLED_SECONDS - 1) == []


def test_a_new_line_is_judged_once_it_was_shown():
    episode = shown(lines=())
    new = TEXT + "z = 1\n"
    assert episode.save(new, 1.0) == []
    episode.show(TEXT, [(0, seen())])  # about a text that is no longer the saved one
    episode.show(new, [(3, seen(at=2.0))])
    assert len(episode.save(TEXT, 2.0 + LATER)) == 1


def test_a_line_is_judged_by_what_was_shown_first():
    episode = shown()
    episode.show(TEXT, [(1, seen(5.0))])
    (edited,) = episode.save(TEXT.replace("x + 1", "x"), LATER)
    assert edited.seen.log_odds == -3.0


@given(st.lists(st.text("ab\n\r ", max_size=12), max_size=6))
def test_any_sequence_of_saves(texts):
    episode = Episode("a\nb\n")
    for number, text in enumerate(texts):
        assert all(each.edited for each in episode.save(text, number * LATER))
        episode.show(text, [(line, seen(at=number * LATER)) for line in range(3)])
    assert not any(each.edited for each in episode.end())


def test_nothing_is_shifted_by_a_few_lines():
    assert shift(observed(LEAST_EDITED, LEAST_LINES - LEAST_EDITED - 1)) == 0.0
    assert shift(observed(LEAST_EDITED - 1, 10 * LEAST_LINES)) == 0.0
    assert shift(observed(2 * LEAST_EDITED, LEAST_LINES)) != 0.0


def test_what_happens_as_often_as_said_shifts_nothing():
    assert shift(observed(120, 880)) == pytest.approx(0.0, abs=0.15)


@pytest.mark.parametrize(("edited", "kept", "sign"), [(500, 500, 1), (30, 2_000, -1)])
def test_more_and_fewer_edits_move_it_either_way(edited, kept, sign):
    assert 0.2 < sign * shift(observed(edited, kept)) <= BOUND


def test_it_moves_slowly_and_never_beyond_its_bound():
    little = shift(observed(100, 150))
    much = shift(observed(1_000, 1_500))
    assert 0 < little < much < BOUND + 1e-9
    assert shift(observed(4_000, 0, log_odds=-5.0)) == pytest.approx(BOUND)


def test_old_observations_fade():
    old = observed(4_000, 1_000)
    assert old.lines == pytest.approx(MEMORY)
    new = learn(old, [Observation(seen(), False)] * MEMORY)
    assert new.lines == pytest.approx(MEMORY)
    assert new.edited == pytest.approx(2_000)


def test_numbers_that_are_none_are_left_out():
    assert learn(Feedback(), [Observation(seen(float("nan")), True)]) == Feedback()


@given(st.lists(st.tuples(st.floats(-40, 40), st.booleans(), st.booleans()), max_size=50))
def test_counts_add_up(lines):
    found = learn(
        Feedback(), [Observation(seen(z, flagged), edited) for z, flagged, edited in lines]
    )
    assert len(found.flagged) == BINS
    assert found.lines == len(lines)
    assert found.edited == sum(edited for _, _, edited in lines)
    assert sum(found.flagged) == sum(flagged for _, flagged, _ in lines)
    assert abs(shift(found)) <= BOUND


@pytest.mark.usefixtures("state")
def test_the_shift_is_found_again_only_after_other_edits(repository, engine):
    workspace, other = (Workspace(repository.root, "tiny", engine.manifest) for _ in range(2))
    shift.cache_clear()
    shifts = [workspace.personal]
    for edited, lines in ((True, 300), (False, 2_000)):
        workspace.observe([Observation(seen(), edited)] * lines)
        before = shift.cache_info().misses
        shifts.append(other.personal)
        versions = {each.version for each in (workspace, other)}
        assert len({shifts[-1], *(workspace.personal for _ in range(5))}) == len(versions) == 1
        workspace.calibration(None, 1)
        assert shift.cache_info().misses == before + 1
    assert shifts[0] == 0.0 < shifts[2] < shifts[1]
    workspace.reset_feedback()
    assert workspace.personal == other.personal == 0.0
