"""One category per token: that of the innermost node, where most of the token lies.

A character has the category of its innermost node, white space outside natural language that of
*indentation*. A token has the category of most of its characters that are not white space; of
two equal shares, that of the first of them. A token of white space only has the category of its
first character, and an empty one is *excluded*.
The first character of the category chosen stands for the token: its statement is the token's.

A leaf that hangs in an `ERROR` node itself, a piece that the parser could not place, has the
category *errors*; what it did parse within the stretch keeps its own.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from linewise.rationale.taxonomy.document import Document
from linewise.rationale.taxonomy.levels import kind_table
from linewise.rationale.taxonomy.nodes import Bools, Ints
from linewise.rationale.taxonomy.profiles import UNKNOWN, Taxonomy

OUTSIDE = "none"
"""The statement of what stands in none: blank lines and comments between them."""


@frozen(eq=False)
class Leaves:
    """For each token its category and statement, and the character that stands for it.

    ``category`` and ``statement`` are positions in the labels beside them; ``character`` is -1 for
    empty tokens.
    """

    categories: tuple[str, ...]
    category: Ints
    statements: tuple[str, ...]
    statement: Ints
    character: Ints


def leaves(document: Document, starts: Ints, ends: Ints, taxonomy: Taxonomy) -> Leaves:
    """Find each token's category and statement."""
    categories, of_character = _categories(document, taxonomy)
    character, category = _representatives(document, starts, ends, of_character, len(categories))
    category[character < 0] = categories.index("excluded")
    statements = kind_table(document.language, taxonomy, taxonomy.statement, OUTSIDE)
    label = statements.of_kind[document.nodes.kinds]
    outside = len(statements.labels) - 1
    nearest = document.nodes.nearest(label != outside)
    node = document.innermost[character] if len(document.text) else np.zeros_like(character)
    statement = np.where(character < 0, outside, label[nearest[node]])
    return Leaves(categories, category, statements.labels, statement, character)


def _categories(document: Document, taxonomy: Taxonomy) -> tuple[tuple[str, ...], Ints]:
    """Return the labels and, for each character, its category's position among them."""
    nodes = document.nodes
    table = kind_table(document.language, taxonomy, taxonomy.category, UNKNOWN)
    label = table.of_kind[nodes.kinds]
    errors, comment = table.labels.index("errors"), table.labels.index("comment")
    unplaced = nodes.leaves & (label[nodes.parents] == errors) & (label != comment)
    of_character = np.where(unplaced, errors, label)[document.innermost]
    blank = document.blank & ~natural_nodes(document, taxonomy)[document.innermost]
    of_character[blank] = table.labels.index("indentation")
    return table.labels, of_character


def natural_nodes(document: Document, taxonomy: Taxonomy) -> Bools:
    """Return for each node whether its text is natural language."""
    table = kind_table(document.language, taxonomy, dict.fromkeys(taxonomy.natural, "natural"), "")
    natural: Bools = table.of_kind[document.nodes.kinds] == 0
    return natural


def _representatives(
    document: Document, starts: Ints, ends: Ints, of_character: Ints, count: int
) -> tuple[Ints, Ints]:
    """Return the character that stands for each token, and the category it brings."""
    lengths = ends - starts
    token = np.repeat(np.arange(len(starts)), lengths)
    place = np.arange(len(token)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    character = np.repeat(starts, lengths) + place
    seen = ~document.blank[character]
    only_blank = np.bincount(token[seen], minlength=len(starts)) == 0
    counted = seen | (only_blank[token] & (place == 0))
    token, character = token[counted], character[counted]
    category = of_character[character]
    votes = np.bincount(token * count + category, minlength=len(starts) * count).reshape(-1, count)
    leading = votes[token, category] == votes.max(axis=1, initial=0)[token]
    # Characters come in order, so the first of each token that may stand for it is the first here.
    tokens, first = np.unique(token[leading], return_index=True)
    chosen = np.full(len(starts), -1)
    chosen[tokens] = character[leading][first]
    found = np.zeros(len(starts), np.int64)
    found[tokens] = category[leading][first]
    return chosen, found
