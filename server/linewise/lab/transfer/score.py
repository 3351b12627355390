"""Scoring sentences and answers with a probe that was trained on code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from attrs import evolve
from sklearn.model_selection import GroupKFold

from linewise.analysis.model_input import HEADER_TOKENS, WINDOW_TOKENS, Encoding
from linewise.lab.calibrate.scalers import fit
from linewise.lab.predictions import Level, Predictions
from linewise.lab.transfer.passages import Passage
from linewise.probe.calibration import Calibrator, log_odds, sigmoid

Floats = npt.NDArray[np.float64]
FOLDS = 5


class Target(Protocol):
    """What this needs of a target model."""

    def encode(self, text: str) -> Encoding: ...  # noqa: D102
    def hidden_states(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]: ...  # noqa: D102
    def surprisal(  # noqa: D102
        self, ids: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]: ...


class Head(Protocol):
    """What this needs of a probe."""

    def evidence(self, hidden: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...  # noqa: D102
    def logits(  # noqa: D102
        self, evidence: npt.NDArray[np.float32], member: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float32]: ...


Scored = tuple[Floats, float]
"""Logits of a passage's sentences (S,), nan beyond the window, and that of the whole answer."""


def probe_logits(passage: Passage, model: Target, probe: Head) -> Scored:
    """Read a passage like a unit whose header is the question."""
    ids, member = _window(passage, model)
    hidden = model.hidden_states(ids)[:, len(ids) - member.shape[1] :]
    evidence = probe.evidence(np.concatenate(list(hidden), axis=-1))
    kept = member.any(axis=1)
    found = np.full(len(member), np.nan)
    if not kept.any():
        return found, float("nan")
    logits = probe.logits(evidence, np.vstack((member[kept], member.any(axis=0))))
    found[kept] = logits[:-1]
    return found, float(logits[-1])


def doubt_logits(passage: Passage, model: Target) -> Scored:
    """Return the log-odds of 1 - the geometric mean of token probabilities: the baseline."""
    ids, member = _window(passage, model)
    logp = np.asarray(model.surprisal(ids)[0], np.float64)[len(ids) - member.shape[1] :]
    kept = member & np.isfinite(logp)
    known = np.nan_to_num(logp, nan=0.0)

    def doubt(rows: npt.NDArray[np.bool_]) -> Floats:
        count = rows.sum(axis=1)
        mean = rows @ known / np.maximum(count, 1)
        return np.where(count > 0, log_odds(1.0 - np.exp(mean)), np.nan)

    return doubt(kept), float(doubt(np.atleast_2d(kept.any(axis=0)))[0])


def collect(
    passages: Sequence[Passage],
    score: Callable[[Passage], Scored],
    *,
    method: str,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[Level, Predictions]:
    """Score passages: sentences at level line, answers at level unit; p is the bare sigmoid.

    Sentences beyond the model's window are left out.
    """
    lines: list[tuple[str, int, float, bool]] = []
    units: list[tuple[str, int, float, bool]] = []
    for number, passage in enumerate(passages):
        progress(number, len(passages))
        sentences, whole = score(passage)
        lines += [
            (passage.passage_id, at, float(logit), wrong)
            for at, (logit, wrong) in enumerate(zip(sentences, passage.wrong, strict=True))
        ]
        units.append((passage.passage_id, 0, whole, passage.is_wrong))
    progress(len(passages), len(passages))
    return {
        level: _table(rows, level, method)
        for level, rows in ((Level.LINE, lines), (Level.UNIT, units))
    }


def as_shipped(each: Predictions, calibrator: Calibrator) -> Predictions:
    """Read logits by the calibration that was fitted on code."""
    return _read(each, calibrator(_logits(each)), f"{each.method}, as on code")


def refitted(each: Predictions) -> Predictions:
    """Read logits by Platt scaling fitted on other passages of the same kind, fold by fold."""
    z, p = _logits(each), np.zeros(len(each))
    for chosen, rest in GroupKFold(FOLDS).split(z, groups=each.document):
        what = f"training passages of {each.title}"
        p[rest] = fit("platt", z[chosen], each.label[chosen], what)(z[rest])
    return _read(each, p, f"{each.method}, scaled anew")


def base_rate(each: Predictions) -> Predictions:
    """Answer the other folds' share of wrong items."""
    p = np.zeros(len(each))
    for chosen, rest in GroupKFold(FOLDS).split(p, groups=each.document):
        p[rest] = each.label[chosen].mean()
    return _read(each, p, "base rate")


def _window(passage: Passage, model: Target) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return token ids, question first, and which answer tokens make up each sentence (S, T)."""
    question = np.asarray(model.encode(passage.question + "\n").ids, np.int64)[-HEADER_TOKENS:]
    answer = model.encode(passage.answer)
    room = WINDOW_TOKENS - len(question)
    starts, ends = np.asarray(answer.starts)[:room], np.asarray(answer.ends)[:room]
    member = np.array([(starts < b) & (ends > a) for a, b in passage.sentences], bool)
    ids = np.concatenate((question, np.asarray(answer.ids, np.int64)[:room]))
    return ids, member.reshape(len(passage.sentences), len(starts))


def _table(rows: list[tuple[str, int, float, bool]], level: Level, method: str) -> Predictions:
    kept = [row for row in rows if np.isfinite(row[2])]
    document, position, logit, label = zip(*kept, strict=True) if kept else [()] * 4
    names = np.array(document, np.str_)
    z = np.array(logit, np.float64)
    return Predictions(
        method=method,
        split="natural language",
        intent="question",
        level=level,
        label=np.array(label, bool),
        p=sigmoid(z),
        document=names,
        position=np.array(position, np.int64),
        task=names,
        source=np.full(len(kept), "HaluEval"),
        generator=np.full(len(kept), "ChatGPT"),
        abstained=np.zeros(len(kept), bool),
        logit=z,
    )


def _logits(each: Predictions) -> Floats:
    assert each.logit is not None  # noqa: S101 - `collect` made it
    return each.logit


def _read(each: Predictions, p: Floats, method: str) -> Predictions:

    return evolve(each, p=p, method=method)
