"""`textDocument/codeAction`: what can be done about a flagged line, and about a whole file.

The client's own diagnostics say which lines are meant: they move with the text while it is typed,
and carry in ``data`` what the server has to know. Clients that drop ``data`` get the actions of the
version that was scored last, if that is the one they show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve, frozen
from lsprotocol import types

from linewise.lsp.client import Client
from linewise.lsp.configuration import Configuration
from linewise.lsp.convert import SOURCE, text_edit
from linewise.lsp.documents import Document, Documents
from linewise.lsp.outcome import Outcome, place
from linewise.lsp.review import (
    ACCEPT_FILE,
    ADD_TO_BASELINE,
    IGNORE,
    MARK_REVIEWED,
    NOT_USEFUL,
)
from linewise.lsp.scoring import Scorer
from linewise.lsp.what_if import WHAT_IF
from linewise.settings import IgnorePlace

ACCEPT_ALL = "source.acceptAll.linewise"
OPTIONS = types.CodeActionOptions(
    code_action_kinds=(types.CodeActionKind.QuickFix, ACCEPT_ALL), resolve_provider=False
)
SHOW_EXPLANATION = "linewise.showExplanation"
SHOW_WHAT_IF = "linewise.whatIf"
COPY = "linewise.copyMarkdown"
"""Commands that a client may say it executes itself (`Options.client_commands`)."""


class CodeActions:
    """Answers `textDocument/codeAction` from what is known; computes nothing but edits."""

    def __init__(
        self,
        client: Client,
        documents: Documents,
        scorer: Scorer,
        configuration: Configuration,
    ) -> None:
        self._client = client
        self._documents = documents
        self._scorer = scorer
        self._configuration = configuration

    def at(self, params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
        """Return the actions for the flagged lines of a range, and for the document."""
        document = self._documents.get(params.text_document.uri)
        if document is None:
            return []
        only = params.context.only
        found = [each for each in self._found(document, params) if _wanted(each, only)]
        if self._client.takes_literals:
            return list(found)
        return [each.command for each in found if each.command is not None]

    def _found(
        self, document: Document, params: types.CodeActionParams
    ) -> Iterator[types.CodeAction]:
        outcome = self._scorer.known(document)
        shown = _shown(outcome, params)
        for line, diagnostics in shown.items():
            which = "this line" if len(shown) == 1 else f"line {line + 1}"
            container = "file" if document.cell is None else "cell"
            about = _About(document.uri, line, which, container, diagnostics)
            yield from self._of_line(document, about)
        if outcome is not None:
            yield from _taken_back(outcome, params.range.start.line, self._scorer)
            if outcome.findings:
                title = f"Linewise: accept all lines shown in this {outcome.container}"
                yield _action(title, ACCEPT_ALL, ACCEPT_FILE, {"uri": document.uri})

    def _of_line(self, document: Document, about: _About) -> Iterator[types.CodeAction]:
        executes = self._client.options.client_commands
        if SHOW_EXPLANATION in executes:
            yield about.action("explain {}", SHOW_EXPLANATION, about.uri, about.line)
        yield about.action("mark {} as reviewed", MARK_REVIEWED, about.place | {"reviewed": True})
        yield about.action("not useful: {} needs no edit", NOT_USEFUL, about.place)
        settings = self._configuration.of(document.path)
        if settings.ignore_in is IgnorePlace.COMMENT:
            yield from self._comments(document, about)
        else:
            yield from _ignoring(document, about)
        yield about.action("add {} to the baseline", ADD_TO_BASELINE, about.place)
        if SHOW_WHAT_IF in executes:
            yield about.action("what if {} were removed?", SHOW_WHAT_IF, about.uri, about.line)
        else:
            asked = about.place | {"replacement": None, "show": True}
            yield about.action("what if {} were removed?", WHAT_IF, asked)
        if COPY in executes:
            yield about.action("copy {} as Markdown", COPY, about.uri, about.line)

    def _comments(self, document: Document, about: _About) -> Iterator[types.CodeAction]:
        from linewise.analysis.ignore_comments import Scope, ignore_edit

        for scope, title in _SCOPES.items():
            edit = ignore_edit(document.syntax, about.line, Scope(scope))
            if edit is None:
                continue
            change = text_edit(edit, document.table, self._client.encoding)
            yield types.CodeAction(
                title=f"Linewise: {title.format(about.which, about.container)}",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=about.diagnostics,
                edit=self._client.workspace_edit(document.uri, document.version, change),
            )


_SCOPES = {
    "line": "ignore {}",
    "function": "ignore the function around {}",
    "file": "ignore this {1}",
}


@frozen
class _About:
    """A flagged line: what it and its file are called, and the diagnostics its actions are for."""

    uri: str
    line: int
    which: str
    container: str
    diagnostics: tuple[types.Diagnostic, ...]

    @property
    def place(self) -> dict[str, Any]:
        return {"uri": self.uri, "line": self.line}

    def action(self, title: str, command: str, *arguments: Any) -> types.CodeAction:
        """Return a quick fix that executes a command."""
        return evolve(
            _action(
                f"Linewise: {title.format(self.which, self.container)}",
                types.CodeActionKind.QuickFix,
                command,
                *arguments,
            ),
            diagnostics=self.diagnostics or None,
        )


def _action(title: str, kind: str, command: str, *arguments: Any) -> types.CodeAction:
    return types.CodeAction(
        title=title, kind=kind, command=types.Command(title, command, arguments=arguments)
    )


def _wanted(action: types.CodeAction, only: Sequence[str] | None) -> bool:
    """Whether the client asked for an action's kind, or for one that it is a part of."""
    kind = str(getattr(action.kind, "value", action.kind))
    asked = [str(getattr(each, "value", each)) for each in only or ()]
    return not asked or any(kind == each or kind.startswith(f"{each}.") for each in asked)


def _shown(
    outcome: Outcome | None, params: types.CodeActionParams
) -> dict[int, tuple[types.Diagnostic, ...]]:
    """Return the flagged lines of the range, with the diagnostics that the client has of them."""
    sent = [each for each in params.context.diagnostics if each.source == SOURCE]
    if sent or outcome is None:
        return {each.range.start.line: (each,) for each in sent}
    lines = range(params.range.start.line, params.range.end.line + 1)
    return {each.line: () for each in outcome.findings if each.line in lines}


def _ignoring(document: Document, about: _About) -> Iterator[types.CodeAction]:
    """Ignore outside the repository."""
    from linewise.analysis.ignore_comments import function_at

    for scope, title in _SCOPES.items():
        if scope != "function" or function_at(document.syntax, about.line) is not None:
            about = evolve(about, container=_whole(document))
            yield about.action(title, IGNORE, about.place | {"scope": scope, "ignored": True})


def _whole(document: Document) -> str:
    """Return what a decision about all of a document is about."""
    return "file" if document.cell is None else "notebook"


def _taken_back(outcome: Outcome, line: int, scorer: Scorer) -> Iterator[types.CodeAction]:
    """Take back what was decided about a line, its function or its file."""
    if line not in outcome.prints:
        return
    known = outcome.prints.of(line)
    score = outcome.scored.line(line)
    where = place(outcome.document)
    decided = scorer.suppressions.decisions(where).of(where.name)
    about = _About(outcome.document.uri, line, "this line", _whole(outcome.document), ())
    if known & decided.reviewed:
        yield about.action(
            "show {} again, reviewed or not", MARK_REVIEWED, about.place | {"reviewed": False}
        )
    for scope, holds in (
        ("line", bool(known & decided.ignored)),
        ("function", score is not None and score.unit in decided.ignored_units),
        ("file", decided.whole_file),
    ):
        if holds:
            asked = about.place | {"scope": scope, "ignored": False}
            yield about.action(f"no longer {_SCOPES[scope]}", IGNORE, asked)
