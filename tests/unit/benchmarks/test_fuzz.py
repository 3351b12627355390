"""A bounded run of the fuzz target: the same inputs every time; the long run is `make fuzz`."""

from benchmarks.fuzz.run import fuzz
from benchmarks.fuzz.states import FILES

INPUTS = 24 * FILES


def test_random_inputs_have_no_fault():
    outcome = fuzz(INPUTS, 1, print)
    assert outcome.faults == []
    assert outcome.inputs["texts"] > outcome.inputs["edits"] > outcome.inputs["states"] == 2 * FILES
    assert outcome.inputs.total() >= INPUTS


def test_a_fault_is_counted_and_named(monkeypatch):
    def broken(subjects, random):
        raise ValueError("broken")

    monkeypatch.setattr("benchmarks.fuzz.run.check_edits", broken)
    heard = []
    outcome = fuzz(8 * FILES, 1, heard.append)
    assert len(outcome.faults) == outcome.inputs["edits"]
    assert all("ValueError: broken" in fault for fault in outcome.faults)
    assert outcome.figures["fault_count"] == len(outcome.faults)
    assert any("broken" in each for each in heard)
