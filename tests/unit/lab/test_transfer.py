"""Prose: sentences and their labels, the probe's reading, scaling anew."""

import gzip
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.lab.evaluate.metrics import expected_calibration_error
from linewise.lab.evaluate.ranking import auc
from linewise.lab.predictions import Level
from linewise.lab.transfer.passages import read_passages
from linewise.lab.transfer.score import (
    as_shipped,
    base_rate,
    collect,
    doubt_logits,
    probe_logits,
    refitted,
)
from linewise.probe.calibration import Platt

ANSWER = "Water is wet. Fire is cold! See:\n- ice\n- steam"


def row(number=1, **changes):
    made = {
        "ID": str(number),
        "user_query": "What is water?",
        "chatgpt_response": ANSWER,
        "hallucination": "yes",
        "hallucination_spans": ["Fire is cold!"],
    }
    return {**made, **changes}


@pytest.fixture
def passages(tmp_path):
    def read(*rows):
        path = tmp_path / "nl.jsonl.gz"
        with gzip.open(path, "wt") as file:
            file.writelines(json.dumps(each) + "\n" for each in rows)
        return list(read_passages(path))

    return read


def test_sentences_end_at_punctuation_or_line(passages):
    (made,) = passages(row())
    assert [made.answer[a:b] for a, b in made.sentences] == [
        "Water is wet.",
        "Fire is cold!",
        "See:",
        "- ice",
        "- steam",
    ]
    assert made.wrong == (False, True, False, False, False)
    assert made.is_wrong


def test_spans_of_several_lines_are_placed_line_by_line(passages):
    (made,) = passages(row(hallucination_spans=["Water is wet.\n- steam", "Incomplete answer"]))
    assert made.wrong == (True, False, False, False, True)
    assert made.unplaced == 1


@given(st.text(max_size=60))
def test_sentences_cover_every_visible_character(text):
    from linewise.lab.transfer.passages import _SENTENCE

    spans = [match.span() for match in _SENTENCE.finditer(text)]
    covered = {at for a, b in spans for at in range(a, b)}
    assert all(not text[at].strip() for at in range(len(text)) if at not in covered)
    assert all(a < b for a, b in spans)


def test_bad_lines_and_empty_answers_are_skipped(passages):
    made = passages(row(1, chatgpt_response=" \n"), {"ID": "2"}, row(3))
    assert [each.passage_id for each in made] == ["3"]


class Characters:
    """A target model that marks exclamation marks, and a probe that looks for them."""

    def encode(self, text):
        class Encoding:
            ids = np.array([ord(each) for each in text], np.int64)
            starts = np.arange(len(text))
            ends = np.arange(len(text)) + 1

        return Encoding

    def hidden_states(self, ids):
        return (ids == ord("!")).astype(np.float32)[None, :, None]

    def surprisal(self, ids):
        logp = np.where(ids == ord("!"), -9.0, -0.1).astype(np.float32)
        logp[0] = np.nan
        return logp, -logp

    def evidence(self, hidden):
        return hidden

    def logits(self, evidence, member):
        pooled = np.where(member[:, :, None], evidence[None], -np.inf).max(axis=1)
        return (4 * pooled[:, 0] - 3).astype(np.float32)


def test_the_probe_reads_sentences_and_the_answer(passages):
    model = Characters()
    (made,) = passages(row(user_query="Loud!"))
    sentences, whole = probe_logits(made, model, model)
    assert sentences.tolist() == [-3, 1, -3, -3, -3]
    assert whole == 1
    doubt, _ = doubt_logits(made, model)
    assert int(doubt.argmax()) == 1


def test_what_lies_beyond_the_window_is_left_out(passages):
    model = Characters()
    (made,) = passages(row(chatgpt_response="Fire is cold! " + "x" * 600 + "\nlast"))
    sentences, whole = probe_logits(made, model, model)
    assert np.isfinite(sentences).tolist() == [True, True, False]
    assert whole == 1
    found = collect([made], lambda each: probe_logits(each, model, model), method="m")
    assert len(found[Level.LINE]) == 2


def test_scaling_anew_makes_the_code_probe_hold_on_prose(passages):
    model = Characters()
    loud = [row(n) for n in range(0, 80, 2)]
    calm = {"hallucination": "no", "hallucination_spans": []}
    quiet = [row(n, chatgpt_response="All is well. Yes.", **calm) for n in range(1, 81, 2)]
    found = collect(
        passages(*loud, *quiet), lambda each: probe_logits(each, model, model), method="m"
    )
    sentences = found[Level.LINE]
    assert auc(sentences.label, sentences.p) == 1
    on_code = as_shipped(sentences, Platt(1.0, -5.0, 0.01, 9))
    anew = refitted(sentences)
    error = expected_calibration_error
    assert error(anew.label, anew.p) < 0.05 < error(on_code.label, on_code.p)
    assert anew.method == "m, scaled anew"
    constant = base_rate(found[Level.UNIT])
    assert constant.p == pytest.approx(np.full(80, 0.5), abs=0.05)
