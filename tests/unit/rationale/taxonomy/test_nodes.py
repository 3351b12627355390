"""The arrays against the tree walked recursively."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.syntax import parse
from linewise.rationale.taxonomy.nodes import walk

FRAGMENTS = [
    "def f(x):\n",
    "    return x\n",
    "if (a",
    ")",
    " + 'é😀'",
    "# ü\n",
    "\r",
    "\n",
    " ",
    "f'{a}'",
]
sources = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)


def reference(syntax):
    """Pre-order list of (node, path of ancestor indices)."""
    found = []

    def visit(node, path):
        found.append((node, path))
        here = len(found) - 1
        for child in node.children:
            visit(child, (*path, here))

    visit(syntax.tree.root_node, ())
    return found


@given(sources)
def test_nodes_are_those_of_the_tree(text):
    syntax = parse(text)
    nodes, expected = walk(syntax), reference(syntax)
    assert list(zip(nodes.starts, nodes.ends, strict=True)) == [
        syntax.span(node) for node, _ in expected
    ]
    assert nodes.parents.tolist() == [path[-1] if path else 0 for _, path in expected]
    assert nodes.leaves.tolist() == [node.child_count == 0 for node, _ in expected]
    descendants = [sum(index in path for _, path in expected) for index in range(len(expected))]
    assert nodes.nexts.tolist() == [at + 1 + each for at, each in enumerate(descendants)]


@given(sources)
def test_the_innermost_node_is_the_deepest_that_holds_the_character(text):
    syntax = parse(text)
    nodes, expected = walk(syntax), reference(syntax)
    for offset, found in enumerate(nodes.innermost(len(text)).tolist()):
        holding = [
            (len(path), index)
            for index, (node, path) in enumerate(expected)
            if syntax.span(node)[0] <= offset < syntax.span(node)[1]
        ]
        assert found == max(holding, default=(0, 0))[1]


@given(sources, st.integers(0, 2**32 - 1))
def test_ancestors_are_counted_and_found(text, seed):
    syntax = parse(text)
    nodes, expected = walk(syntax), reference(syntax)
    labels = np.random.default_rng(seed).integers(0, 3, len(expected))
    lines = [(*path, index) for index, (_, path) in enumerate(expected)]
    counts = nodes.around(labels, 3, np.arange(len(expected)))
    assert counts.tolist() == [
        [int((labels[list(line)] == label).sum()) for label in range(3)] for line in lines
    ]
    nearest = nodes.nearest(labels == 0)
    assert nearest.tolist() == [
        next((each for each in reversed(line) if labels[each] == 0), 0) for line in lines
    ]


def test_depth_is_no_limit():
    depth = 20_000
    text = "(" * depth + ")" * depth
    nodes = walk(parse(text))
    assert len(nodes.kinds) > depth
    assert len(nodes.innermost(len(text))) == len(text)
    assert nodes.nearest(nodes.leaves & False).tolist() == [0] * len(nodes.kinds)
