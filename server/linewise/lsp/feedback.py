"""Personal feedback in the editor: what is shown, saved and closed becomes observations.

Only documents of a repository count, and only clients that say when a document is saved.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from linewise.lsp.addresses import path_of
from linewise.lsp.documents import Document
from linewise.lsp.model import ModelHost
from linewise.lsp.outcome import Outcome
from linewise.results import LineScore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from linewise.workspace.calibration import Workspace
    from linewise.workspace.feedback import Episode, Observation, Seen


class FeedbackWatcher:
    """Follows each open document from its opening to its closing."""

    def __init__(self, host: ModelHost) -> None:
        self._host = host
        self._episodes: dict[str, Episode] = {}

    def opened(self, document: Document) -> None:
        """Begin to follow a document."""
        # Not before a document is opened: `initialize` is answered without it.
        from linewise.workspace.feedback import Episode

        self._episodes[document.uri] = Episode(document.text)

    def shown(self, outcome: Outcome) -> None:
        """Note what the user was shown of a document."""
        episode = self._episodes.get(outcome.document.uri)
        workspace = self._workspace(outcome.document.uri)
        if episode is not None and workspace is not None:
            episode.show(outcome.document.text, _seen(outcome, workspace.personal))

    def not_useful(self, outcome: Outcome, score: LineScore) -> None:
        """Learn that a line was looked at and needs no edit, though it was flagged."""
        from linewise.workspace.feedback import Observation

        document = outcome.document
        if (episode := self._episodes.get(document.uri)) is not None:
            episode.take(document.text, score.line)
        if (workspace := self._workspace(document.uri)) is not None:
            seen = _as_seen(score, workspace.personal, flagged=True)
            workspace.observe([Observation(seen, edited=False)])

    def saved(self, document: Document) -> None:
        """Learn from what was edited between two saves."""
        if (episode := self._episodes.get(document.uri)) is not None:
            self._learn(document.uri, episode.save(document.text, time.monotonic()))

    def closed(self, uri: str) -> None:
        """Learn from what was kept, and let go of the document."""
        if (episode := self._episodes.pop(uri, None)) is not None:
            self._learn(uri, episode.end())

    def close_all(self) -> None:
        """Let go of every document."""
        for uri in tuple(self._episodes):
            self.closed(uri)

    def _learn(self, uri: str, observations: Sequence[Observation]) -> None:
        if observations and (workspace := self._workspace(uri)) is not None:
            workspace.observe(observations)

    def _workspace(self, uri: str) -> Workspace | None:
        model = self._host.loaded
        return None if model is None else model.workspaces.of(path_of(uri))


def _seen(outcome: Outcome, personal: float) -> Iterator[tuple[int, Seen]]:
    flagged = {finding.line for finding in outcome.findings}
    for score in outcome.scored.lines:
        # What somebody reviewed was decided then.
        if score.line not in outcome.suppressed.reviewed:
            yield score.line, _as_seen(score, personal, flagged=score.line in flagged)


def _as_seen(score: LineScore, personal: float, *, flagged: bool) -> Seen:
    from linewise.workspace.feedback import Seen
    from linewise.workspace.odds import log_odds

    # Before the shift, or it would learn from its own effect.
    return Seen(float(log_odds(score.probability)) - personal, flagged, time.monotonic())
