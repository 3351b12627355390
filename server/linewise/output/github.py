"""A report as workflow commands, which GitHub Actions shows as annotations of the changed files."""

from __future__ import annotations

from linewise.analysis.lines import without_surrogates
from linewise.output.report import FileReport, Report, ReportedLine, Status
from linewise.wording import edit_message


def render(report: Report) -> str:
    """Return one command a line: a notice per flagged line, a warning per file not checked."""
    base_rate = report.calibration.base_rate
    commands = [command for file in report.files for command in _file(file, base_rate)]
    return without_surrogates("".join(f"{command}\n" for command in commands))


def _file(file: FileReport, base_rate: float) -> list[str]:
    if file.status is not Status.OK:
        level = "warning" if file.status is Status.SKIPPED else "error"
        return [command(level, f"Not checked: {file.reason}", file=file.path, title="Linewise")]
    return [_line(file, line, base_rate) for line in file.flagged]


def _line(file: FileReport, line: ReportedLine, base_rate: float) -> str:
    return command(
        "notice",
        edit_message(line.probability, base_rate, calibrated=line.calibrated),
        file=file.path,
        line=str(line.line),
        col=str(line.column),
        endColumn=str(line.end_column),
        title="Linewise: will this line be edited?",
    )


def command(name: str, message: str, **properties: str) -> str:
    """Write a workflow command; what would end a property or the command is escaped."""
    listed = ",".join(f"{key}={_escape(value, ':,')}" for key, value in properties.items())
    return f"::{name} {listed}::{_escape(message)}"


def _escape(text: str, also: str = "") -> str:
    special = "%\r\n" + also
    return "".join(f"%{ord(each):02X}" if each in special else each for each in text)
