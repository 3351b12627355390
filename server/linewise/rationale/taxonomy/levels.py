"""Labels of tokens: the result of tagging, and the tables that lead from node types to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from attrs import frozen
from tree_sitter import Language

from linewise.rationale.taxonomy.nodes import Bools, Ints
from linewise.rationale.taxonomy.profiles import UNKNOWN, Taxonomy


@frozen(eq=False)
class Level:
    """The labels of T tokens at one level of a profile.

    ``counts`` has shape (T, labels): how often a token has a label; a token may have several
    labels or none, as the profile says.
    """

    labels: tuple[str, ...]
    counts: Ints

    @property
    def members(self) -> Bools:
        """Whether a token has a label: shape (T, labels)."""
        return self.counts > 0

    def of(self, token: int) -> tuple[str, ...]:
        """Return the labels of one token."""
        return tuple(self.labels[each] for each in np.flatnonzero(self.counts[token]))


@frozen(eq=False)
class KindTable:
    """The label of every node type: ``of_kind`` maps ids of node types to positions in ``labels``.

    `Nodes` says which ids; node types without a label have the last one.
    """

    labels: tuple[str, ...]
    of_kind: Ints


def kind_table(
    language: Language, taxonomy: Taxonomy, table: Mapping[str, str], default: str
) -> KindTable:
    """Look every node type of a language up in a table of the taxonomy."""
    labels = (*dict.fromkeys(label for label in table.values() if label != default), default)
    position = {label: each for each, label in enumerate(labels)}
    found = [
        taxonomy.label(table, kind, named=named) or default for kind, named in node_types(language)
    ]
    return KindTable(labels, np.array([position[each] for each in found], np.int64))


@cache
def node_types(language: Language) -> tuple[tuple[str, bool], ...]:
    """Return (name, whether it is a node rather than a keyword) by id, ``ERROR`` last."""
    return (
        *(
            (language.node_kind_for_id(each) or "", language.node_kind_is_named(each))
            for each in range(language.node_kind_count)
        ),
        ("ERROR", True),
    )


def grouped(level: Level, group: Mapping[str, str]) -> Level:
    """Return the level of the groups: how often a token has a label of each."""
    of_label = [group.get(label, UNKNOWN) for label in level.labels]
    labels = tuple(dict.fromkeys((*group.values(), UNKNOWN)))
    onehot = np.array([[each == label for label in labels] for each in of_label], np.int64)
    return Level(labels, level.counts @ onehot)


def one_of(labels: tuple[str, ...], position: Ints) -> Level:
    """Return a level on which each token has the one label at ``position``, or none (−1)."""
    return Level(labels, (position[:, None] == np.arange(len(labels))).astype(np.int64))
