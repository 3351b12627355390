"""All mutations of a program, and an order that tries every kind before repeating one."""

from __future__ import annotations

import ast
import hashlib
import random
import warnings
from collections import defaultdict
from collections.abc import Iterator

from linewise.lab.mutations import expressions, statements
from linewise.lab.mutations.mutation import Mutation, Source, walk

_OPERATORS = (
    expressions.operators,
    expressions.constants,
    expressions.off_by_one,
    expressions.variables,
    expressions.calls,
    expressions.attributes,
    expressions.slices,
    expressions.conditions,
    statements.dropped,
    statements.returns,
    statements.placement,
    statements.jumps,
)
_RARELY = {"dropped import": 0.2, "missing return": 0.3, "extra condition": 0.5}
"""Kinds that are trivial to see, or rarely a model's, come later: weights beside the others' 1."""


def mutations(text: str) -> list[Mutation]:
    """Return every mutation of a program, each once, in the order of the text."""
    source = Source.of(text)
    found = {
        mutation: None
        for node in walk(source.syntax.tree.root_node)
        for operator in _OPERATORS
        for mutation in operator(source, node)
        if mutation.apply(text) != text
    }
    return sorted(found, key=lambda each: (each.start, each.end, each.kind, each.replacement))


def mutants(text: str) -> Iterator[tuple[Mutation, str]]:
    """Yield mutations with the program each makes, kinds and lines taking turns.

    Drawn with the program itself as the seed, so that a second run yields the same. Programs that
    do not parse or parse to the same tree as the original or an earlier mutant are left out.
    """
    original = _tree(text)
    if original is None:
        return
    generator = random.Random(hashlib.sha256(text.encode()).digest())  # noqa: S311 - no secret
    by_kind = defaultdict(list)
    for mutation in mutations(text):
        by_kind[mutation.kind].append(mutation)
    for kind in by_kind.values():
        generator.shuffle(kind)
    seen = {original}
    touched: set[int] = set()
    while by_kind:
        order = sorted(
            by_kind,
            key=lambda each: generator.random() ** (1 / _RARELY.get(each, 1.0)),
            reverse=True,
        )
        for name in order:
            # A line that was not mutated yet, if this kind has one.
            choice = by_kind[name]
            fresh = (
                n for n, each in enumerate(choice) if text.count("\n", 0, each.start) not in touched
            )
            mutation = choice.pop(next(fresh, len(choice) - 1))
            if not choice:
                del by_kind[name]
            mutant = mutation.apply(text)
            tree = _tree(mutant)
            if tree is not None and tree not in seen:
                seen.add(tree)
                touched.add(text.count("\n", 0, mutation.start))
                yield mutation, mutant


def _tree(text: str) -> str | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
