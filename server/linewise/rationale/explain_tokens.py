"""From weights by the model's tokens to tokens and categories of the text they were read from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.rationale.attribution import Attribution
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.explanation import CategoryShare, Predicted, WeighedToken
from linewise.rationale.line_input import LineInput
from linewise.rationale.statistics.aggregators import Floats, aggregate, shares
from linewise.rationale.taxonomy.categories import NoCategories, categorize

Ints = npt.NDArray[np.int64]


@frozen(eq=False)
class _Spans:
    """Spans (n,) of the text in reading order, with the weight and the group of each."""

    starts: Ints
    ends: Ints
    weights: Floats
    groups: Ints


def tokens_and_categories(
    text: ExplainedText, read: LineInput, found: Attribution
) -> tuple[tuple[WeighedToken, ...], tuple[CategoryShare, ...], str | None]:
    """Return the weighed tokens, the categories, and why there are none of these.

    Weights of several targets are means over them, a token that stands behind one counting as 0
    for it. Tokens without a weight for any target are left out. Shares are of absolute weight.
    """
    spans = _spans(read, found)
    if isinstance(text.document, NoCategories):
        return _tokens(read, spans), (), text.document.reason
    tagged = categorize(text.document, spans.starts, spans.ends)
    level, groups = tagged["category"], tagged["group"]
    labels = [level.of(number)[0] for number in range(len(spans.starts))]
    tokens = _tokens(read, spans, labels)
    part = shares(aggregate(spans.weights, level.members, "absolute sum"))
    if not part.any():
        return tokens, (), "no token weighs anything"
    signed = aggregate(spans.weights, level.members, "sum")
    group_of = {label: groups.of(number)[0] for number, label in enumerate(labels)}
    categories = [
        CategoryShare(name, group_of[name], float(share), float(weight), int(count))
        for name, share, weight, count in zip(
            level.labels, part, signed, level.members.sum(axis=0), strict=True
        )
        if count
    ]
    return tokens, tuple(sorted(categories, key=lambda each: -each.share)), None


def predicted_tokens(
    read: LineInput, places: npt.ArrayLike, found: Attribution
) -> tuple[Predicted, ...]:
    """Return the rationales of the tokens at ``places`` in terms of the text, if there are any."""
    if not found.rationales:
        return ()

    def tokens(places: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[WeighedToken, ...]:
        chosen = np.asarray(places, np.int64)
        gains = np.asarray(weights, np.float64)
        return _tokens(read, _Spans(read.starts[chosen], read.ends[chosen], gains, chosen))

    targets = tokens(places, np.zeros(len(found.rationales)))
    return tuple(
        Predicted(
            token.text,
            token.line,
            token.column,
            rationale.reached_argmax,
            tokens(rationale.places, rationale.gains),
        )
        for token, rationale in zip(targets, found.rationales, strict=True)
    )


def _spans(read: LineInput, found: Attribution) -> _Spans:
    """Return the text's tokens: those of the model that overlap are one, as bytes of one emoji."""
    places = np.flatnonzero(~np.isnan(found.weights).all(axis=0))
    means = np.nan_to_num(found.weights[:, places]).mean(axis=0)
    # What was weighed together for one target only says nothing of the mean over several.
    groups = found.groups[0, places] if len(found.groups) == 1 else places
    order = np.lexsort((read.ends[places], read.starts[places]))
    starts: list[int] = []
    ends: list[int] = []
    weights: list[float] = []
    numbers: list[int] = []
    for at in order.tolist():
        start, end = int(read.starts[places[at]]), int(read.ends[places[at]])
        if starts and start < ends[-1]:
            ends[-1] = max(ends[-1], end)
            weights[-1] += float(means[at])
        else:
            starts.append(start)
            ends.append(end)
            weights.append(float(means[at]))
            numbers.append(int(groups[at]))
    return _Spans(np.array(starts), np.array(ends), np.array(weights), np.array(numbers))


def _tokens(
    read: LineInput, spans: _Spans, labels: list[str] | None = None
) -> tuple[WeighedToken, ...]:
    table = read.table
    found = []
    for number, (start, end) in enumerate(
        zip(spans.starts.tolist(), spans.ends.tolist(), strict=True)
    ):
        line = table.line_at(start)
        found.append(
            WeighedToken(
                table.text[start:end],
                line,
                start - table.starts[line],
                float(spans.weights[number]),
                int(spans.groups[number]),
                labels[number] if labels is not None else "",
            )
        )
    return tuple(found)
