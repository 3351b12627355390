"""The programming languages whose tokens have categories, and where their grammars come from."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import PurePath

from attrs import frozen
from tree_sitter import Language


@frozen
class Grammar:
    """A tree-sitter grammar: ``package.function()`` makes it.

    ``suffixes`` are those of its files, ``aliases`` what editors call the language besides
    ``name``.
    """

    name: str
    package: str
    suffixes: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    function: str = "language"


GRAMMARS = {
    grammar.name: grammar
    for grammar in (
        Grammar("python", "tree_sitter_python", (".py", ".pyi", ".pyw")),
        Grammar(
            "javascript",
            "tree_sitter_javascript",
            (".js", ".jsx", ".mjs", ".cjs"),
            ("javascriptreact",),
        ),
        Grammar(
            "typescript",
            "tree_sitter_typescript",
            (".ts", ".mts", ".cts"),
            function="language_typescript",
        ),
        Grammar(
            "tsx",
            "tree_sitter_typescript",
            (".tsx",),
            ("typescriptreact",),
            "language_tsx",
        ),
        Grammar("java", "tree_sitter_java", (".java",)),
    )
}
"""By name."""

_BY_NAME = {name: each for each in GRAMMARS.values() for name in (each.name, *each.aliases)}
_BY_SUFFIX = {suffix: each for each in GRAMMARS.values() for suffix in each.suffixes}


def grammar_named(language: str) -> Grammar | None:
    """Return the grammar of a language as Linewise or an editor names it, or None."""
    return _BY_NAME.get(language.lower())


def grammar_for(path: PurePath) -> Grammar | None:
    """Return the grammar that a file's suffix stands for, or None."""
    return _BY_SUFFIX.get(path.suffix.lower())


@cache
def load(grammar: Grammar) -> Language:
    """Return the tree-sitter language; its package is imported by the first call."""
    return Language(getattr(import_module(grammar.package), grammar.function)())
