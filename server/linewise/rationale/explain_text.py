"""A text whose lines are explained: what is read off it once, whatever line is asked about."""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePath

from attrs import field, frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.problems.find import NO_NAMES, problems
from linewise.analysis.problems.problem import Problem
from linewise.analysis.syntax import Syntax, parse
from linewise.languages import is_python
from linewise.rationale.noise.reformatting import random_style, reformat
from linewise.rationale.noise.renaming import rename_locals
from linewise.rationale.noise.rewrites import Rewrite, RewriteError
from linewise.rationale.taxonomy.categories import NoCategories, read_text
from linewise.rationale.taxonomy.document import Document
from linewise.rationale.taxonomy.grammars import grammar_for, grammar_named

_PYTHON = "python"


def language_of(path: PurePath, text: str | None = None) -> str:
    """Return the language of a file: the suffix itself if what that stands for is unknown.

    What says in its first line that Python runs it is Python, as when it is scored; what has no
    suffix is, as long as nobody knows its ``text``.
    """
    if is_python(path, text or "") or (text is None and not path.suffix):
        return _PYTHON
    if (grammar := grammar_for(path)) is not None:
        return grammar.name
    return path.suffix[1:].lower() or "plain text"


@frozen(eq=False)
class Rewritten:
    """A harmless rewrite; ``lines`` as in `Rewrite.lines`."""

    text: ExplainedText
    lines: tuple[int, ...]


@frozen(eq=False, slots=False)
class ExplainedText:
    """A text in the language that Linewise or an editor calls ``language``.

    Units and code lines are those of Python whatever the language, as when it is scored; its
    categories are its own. ``names`` are defined for it elsewhere.
    """

    text: str = field(repr=False)
    language: str = _PYTHON
    names: frozenset[str] = NO_NAMES
    _rewrites: dict[int, Rewritten | RewriteError | None] = field(
        factory=dict, init=False, repr=False
    )

    @property
    def is_python(self) -> bool:
        """Whether the language is the one that probes are trained on."""
        grammar = grammar_named(self.language)
        return grammar is not None and grammar.name == _PYTHON

    @cached_property
    def syntax(self) -> Syntax:
        """The syntax tree, read as Python."""
        return parse(self.text)

    @cached_property
    def code(self) -> frozenset[int]:
        """The 0-based lines that hold code."""
        return frozenset(code_lines(self.syntax))

    @cached_property
    def document(self) -> Document | NoCategories:
        """What categories are read from, or why there are none."""
        return read_text(self.text, self.language)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What is known to be wrong, by line; nothing of other languages than Python."""
        return problems(self.text, self.names) if self.is_python else ()

    def rewrite(self, seed: int) -> Rewritten | None:
        """Return a harmless rewrite of a Python text, None if that one changes nothing.

        Even seeds rename local variables, odd ones reformat. A rewrite is made once.

        Raises
        ------
        RewriteError
            If this one cannot be proved harmless.
        """
        if seed not in self._rewrites:
            self._rewrites[seed] = self._rewritten(seed)
        found = self._rewrites[seed]
        if isinstance(found, RewriteError):
            raise found
        return found

    def _rewritten(self, seed: int) -> Rewritten | RewriteError | None:
        try:
            found: Rewrite = (
                reformat(self.text, random_style(seed))
                if seed % 2
                else rename_locals(self.text, seed=seed)
            )
        except RewriteError as error:
            return error
        if found.text == self.text:
            return None
        return Rewritten(ExplainedText(found.text, self.language, self.names), found.lines)
