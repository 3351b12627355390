"""What the client hears after a document was scored: a summary, and each line's score if asked."""

from __future__ import annotations

import math

from attrs import evolve

from linewise.lsp.client import Client
from linewise.lsp.convert import finite
from linewise.lsp.outcome import Outcome
from linewise.results import Omission
from linewise.wording import omitted

SUMMARY = "linewise/fileSummary"
LINE_SCORES = "linewise/lineScores"


class Scores:
    """Tells a client of each outcome."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def scored(self, outcome: Outcome) -> None:
        """Send `linewise/fileSummary` and, to a client that wants it, `linewise/lineScores`."""
        self._summarize(outcome)
        if self._client.options.line_scores:
            self._detail(outcome)

    def _summarize(self, outcome: Outcome) -> None:
        threshold, lines = outcome.settings.status_threshold, outcome.scored.lines
        self._client.notify(
            SUMMARY,
            {
                "uri": outcome.document.uri,
                "version": outcome.document.version,
                "above": sum(line.probability >= threshold for line in lines),
                "threshold": threshold,
                "flagged": len(outcome.findings),
                "codeLines": len(lines),
                "omissions": [omitted(_placed(each)) for each in outcome.scored.omissions],
            },
        )

    def _detail(self, outcome: Outcome) -> None:
        self._client.notify(
            LINE_SCORES,
            {
                "uri": outcome.document.uri,
                "version": outcome.document.version,
                "baseRate": finite(outcome.scored.base_rate),
                "threshold": finite(outcome.bands.threshold),
                "lines": [
                    {
                        "line": int(each.line),
                        "probability": finite(each.probability),
                        "calibrated": bool(each.calibrated),
                        "band": outcome.band(each).value,
                        "reviewed": each.line in outcome.suppressed.reviewed,
                    }
                    for each in outcome.scored.lines
                    if math.isfinite(each.probability)
                ],
            },
        )


def _placed(omission: Omission) -> Omission:
    return evolve(omission, names=tuple(f"line {name}" for name in omission.names))
