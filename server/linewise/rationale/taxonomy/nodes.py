"""A syntax tree as arrays: what turns questions about thousands of tokens into array arithmetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.syntax import Syntax

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_ERROR_KIND = 0xFFFF


@frozen(eq=False)
class Nodes:
    """The visible nodes of a tree in pre-order, the root first; all arrays have shape (N,).

    ``kinds`` are ids of node types in the tree's language (`ERROR` nodes have the id after the
    last), ``starts`` and ``ends`` offsets in code points, ``parents`` indices (the root is its
    own), and ``nexts`` the index after a node's last descendant.
    """

    kinds: Ints
    starts: Ints
    ends: Ints
    parents: Ints
    nexts: Ints

    @property
    def leaves(self) -> Bools:
        """Which nodes have no children."""
        childless: Bools = self.nexts == np.arange(len(self.nexts)) + 1
        return childless

    def innermost(self, length: int) -> Ints:
        """Return the innermost node at each of ``length`` characters; the root if in none."""
        # A text is cut wherever a node starts or ends. On entering a node, that node is
        # innermost, on leaving it its parent; of what happens at one offset, the last holds.
        index = np.arange(len(self.kinds))
        offsets = np.concatenate((self.starts, self.ends))
        holders = np.concatenate((index, self.parents))
        # Pre-order of events: a node is entered at its index and left after its last descendant,
        # inner nodes before outer ones.
        turn = np.concatenate((index * 2 + 1, self.nexts * 2))
        inner_first = np.concatenate((index, -index))
        order = np.lexsort((inner_first, turn))
        offsets, holders = offsets[order], holders[order]
        at = np.searchsorted(offsets, np.arange(length), side="right") - 1
        return np.where(at >= 0, holders[at], 0)

    def around(self, labels: Ints, count: int, at: Ints) -> Ints:
        """Count, for each node ``at``, the nodes of each label among it and its ancestors.

        Returns shape (A, ``count``).
        """
        counts = np.empty((len(at), count), np.int64)
        bins = len(labels) + 1
        for label in range(count):
            of = np.flatnonzero(labels == label)
            opened = np.bincount(of, minlength=bins)
            closed = np.bincount(self.nexts[of], minlength=bins)
            counts[:, label] = np.cumsum(opened - closed)[at]
        return counts

    def nearest(self, marked: Bools) -> Ints:
        """Return the nearest marked node among a node and its ancestors, the root if none is."""
        up = np.where(marked, np.arange(len(marked)), self.parents)
        # Each step doubles how far a node looks.
        while not np.array_equal(further := up[up], up):
            up = further
        return up


def walk(syntax: Syntax) -> Nodes:
    """Read a tree once, without recursion: trees of generated code are thousands deep."""
    kinds, starts, ends, parents = [], [], [], []
    nexts: list[int] = []
    path: list[int] = []
    cursor = syntax.tree.walk()
    more = True
    while more and (node := cursor.node) is not None:
        kinds.append(node.kind_id)
        starts.append(node.start_byte)
        ends.append(node.end_byte)
        parents.append(path[-1] if path else 0)
        nexts.append(len(nexts) + 1)
        if cursor.goto_first_child():
            path.append(len(kinds) - 1)
            continue
        more = cursor.goto_next_sibling()
        while path and not more:
            cursor.goto_parent()
            nexts[path.pop()] = len(nexts)
            more = cursor.goto_next_sibling()
    ids = np.array(kinds, np.int64)
    ids[ids == _ERROR_KIND] = syntax.tree.language.node_kind_count
    return Nodes(
        ids,
        syntax.offsets(np.array(starts, np.int64)),
        syntax.offsets(np.array(ends, np.int64)),
        np.array(parents, np.int64),
        np.array(nexts, np.int64),
    )
