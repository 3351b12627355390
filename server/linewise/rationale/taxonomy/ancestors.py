r"""CodeQ's tagging: a token has the categories of all nodes around it.

After arXiv 2503.16771 (papers.md §1.5). A node counts for a token if its span contains the
token's, or is the token's less its first character (a byte-pair token begins with the space before
the word). White space matched by ``\s+(?=\w)|\t|\n`` adds *indentation* to the tokens that touch
it; the first word in a token of an identifier, a comment or a string adds its part of speech. The
published test also takes a neighbour for the token if the two read the same (the second of ``))``
for the first), which we take for an accident and leave out.
"""

from __future__ import annotations

import re

import numpy as np

from linewise.rationale.taxonomy.document import Document
from linewise.rationale.taxonomy.levels import Level, kind_table
from linewise.rationale.taxonomy.natural import Words
from linewise.rationale.taxonomy.nodes import Bools, Ints, Nodes
from linewise.rationale.taxonomy.profiles import UNKNOWN, Taxonomy

_INDENTATION = re.compile(r"\s+(?=\w)|\t|\n")


def categories(
    document: Document, starts: Ints, ends: Ints, taxonomy: Taxonomy, words: Words | None
) -> Level:
    """Count the categories of each token's nodes, and that of its word if words are given."""
    nodes = document.nodes
    table = kind_table(document.language, taxonomy, taxonomy.category, UNKNOWN)
    label = table.of_kind[nodes.kinds]
    around, covered = _covering(document, starts, ends)
    counts = nodes.around(label, len(table.labels), around) * covered[:, None]
    # The token less its first character: a run of nodes of one span, each the parent of the next.
    inner, inside = _covering(document, starts + 1, ends)
    inside &= (
        (ends - starts > 1) & (nodes.starts[inner] == starts + 1) & (nodes.ends[inner] == ends)
    )
    outer = nodes.nearest(~_as_parent(nodes))[inner]
    run = nodes.around(label, len(table.labels), inner)
    run -= nodes.around(label, len(table.labels), outer)
    run[np.arange(len(outer)), label[outer]] += 1
    counts += run * inside[:, None]
    counts[:, table.labels.index("indentation")] += _touches_indentation(
        document.text, starts, ends
    )
    level = Level(table.labels, counts)
    return level if words is None else _with_words(level, words, starts, ends)


def _covering(document: Document, starts: Ints, ends: Ints) -> tuple[Ints, Bools]:
    """Return the smallest node that covers each span, and whether there is one."""
    nodes, length = document.nodes, len(document.text)
    if not length:
        return np.zeros(len(starts), np.int64), np.zeros(len(starts), bool)
    node = document.innermost[np.minimum(starts, length - 1)]
    # At a node's end the innermost node is that of the next character already, so what does not
    # cover a span ends too early; the root has no parent to go on to.
    short = np.flatnonzero((nodes.ends[node] < ends) & (node > 0))
    while len(short):
        node[short] = nodes.parents[node[short]]
        short = short[(nodes.ends[node[short]] < ends[short]) & (node[short] > 0)]
    return node, (nodes.starts[node] <= starts) & (nodes.ends[node] >= ends)


def _as_parent(nodes: Nodes) -> Bools:
    """Return which nodes have the span of their parent."""
    outer = nodes.parents
    same: Bools = (nodes.starts == nodes.starts[outer]) & (nodes.ends == nodes.ends[outer])
    same[0] = False
    return same


def _touches_indentation(text: str, starts: Ints, ends: Ints) -> Bools:
    found = np.zeros(len(text) + 1, np.int64)
    for match in _INDENTATION.finditer(text):
        found[match.start() + 1 : match.end() + 1] = 1
    before = np.cumsum(found)
    touches: Bools = before[ends] > before[starts]
    return touches


def _with_words(level: Level, words: Words, starts: Ints, ends: Ints) -> Level:
    labels = tuple(dict.fromkeys((*level.labels, *words.labels)))
    counts = np.zeros((len(starts), len(labels)), np.int64)
    counts[:, : len(level.labels)] = level.counts
    column = np.array([labels.index(label) for label in words.labels])
    natural = [level.labels.index(each) for each in ("identifier", "comment", "string")]
    first = words.first_in(starts, ends)
    tagged = np.flatnonzero((first >= 0) & level.members[:, natural].any(axis=1))
    counts[tagged, column[first[tagged]]] += 1
    return Level(labels, counts)
