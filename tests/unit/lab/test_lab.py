"""The laboratory on small, made-up data: labels, folds, metrics, training."""

import gzip
import json

import numpy as np
import pytest
import torch
from attrs import evolve

from linewise.errors import LabDataError
from linewise.lab.activations.corpus import corpus_of
from linewise.lab.activations.store import ActivationStore
from linewise.lab.data import Intent, documents, read_programs
from linewise.lab.evaluate.metrics import auc, expected_calibration_error
from linewise.lab.training.fit import LOSSES, Recipe, Training, fit_platt, grouped_folds
from linewise.lab.training.heads import HEADS

PROBLEM = {
    "task_id": "T/0",
    "kind": "func",
    "prompt": 'def add(a, b):\n    """Add them."""\n',
    "entry_point": "add",
}
PATCH = {
    "sample_id": "s0",
    "task_id": "T/0",
    "dataset": "T",
    "model": "m",
    "fold": 0,
    "program": "def add(a, b):\n    c = a - b\n\n    # give\n    return c\n",
    "repaired_program": "def add(a, b):\n    c = a + b\n\n    # give\n    return c\n",
    "passing": False,
    "edited_lines": [2],
    "inserts": [],
    "flags": [],
}


@pytest.fixture
def data(tmp_path):
    def write(name, rows):
        with gzip.open(tmp_path / name, "wt") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    def make(*patches):
        write("problems.jsonl.gz", [PROBLEM])
        write("patches.jsonl.gz", [{**PATCH, **patch} for patch in patches])
        return list(read_programs(tmp_path))

    return make


def test_labels_are_the_edited_code_lines_and_words(data):
    (program,) = data({})
    document = documents(program, Intent.NONE)
    assert document.edited == {1}
    assert [document.text[a:b] for a, b in document.edited_spans] == ["-"]


def test_an_insertion_counts_for_the_next_code_line(data):
    (program,) = data(
        {
            "edited_lines": [],
            "inserts": [{"insert_before": 3, "n_lines": 1}],
            "repaired_program": "def add(a, b):\n    c = a - b\n    c += 0\n\n    # give\n"
            "    return c\n",
        }
    )
    assert program.edited == {4}


@pytest.mark.parametrize("intent", list(Intent))
def test_labels_move_with_the_intent(data, intent):
    document = documents(data({})[0], intent)
    lines = document.text.split("\n")
    assert [lines[line] for line in document.edited] == ["    c = a - b"]
    assert [document.text[a:b] for a, b in document.edited_spans] == ["-"]
    assert ("Add them." in document.text) == (intent is not Intent.NONE)
    compile(document.text, "x", "exec")


def test_unreliable_patches_are_left_out(data):
    assert len(data({}, {"flags": ["timeout"]}, {"flags": ["syntax_error"]})) == 1


def test_a_problem_is_never_on_both_sides():
    groups = [f"p{number % 7}" for number in range(50)]
    for chosen, rest in grouped_folds(groups, 3):
        assert not {groups[i] for i in chosen} & {groups[i] for i in rest}


@pytest.mark.parametrize("name", HEADS)
def test_ranges_read_as_membership_reads(name):
    torch.manual_seed(0)
    head = HEADS[name](torch.zeros(5), torch.ones(5), width=8).eval()
    evidence = torch.randn(9, 8)
    ranges = torch.tensor([[0, 3], [2, 9], [8, 9]])
    member = torch.zeros(3, 9, dtype=torch.bool)
    for row, (first, end) in enumerate(ranges.tolist()):
        member[row, first:end] = True
    found = head.read_ranges(evidence, ranges)
    assert torch.allclose(found, head.read(evidence, member), atol=1e-6)


class Model:
    """A target model whose hidden states say whether a character is a minus sign."""

    name, identity, layers, hidden_size = "m", "m-1", (1,), 4

    def encode(self, text):
        class Encoding:
            ids = np.array([ord(each) for each in text], np.int64)
            starts = np.arange(len(text))
            ends = np.arange(len(text)) + 1

        return Encoding

    def hidden_states(self, ids):
        noise = np.random.default_rng(int(ids.sum())).normal(size=(1, len(ids), 4))
        noise[0, :, 0] = ids == ord("-")
        return noise.astype(np.float32)


@pytest.fixture
def planted(data):
    """Sixty programs, half of them with a minus sign that the patch replaces."""
    right = {"passing": True, "program": PATCH["repaired_program"], "edited_lines": []}
    programs = data(*[{"sample_id": f"s{n}", **(right if n % 2 else {})} for n in range(60)])
    # Texts must differ: the store keeps each only once.
    return [
        documents(
            evolve(program, text=f"# {n}\n{program.text}", edited=_down(program)), Intent.NONE
        )
        for n, program in enumerate(programs)
    ]


def _down(program):
    return frozenset(line + 1 for line in program.edited)


@pytest.mark.parametrize(("head", "loss"), [*((head, "bce") for head in HEADS), ("max", "brier")])
def test_training_learns_a_planted_signal_and_calibrates(planted, tmp_path, head, loss):
    corpus = corpus_of(planted, ActivationStore(Model(), tmp_path))
    assert len(corpus.line_labels) == 60 * 3
    assert corpus.line_labels.sum() == 30
    assert corpus.pass_labels.sum() == 30
    training = Training(corpus, 0)
    recipe = Recipe(head=head, loss=loss, epochs=60, batch=8, learning_rate=0.01, dropout=0.0)
    logits = training.predict(training.heads(np.arange(40), recipe)).line
    assert auc(corpus.line_labels[120:], logits[120:]) > 0.95
    platt = fit_platt(logits, corpus.line_labels)
    assert expected_calibration_error(corpus.line_labels, platt(logits)) < 0.1


def test_losses_fall_towards_the_truth():
    labels = torch.tensor([1.0, 0.0, 0.0])
    for loss in LOSSES.values():
        right, wrong = loss(4 * (2 * labels - 1), labels), loss(4 * (1 - 2 * labels), labels)
        assert 0 <= right < wrong


def test_one_class_is_refused(planted, tmp_path):
    corpus = corpus_of(planted, ActivationStore(Model(), tmp_path))
    with pytest.raises(LabDataError, match="one class"):
        Training(corpus, 0).train(np.arange(1, 60, 2), Recipe())


def test_activations_are_computed_once_and_survive_a_kill(planted, tmp_path):
    corpus = corpus_of(planted, ActivationStore(Model(), tmp_path))
    store = ActivationStore(Model(), tmp_path)
    # What a killed run left behind the last text that the index names is overwritten.
    with (store.folder / "hidden.f16").open("ab") as file:
        file.write(b"half a text")
    heard = []
    again = corpus_of(planted, store, lambda done, of: heard.append((done, of)))
    assert heard == []
    assert np.array_equal(again.layer(0), corpus.layer(0))
    more = evolve(planted[0], text=planted[0].text + "print()\n")
    longer = corpus_of([*planted, more], store)
    assert np.array_equal(longer.layer(0)[: len(corpus.layer(0))], corpus.layer(0))
    assert len(longer.lines) == len(corpus.lines) + 4


def test_damaged_activations_are_refused(planted, tmp_path):
    class Damaged(Model):
        def hidden_states(self, ids):
            return np.full((1, len(ids), 4), np.nan, np.float32)

    with pytest.raises(LabDataError, match="not finite"):
        ActivationStore(Damaged(), tmp_path).fill([planted[0].text])
