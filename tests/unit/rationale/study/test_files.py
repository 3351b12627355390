"""Study files and answers: round trips, and what is refused."""

import json
from copy import deepcopy

import cattrs
import pytest
from attrs import evolve

from linewise.rationale.study.files import (
    ANSWERS_FORMAT,
    StudyError,
    read_all_answers,
    read_answers,
    read_study,
    write_study,
)
from linewise.rationale.study.target import Target


@pytest.fixture
def path(study, tmp_path):
    write_study(study, tmp_path / "study.json")
    return tmp_path / "study.json"


@pytest.fixture
def saved(study, answers, tmp_path):
    """A function: the answers file after a change."""

    def saved(change):
        content = cattrs.unstructure(answers("Ada", p1=[0, 2], p2=[]))
        content = {"format": ANSWERS_FORMAT, "version": 1} | deepcopy(content)
        change(content)
        path = tmp_path / "answers.json"
        path.write_text(json.dumps(content))
        return path

    return saved


def test_a_study_is_read_as_written(study, path):
    assert read_study(path) == study
    assert read_study(path).sha256 == study.sha256


def test_the_hash_is_of_everything(study):
    changed = [
        evolve(study, question="What?"),
        evolve(study, seed=1),
        evolve(study, pieces=study.pieces[::-1]),
        evolve(study, pieces=(evolve(study.pieces[0], ids=(9, *study.pieces[0].ids[1:])),)),
    ]
    assert len({study.sha256, *(each.sha256 for each in changed)}) == 5


def test_white_space_and_predicted_tokens_cannot_be_marked(study):
    assert study.markable("p1") == {0, 1, 2, 3, 5}
    edit = evolve(study, target=Target.EDIT)
    assert edit.markable("p1") == {0, 1, 2, 3, 5, 6}


def test_a_changed_study_is_refused(path):
    path.write_text(path.read_text().replace("Which?", "What?"))
    with pytest.raises(StudyError, match="changed since it was exported"):
        read_study(path)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "not a file of the format linewise-study"),
        ('{"format": "linewise-study-answers", "version": 1}', "not a file of the format"),
        ('{"format": "linewise-study", "version": 2}', "version 2"),
        ('{"format": "linewise-study", "version": 1}', "not as docs/study.md describes"),
    ],
)
def test_what_is_no_study_is_refused(tmp_path, content, wrong):
    path = tmp_path / "study.json"
    path.write_text(content)
    with pytest.raises(StudyError, match=wrong):
        read_study(path)


def test_answers_are_read(study, saved):
    found = read_answers(saved(lambda content: None), study)
    assert found.participant == "Ada"
    assert found.pieces["p1"].marked == (0, 2)
    assert found.pieces["p2"].given


def test_one_name_stands_for_one_person(study, saved):
    path = saved(lambda content: None)
    assert len(read_all_answers([path], study)) == 1
    with pytest.raises(StudyError, match="are both of 'Ada'"):
        read_all_answers([path, path], study)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda c: c.update(study="f" * 64), "answers to another study"),
        (lambda c: c.update(participant=" "), "names no participant"),
        (lambda c: c["pieces"].update(p9=c["pieces"]["p1"]), "no piece 'p9'"),
        (lambda c: c["pieces"]["p1"].update(marked=[4]), "cannot be marked"),
        (lambda c: c["pieces"]["p1"].update(marked=[-1]), "cannot be marked"),
        (lambda c: c["pieces"]["p1"].update(marked=[2, 2]), "one twice"),
        (lambda c: c["pieces"]["p1"].update(none=True), "says that none would help"),
        (lambda c: c["pieces"]["p1"].update(rating=6), "not 1 to 5"),
        (lambda c: c["pieces"]["p1"].update(marked=["0"]), "not as docs/study.md describes"),
        (lambda c: c["pieces"]["p1"].update(marked=[True]), "not as docs/study.md describes"),
        (lambda c: c.update(pieces={}), "no piece was answered"),
        (lambda c: c.update(pieces=[]), "not as docs/study.md describes"),
    ],
)
def test_answers_that_do_not_fit_are_refused(study, saved, change, wrong):
    with pytest.raises(StudyError, match=wrong):
        read_answers(saved(change), study)
