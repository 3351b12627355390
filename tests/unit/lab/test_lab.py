"""The laboratory on small, made-up data: labels, folds, metrics, training."""

import gzip
import json

import numpy as np
import pytest
import torch

from linewise.lab.data import Intent, documents, read_programs
from linewise.lab.embed import embed
from linewise.lab.evaluate.metrics import auc, expected_calibration_error
from linewise.lab.fit import Recipe, fit_platt, grouped_folds, predict, train_head
from linewise.lab.heads import MaxPoolHead

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


def test_ranges_read_as_membership_reads():
    torch.manual_seed(0)
    head = MaxPoolHead(torch.zeros(5), torch.ones(5), width=4).eval()
    evidence = torch.randn(9, 4)
    ranges = torch.tensor([[0, 3], [2, 9], [8, 9]])
    member = torch.zeros(3, 9, dtype=torch.bool)
    for row, (first, end) in enumerate(ranges.tolist()):
        member[row, first:end] = True
    assert torch.allclose(head.read_ranges(evidence, ranges), head.read(evidence, member))


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


def test_training_learns_a_planted_signal_and_calibrates(data, tmp_path):
    right = {"passing": True, "program": PATCH["repaired_program"], "edited_lines": []}
    programs = data(*[{"sample_id": f"s{n}", **(right if n % 2 else {})} for n in range(60)])
    docs = [documents(program, Intent.NONE) for program in programs]
    corpus = embed(docs, Model(), tmp_path)
    assert len(corpus.line_labels) == 60 * 3
    assert corpus.line_labels.sum() == 30
    again = embed(docs, Model(), tmp_path)
    assert np.array_equal(again.hidden, corpus.hidden)
    head = train_head(corpus, np.arange(40), Recipe(layer=0, epochs=40, batch=8))
    logits = predict(head, corpus, 0).line
    assert auc(corpus.line_labels[120:], logits[120:]) > 0.95
    platt = fit_platt(logits, corpus.line_labels)
    assert expected_calibration_error(corpus.line_labels, platt(logits)) < 0.1
