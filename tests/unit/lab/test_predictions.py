"""The form predictions have: labels from the documents, refusals by name, a round trip."""

import numpy as np
import pytest

from linewise.errors import LabDataError
from linewise.lab.data import Document, Program
from linewise.lab.predictions import Level, Scores, attach, load

TEXT = "import os\n\n\ndef f(a):\n    return a\n\n\ndef g(a):\n    return -a\n"


def document(number, edited=frozenset({4})):
    program = Program(
        sample_id=f"s{number}",
        task_id=f"T/{number}",
        dataset="T",
        generator="m",
        fold=0,
        text=TEXT,
        repaired=TEXT,
        passing=False,
        edited=edited,
        intent="",
        entry_point=None,
    )
    return Document(program, TEXT, edited, ())


def attached(scores, level=Level.LINE, documents=None):
    return attach(
        scores,
        documents or [document(0), document(1, frozenset())],
        method="m",
        split="s",
        intent="none",
        level=level,
    )


def test_labels_come_from_the_documents():
    made = attached(Scores([0, 0, 1], [4, 8, 4], [0.5, 0.25, 0.5]))
    assert made.label.tolist() == [True, False, False]
    assert made.task.tolist() == ["T/0", "T/0", "T/1"]
    assert not made.abstained.any()


def test_a_unit_is_edited_if_a_line_of_it_is():
    made = attached(Scores([0, 0, 0, 1], [0, 3, 7, 3], [0.5] * 4), Level.UNIT)
    assert made.label.tolist() == [False, True, False, False]


def test_tokens_bring_their_labels():
    made = attached(Scores([0, 0], [0, 7], [0.1, 0.2], label=np.array([0, 1], bool)), Level.TOKEN)
    assert made.label.tolist() == [False, True]
    with pytest.raises(LabDataError, match="must carry their labels"):
        attached(Scores([0], [0], [0.1]), Level.TOKEN)


@pytest.mark.parametrize("bad", [np.nan, -0.1, 1.1, np.inf])
def test_what_is_no_probability_is_refused_by_name(bad):
    with pytest.raises(LabDataError, match=r"m, s, intent none, level line: 1 of 2.*s1 at 4"):
        attached(Scores([0, 1], [4, 4], [0.5, bad]))


def test_an_item_predicted_twice_is_refused():
    with pytest.raises(LabDataError, match="predicted twice"):
        attached(Scores([0, 0], [4, 4], [0.5, 0.5]))


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(LabDataError, match="differ in length"):
        attached(Scores([0, 0], [4, 8], [0.5, 0.5], abstained=np.zeros(3, bool)))


@pytest.mark.parametrize("logit", [None, [-1.0, 2.0]])
def test_a_file_says_what_was_saved(tmp_path, logit):
    made = attached(Scores([0, 1], [4, 4], [0.5, 0.25], logit=logit))
    made.save(tmp_path / "new" / "a.npz")
    again = load(tmp_path / "new" / "a.npz")
    assert again.title == made.title
    assert again.document.tolist() == made.document.tolist()
    assert np.array_equal(again.p, made.p)
    assert (again.logit is None) == (logit is None)
    assert again.take(again.label).p.tolist() == [0.5]


def test_another_file_is_refused_by_name(tmp_path):
    (tmp_path / "a.npz").write_text("no")
    with pytest.raises(LabDataError, match=r"a\.npz: not a file of predictions"):
        load(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", p=np.zeros(2))
    with pytest.raises(LabDataError, match=r"b\.npz: not a file of predictions"):
        load(tmp_path / "b.npz")
