"""The natural language in code: the words of identifiers, comments and strings, tagged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen

from linewise.rationale.taxonomy.document import Document
from linewise.rationale.taxonomy.nodes import Bools, Ints
from linewise.rationale.taxonomy.part_of_speech import Tagger
from linewise.rationale.taxonomy.profiles import UNKNOWN
from linewise.rationale.taxonomy.words import words


@frozen(eq=False)
class Words:
    """Words in text order: spans in code points, and positions in ``labels``; shape (W,)."""

    labels: tuple[str, ...]
    starts: Ints
    ends: Ints
    tags: Ints

    def first_in(self, starts: Ints, ends: Ints) -> Ints:
        """Return the label of the first word that each span shares a character with, or −1."""
        if not len(self.starts):
            return np.full(len(starts), -1)
        word = np.searchsorted(self.ends, starts, side="right")
        found = (word < len(self.ends)) & (starts < ends)
        word = np.minimum(word, len(self.ends) - 1)
        return np.where(found & (self.starts[word] < ends), self.tags[word], -1)


def tagged_words(
    document: Document,
    natural: Bools,
    within: tuple[int, int],
    tagger: Tagger,
    category: Mapping[str, str],
) -> Words:
    """Tag the words of the natural nodes that lie, or begin, ``within`` a stretch of the text.

    ``natural`` says for each node whether its own text is natural language; what lies in a node
    inside it (an escape, an interpolation) is not. ``category`` maps Penn tags to labels.
    """
    labels = tuple(dict.fromkeys((*category.values(), UNKNOWN)))
    position = {label: each for each, label in enumerate(labels)}
    starts, ends, tags = [], [], []
    for start, end in _stretches(document, natural, within):
        for first, last in words(document.text[start:end]):
            starts.append(start + first)
            ends.append(start + last)
            tag = tagger(document.text[start + first : start + last])
            tags.append(position[category.get(tag, UNKNOWN)])
    return Words(
        labels,
        np.array(starts, np.int64),
        np.array(ends, np.int64),
        np.array(tags, np.int64),
    )


def _stretches(
    document: Document, natural: Bools, within: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return the spans of characters whose innermost node is one and the same natural node."""
    inner = document.innermost
    cuts = np.concatenate(([0], np.flatnonzero(np.diff(inner)) + 1, [len(inner)]))
    starts, ends = cuts[:-1], cuts[1:]
    wanted = (starts < within[1]) & (ends > within[0])
    starts, ends = starts[wanted], ends[wanted]
    kept = natural[inner[starts]]
    return list(zip(starts[kept].tolist(), ends[kept].tolist(), strict=True))
