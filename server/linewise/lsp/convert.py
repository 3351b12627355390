"""Where results become protocol types: builtin types, finite numbers, the client's positions.

A numpy scalar or a NaN in a payload would leave the request without any answer, so every number
that leaves the server passes through `finite`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from linewise.analysis.lines import LineTable, PositionEncoding
from linewise.errors import LinewiseError
from linewise.results import Finding, Severity
from linewise.wording import edit_message, with_reason

if TYPE_CHECKING:
    from linewise.analysis.ignore_comments import Edit

SOURCE = "linewise"
CODE = "edit-risk"
_SEVERITIES = {
    Severity.HINT: types.DiagnosticSeverity.Hint,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}


def finite(value: float) -> float:
    """Return ``value`` as a builtin float.

    Raises
    ------
    LinewiseError
        If it is infinite or not a number.
    """
    number = float(value)
    if not math.isfinite(number):
        raise LinewiseError(
            "the model gave a number that is not finite; pull it again with "
            "`linewise models pull --force`"
        )
    return number


def diagnostic(
    finding: Finding,
    table: LineTable,
    base_rate: float,
    encoding: PositionEncoding,
    *,
    reason: str | None = None,
    more: int = 0,
    href: str | None = None,
    related: Sequence[types.DiagnosticRelatedInformation] | None = None,
) -> types.Diagnostic:
    """Return the diagnostic that shows ``finding``; ``data`` is for code actions and editors.

    ``more`` is how many lines the file's cap left out, for the last of its diagnostics; ``href``
    what explains the code, ``related`` the places that weigh most.
    """
    probability = finite(finding.probability)
    message = edit_message(probability, finite(base_rate), calibrated=finding.calibrated)
    return types.Diagnostic(
        range=finding_range(finding, table, encoding),
        severity=_SEVERITIES[finding.severity],
        code=CODE,
        code_description=None if href is None else types.CodeDescription(href),
        source=SOURCE,
        message=with_reason(message, reason, more),
        related_information=related,
        data={
            "probability": probability,
            "baseRate": finite(base_rate),
            "rank": int(finding.rank),
            "unit": finding.unit,
            "band": finding.band.value,
            "fingerprint": finding.fingerprint,
        },
    )


def text_edit(edit: Edit, table: LineTable, encoding: PositionEncoding) -> types.TextEdit:
    """Return an edit in the client's units."""
    area = types.Range(
        types.Position(*table.position(edit.start, encoding)),
        types.Position(*table.position(edit.end, encoding)),
    )
    return types.TextEdit(area, edit.text)


def finding_range(finding: Finding, table: LineTable, encoding: PositionEncoding) -> types.Range:
    """Return the range of a finding in the client's units."""
    start = table.starts[finding.line]
    return types.Range(
        types.Position(*table.position(start + finding.start, encoding)),
        types.Position(*table.position(start + finding.end, encoding)),
    )


def line_range(line: int, table: LineTable, encoding: PositionEncoding) -> types.Range:
    """Return the range of a 0-based line, without the blanks around it, in the client's units."""
    content, start = table.content(line), table.starts[line]
    blanks = len(content) - len(content.lstrip())
    return types.Range(
        types.Position(*table.position(start + blanks, encoding)),
        types.Position(*table.position(start + max(len(content.rstrip()), blanks), encoding)),
    )


def offsets(area: types.Range, table: LineTable, encoding: PositionEncoding) -> tuple[int, int]:
    """Return the offsets of a client's range, clamped to the document."""
    return (
        table.offset(area.start.line, area.start.character, encoding),
        table.offset(area.end.line, area.end.character, encoding),
    )
