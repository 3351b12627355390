"""Renaming of local variables: α-renaming that is proved on the syntax trees, or not done.

A name qualifies only if, in every scope of the text where it occurs, the compiler's own symbol
table says that it is a local variable of a function. Then replacing it everywhere by a word that
the text does not contain cannot capture or release anything, and comparing the two trees proves
that the text was replaced where it had to be, and nowhere else.

Code can still see names through reflection: text that uses `locals()`, `eval()` and the like is
left alone, but `inspect` and the messages of errors are not accounted for.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import symtable
from collections.abc import Iterator
from itertools import count

import numpy as np

from linewise.analysis.lines import LineTable
from linewise.lab.patches.donors import renamed
from linewise.rationale.noise.rewrites import Rewrite, RewriteError, parsed, same

_WORDS = """
item value data result entry node total index key left right current output buffer offset limit
state token amount part source target first last step size name found other group record field
"""
_REFLECTION = frozenset({"locals", "vars", "dir", "eval", "exec"})


def rename_locals(text: str, *, seed: int = 0, parameters: bool = False) -> Rewrite:
    """Return ``text`` with its local variables renamed to words drawn by ``seed``.

    ``parameters`` too are renamed if asked: that keeps behaviour only as long as nobody outside
    the text passes them by keyword, which no look at the text can tell; within the text, those
    that any call names are left. Nested functions and classes keep their names, and so do
    variables whose name begins with an underscore. Lines stay where they are.

    Raises
    ------
    RewriteError
        If the text does not parse, or no renaming could be proved to keep it.
    """
    tree = parsed(text)
    names = _named(sorted(_local_names(text, tree, parameters)), text, seed)

    def proved(some: dict[str, str]) -> bool:
        return same(tree, parsed(renamed(text, some)), some)

    if not proved(names):
        # A way of binding that the renaming does not know, or an f-string that prints a name.
        names = {old: new for old, new in names.items() if proved({old: new})}
    if not proved(names):
        raise RewriteError("these names cannot be renamed together; leave the code as it is")
    lines = tuple(range(len(LineTable(text))))
    return Rewrite(renamed(text, names) if names else text, lines, names)


def _local_names(text: str, tree: ast.Module, parameters: bool) -> set[str]:
    """Return the names that are local variables of functions in every scope they occur in."""
    by_keyword = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    local: set[str] = set()
    other: set[str] = set()
    for table in _tables(symtable.symtable(text, "<text>", "exec")):
        for symbol in table.get_symbols():
            within = table.get_type() == "function" and symbol.is_local()
            # The comparison of trees would refuse these too, but only one name at a time.
            shown = symbol.is_imported() or symbol.is_namespace()
            fixed = symbol.is_parameter() and not parameters
            if symbol.is_free() or (within and not shown and not fixed):
                local.add(symbol.get_name())
            else:
                other.add(symbol.get_name())
    if other & _REFLECTION:
        return set()
    found = local - other - by_keyword
    return {name for name in found if name.isidentifier() and not name.startswith("_")}


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _named(names: list[str], text: str, seed: int) -> dict[str, str]:
    """Return a new word for each name; none that the text or the language knows."""
    taken = {*re.findall(r"\w+", text), *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
    words = np.random.default_rng(seed).permutation(_WORDS.split()).tolist()
    numbered = (f"{word}{number}" for number in count(2) for word in words)
    fresh = (word for source in (words, numbered) for word in source if word not in taken)
    return dict(zip(names, fresh, strict=False))
