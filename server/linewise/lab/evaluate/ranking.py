"""Metrics of ranking: how soon a reader who goes by probability meets the edited lines.

Items of equal probability are met in random order, in expectation: a constant prediction earns
what chance earns, whatever the order of the file.
"""

from __future__ import annotations

import numpy as np

from linewise.lab.evaluate.sample import Floats, Metric, Sample

INSPECTED = 0.2
"""The share of lines inspected, or of edited lines found, at which effort is read off."""


def _auc(sample: Sample, weights: Floats) -> Floats:
    edited = sample.per_tie(weights * sample.labels)
    clean = sample.per_tie(weights * (1.0 - sample.labels))
    below = clean.sum(axis=1, keepdims=True) - np.cumsum(clean, axis=1)
    pairs = (edited * (below + 0.5 * clean)).sum(axis=1)
    return np.asarray(pairs / (edited.sum(axis=1) * clean.sum(axis=1)))


def _average_precision(sample: Sample, weights: Floats) -> Floats:
    edited, count = sample.per_tie(weights * sample.labels), sample.per_tie(weights)
    precision = np.cumsum(edited, axis=1) / np.cumsum(count, axis=1)
    # A run that no resample drew has neither precision nor weight.
    area = (np.nan_to_num(precision) * edited).sum(axis=1)
    return np.asarray(area / edited.sum(axis=1))


def _recall_at_effort(sample: Sample, weights: Floats) -> Floats:
    edited, count = sample.per_tie(weights * sample.labels), sample.per_tie(weights)
    return _read_off(count, edited)


def _effort_at_recall(sample: Sample, weights: Floats) -> Floats:
    edited, count = sample.per_tie(weights * sample.labels), sample.per_tie(weights)
    return _read_off(edited, count)


def _read_off(spent: Floats, gained: Floats) -> Floats:
    """Return which share of ``gained`` is in when the share `INSPECTED` of ``spent`` is.

    Both are (R, K), run by run. Within a run, gain is proportional to expense.
    """
    target = INSPECTED * spent.sum(axis=1)
    used = np.cumsum(spent, axis=1)
    at = np.minimum((used < target[:, None]).sum(axis=1), used.shape[1] - 1)
    rows = np.arange(len(spent))
    part = 1.0 - (used[rows, at] - target) / spent[rows, at]
    total = np.cumsum(gained, axis=1)[rows, at] - (1.0 - part) * gained[rows, at]
    return np.asarray(total / gained.sum(axis=1))


def _initial_false_alarms(sample: Sample, weights: Floats) -> Floats:
    """Return the mean over documents with an edit of the clean lines met before the first edit."""
    # Ascending by document, then from the most probable: ties of a document stand together.
    order = np.lexsort((-sample.p, sample.document))
    document, p, labels = sample.document[order], sample.p[order], sample.labels[order]
    same = (document[1:] == document[:-1]) & (p[1:] == p[:-1])
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    edited = np.add.reduceat(labels, starts)
    clean = np.add.reduceat(1.0 - labels, starts)
    owner = document[starts]
    before = np.cumsum(clean) - clean
    opens = np.concatenate(([True], owner[1:] != owner[:-1]))
    before -= np.repeat(before[opens], np.diff(np.append(np.flatnonzero(opens), len(owner))))
    hits = np.flatnonzero(edited > 0)
    _, first = np.unique(owner[hits], return_index=True)
    run = hits[first]
    # k edited among m clean lines in random order: m / (k + 1) clean ones come first.
    alarms = before[run] + clean[run] / (edited[run] + 1.0)
    weight = weights[:, order[starts[run]]]
    return np.asarray(weight @ alarms / weight.sum(axis=1))


def _area_under_risk_coverage(sample: Sample, weights: Floats) -> Floats:
    order = np.argsort(-np.abs(sample.p - 0.5), kind="stable")
    count = weights[:, order]
    loss = np.square(sample.p - sample.labels)[order]
    risk = np.cumsum(count * loss, axis=1) / np.cumsum(count, axis=1)
    area = (np.nan_to_num(risk) * count).sum(axis=1)
    return np.asarray(area / count.sum(axis=1))


auc = Metric("AUC", higher=True, compute=_auc)
average_precision = Metric("AP", higher=True, compute=_average_precision)
recall_at_effort = Metric("recall@20 %LOC", higher=True, compute=_recall_at_effort)
effort_at_recall = Metric("effort@20 %recall", higher=False, compute=_effort_at_recall)
initial_false_alarms = Metric("IFA", higher=False, compute=_initial_false_alarms)
area_under_risk_coverage = Metric("AURC", higher=False, compute=_area_under_risk_coverage)

RANKING: dict[str, Metric] = {
    "ap": average_precision,
    "recall_20_loc": recall_at_effort,
    "effort_20_recall": effort_at_recall,
    "ifa": initial_false_alarms,
    "aurc": area_under_risk_coverage,
}
