"""Background scans: one and at most one more, paused, cancelled, out of the user's way."""

from types import SimpleNamespace

import pytest
from scan_rows import METHOD
from scan_runs import PROJECT, ask, content, instruments, write

from linewise.errors import LinewiseError
from linewise.workspace.scan.pacing import BACK_OFF_SECONDS, SLICE_SECONDS, Budget, Pace
from linewise.workspace.scan.queue import ScanQueue, State
from linewise.workspace.scan.scan import Scan
from linewise.workspace.scan.store import Store

pytestmark = pytest.mark.usefixtures("later")


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace(clock):
    return Pace(Budget(), clock, battery=lambda: False)


@pytest.fixture
def root(tmp_path, state):
    write(tmp_path / "project", PROJECT)
    return tmp_path / "project"


@pytest.fixture
def queue(root, engine, pace):
    made = []

    def begin(folder):
        made.append(Store.open(root, print))
        return Scan(made[-1], ask(root, folder), instruments(engine), print)

    queue = ScanQueue(begin, pace, end=lambda _: made.pop().close())
    queue.made = made
    yield queue
    assert made == []  # whatever happened, no store was left open


def run(queue, limit=50):
    """Step until there is nothing left to do; return the states."""
    states = []
    while (outcome := queue.step()).state is not State.IDLE:
        states.append(outcome.state)
        assert len(states) < limit
    return states


def test_nothing_is_done_unasked(queue):
    assert run(queue) == []


def test_a_scan_takes_a_step_per_file_and_one_to_finish(queue, root):
    queue.request(root)
    assert queue.pending
    assert run(queue) == [State.WORKING] * 4 + [State.DONE]
    assert not queue.pending
    assert len(content(root)[0]) == 4


def test_of_many_requests_meanwhile_one_scan_follows(queue, root):
    queue.request(root)
    assert queue.step().state is State.WORKING
    for _ in range(5):
        queue.request(root)
    assert run(queue) == [State.WORKING] * 3 + [State.DONE, State.DONE]


def test_progress_is_told(queue, root):
    queue.request(root)
    outcomes = [queue.step() for _ in range(5)]
    assert [(each.progress.done, each.progress.pending) for each in outcomes][-1] == (4, 4)
    assert outcomes[-1].progress.units_read == 7
    assert outcomes[0].progress.path == "a.py"


def test_a_pause_stops_it_and_resuming_goes_on(queue, pace, root):
    queue.request(root)
    queue.step()
    pace.pause()
    outcome = queue.step()
    assert (outcome.state, outcome.progress.done) == (State.WAITING, 1)
    assert outcome.delay > 0
    pace.resume()
    assert run(queue) == [State.WORKING] * 3 + [State.DONE]


def test_cancelling_keeps_what_was_stored_and_the_next_scan_goes_on(queue, root):
    queue.request(root)
    queue.step()
    queue.request(root)
    queue.cancel()
    outcome = queue.step()
    assert (outcome.state, outcome.progress.done) == (State.CANCELLED, 1)
    assert run(queue) == []
    queue.request(root)
    outcome = queue.step()
    assert outcome.progress.pending == 3
    assert run(queue) == [State.WORKING] * 2 + [State.DONE]
    assert len(content(root)[0]) == 4


def test_the_user_comes_first(queue, pace, clock, root):
    queue.request(root)
    queue.step()
    pace.user_active()
    assert queue.step().delay == pytest.approx(BACK_OFF_SECONDS)
    clock.now += BACK_OFF_SECONDS / 2
    pace.user_active()
    clock.now += BACK_OFF_SECONDS * 0.6
    assert queue.step().state is State.WAITING
    clock.now += BACK_OFF_SECONDS / 2
    assert run(queue) == [State.WORKING] * 3 + [State.DONE]


def test_a_key_stroke_ends_the_forward_passes_of_a_step(queue, pace, clock, tiny_model, root):
    write_files = tiny_model.hidden_states

    def hidden_states(ids):
        pace.user_active()
        return write_files(ids)

    tiny_model.hidden_states = hidden_states
    queue.request(root)
    outcome = queue.step()
    assert (tiny_model.passes, outcome.progress.done) == (1, 0)
    clock.now += BACK_OFF_SECONDS
    queue.step()
    clock.now += BACK_OFF_SECONDS
    assert queue.step().progress.done == 1  # three units, one at a time, none twice
    assert tiny_model.passes == 3
    queue.cancel()
    queue.step()


def test_cancelling_ends_the_forward_passes_of_a_step(queue, tiny_model, root):
    real = tiny_model.hidden_states

    def hidden_states(ids):
        queue.cancel()
        return real(ids)

    tiny_model.hidden_states = hidden_states
    queue.request(root)
    queue.step()
    assert tiny_model.passes == 1
    assert queue.step().state is State.CANCELLED


def test_a_share_of_a_quarter_rests_three_times_as_long(clock):
    pace = Pace(Budget(share=0.25), clock, battery=lambda: False)
    pace.begin()
    clock.now += 2.0
    pace.end()
    assert pace.delay() == pytest.approx(6.0)
    clock.now += 6.0
    assert pace.delay() == 0.0
    pace.begin()
    assert not pace.is_spent()
    clock.now += SLICE_SECONDS + 0.01
    assert pace.is_spent()
    assert not pace.interrupts()  # what is spent may still end what it has in hand


def test_work_on_two_cores_rests_for_longer(clock):
    pace = Pace(Budget(share=0.5, cores=2), clock, battery=lambda: False)
    pace.begin()
    clock.now += 1.0
    pace.end()
    assert pace.delay() == pytest.approx(3.0)


def test_each_folder_waits_once(queue, root):
    queue.request(root)
    queue.step()
    for folder in (root / "pkg", root, root / "pkg"):
        queue.request(folder)
    assert queue.pending == 2
    folders = []
    while (outcome := queue.step()).state is not State.IDLE:
        folders += [outcome.folder] * (outcome.state is State.DONE)
    assert folders == [root, root / "pkg", root]


def test_whoever_wants_the_model_more_ends_the_forward_passes_of_a_step(root, engine, tiny_model):
    wanted = []
    pace = Pace(Budget(), battery=lambda: False)

    def begin(folder):
        return Scan(Store.open(root, print), ask(root, folder), instruments(engine), print)

    queue = ScanQueue(begin, pace, lambda scan: scan.store.close(), lambda: bool(wanted))
    real = tiny_model.hidden_states
    tiny_model.hidden_states = lambda ids: wanted.append(ids) or real(ids)
    queue.request(root)
    for passes in (1, 2, 3):
        wanted.clear()
        assert queue.step().state is State.WORKING
        assert tiny_model.passes == passes
    queue.cancel()
    assert queue.step().state is State.CANCELLED


def test_a_step_that_is_spent_ends_between_two_units(root, engine, clock):
    pace = Pace(Budget(share=0.5), clock, battery=lambda: False)

    def explain(*_):
        clock.now += SLICE_SECONDS + 0.1

    rationalizer = SimpleNamespace(explain=explain)

    def begin(folder):
        request = ask(root, folder, method=METHOD)
        return Scan(Store.open(root, print), request, instruments(engine, rationalizer), print)

    queue = ScanQueue(begin, pace, lambda scan: scan.store.close())
    queue.request(root)
    for explained in (1, 2):
        outcome = queue.step()
        assert (outcome.progress.units_explained, outcome.progress.done) == (explained, 0)
        clock.now += 10.0
    outcome = queue.step()
    assert (outcome.progress.units_explained, outcome.progress.done) == (3, 1)
    queue.cancel()
    queue.step()


def test_on_its_battery_the_machine_is_left_alone_if_asked_for(clock):
    plugged = [True]
    pace = Pace(Budget(only_on_power=True), clock, battery=lambda: not plugged[0])
    assert pace.delay() == 0.0
    plugged[0] = False
    clock.now += 60.0
    assert pace.delay() > 0.0
    assert Pace(Budget(), clock, battery=lambda: True).delay() == 0.0


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError):
        Budget(share=share)


def test_a_failure_is_told_and_the_next_request_tries_again(root, engine, pace):
    failures = [LinewiseError("no model")]
    stores = []

    def load():
        if failures:
            raise failures.pop()
        return instruments(engine)()

    def begin(folder):
        stores.append(Store.open(root, print))
        return Scan(stores[-1], ask(root, folder), load, print)

    queue = ScanQueue(begin, pace, end=lambda _: stores.pop().close())
    queue.request(root)
    outcome = queue.step()
    assert (outcome.state, outcome.failure) == (State.FAILED, "no model")
    assert run(queue) == []
    queue.request(root)
    assert run(queue)[-1] is State.DONE
