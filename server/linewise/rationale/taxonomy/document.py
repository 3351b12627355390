"""A parsed text, read for its categories: what does not depend on the tokens asked about."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import frozen
from tree_sitter import Language

from linewise.analysis.syntax import Syntax
from linewise.rationale.taxonomy.grammars import Grammar
from linewise.rationale.taxonomy.nodes import Bools, Ints, Nodes, walk

# Unicode has no white space beyond the ideographic space.
_BLANK = np.array([code for code in range(0x3001) if chr(code).isspace()], np.uint32)


@frozen(eq=False, slots=False)
class Document:
    """A text with its tree; ``text`` is as `Syntax` cleaned it, offsets are code points."""

    text: str
    grammar: Grammar
    language: Language
    nodes: Nodes

    @cached_property
    def innermost(self) -> Ints:
        """The innermost node at each character."""
        return self.nodes.innermost(len(self.text))

    @cached_property
    def blank(self) -> Bools:
        """Which characters are white space."""
        codes = np.frombuffer(self.text.encode("utf-32-le"), np.uint32)
        return np.isin(codes, _BLANK)


def read(syntax: Syntax, grammar: Grammar) -> Document:
    """Read a text that was parsed with ``grammar``."""
    return Document(syntax.lines.text, grammar, syntax.tree.language, walk(syntax))
