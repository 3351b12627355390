"""Taxonomies: data in ``PROFILE/LANGUAGE.toml``, read into frozen classes.

A file has ``[categories]`` (category → node types), ``[groups]`` (group → categories) and, where
the profile knows statements, ``[statements]`` (kind of statement → node types). ``natural`` lists
the node types whose text is natural language. ``extends`` names a file of the same profile whose
entries this one adds to and, type by type, overrides.

A node type is written as tree-sitter prints it: ``name`` means the node and the keyword of that
name, ``(name)`` the node only, and wins over ``name``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

import cattrs
from attrs import Factory, frozen

from linewise.errors import LinewiseError

UNKNOWN = "unknown"
"""The category, and the group, of what a taxonomy does not name."""


class Profile(StrEnum):
    """A way to read categories off a syntax tree."""

    CODEQ = "codeq"
    """As published (arXiv 2503.16771): a token has the categories of all nodes around it."""

    COMPLETE = "complete"
    """Every node type has a category, and every token has one: that of its innermost node."""


@frozen
class Taxonomy:
    """Node types by category, the categories by group; read-only tables.

    ``category`` and ``statement`` map node types to labels, ``group`` maps categories to groups.
    """

    category: Mapping[str, str]
    group: Mapping[str, str]
    statement: Mapping[str, str]
    natural: frozenset[str]

    def label(self, labels: Mapping[str, str], kind: str, *, named: bool) -> str | None:
        """Return the label of a node type in one of the tables above, or None."""
        if named and f"({kind})" in labels:
            return labels[f"({kind})"]
        return labels.get(kind)


@frozen
class _File:
    extends: str | None = None
    natural: tuple[str, ...] = ()
    categories: dict[str, tuple[str, ...]] = Factory(dict)
    groups: dict[str, tuple[str, ...]] = Factory(dict)
    statements: dict[str, tuple[str, ...]] = Factory(dict)


def profile_named(name: str) -> Profile:
    """Return a profile by name.

    Raises
    ------
    LinewiseError
        If there is none of that name.
    """
    try:
        return Profile(name)
    except ValueError:
        known = ", ".join(Profile)
        raise LinewiseError(
            f"there is no category profile {name!r}; choose one of: {known}"
        ) from None


@cache
def taxonomy(profile: Profile, language: str) -> Taxonomy:
    """Return the taxonomy of a language that `grammars` knows, or of ``english``.

    English maps Penn Treebank tags, as the others map node types.
    """
    path = files(__package__).joinpath(profile.value, f"{language}.toml")
    converter = cattrs.Converter(forbid_extra_keys=True)
    own = converter.structure(tomllib.loads(path.read_text("utf-8")), _File)
    parent = taxonomy(profile, own.extends) if own.extends else Taxonomy({}, {}, {}, frozenset())
    return Taxonomy(
        category={**parent.category, **_inverted(own.categories)},
        group={**parent.group, **_inverted(own.groups)},
        statement={**parent.statement, **_inverted(own.statements)},
        natural=parent.natural | set(own.natural),
    )


def _inverted(table: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Map members to their label; the first label that claims a member has it."""
    inverted: dict[str, str] = {}
    for label, members in table.items():
        for member in members:
            inverted.setdefault(member, label)
    return inverted
