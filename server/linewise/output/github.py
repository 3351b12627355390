"""A report as workflow commands, which GitHub Actions shows as annotations of the changed files."""

from __future__ import annotations

from linewise.analysis.lines import without_surrogates
from linewise.output.report import FileReport, Level, Report, ReportedLine, Status
from linewise.wording import edit_message

_COMMANDS = {Level.NOTE: "notice", Level.WARNING: "warning", Level.ERROR: "error"}


def render(report: Report) -> str:
    """Return one command a line: one per flagged line, file not checked and reason to fail."""
    commands = [command for file in report.files for command in _file(file, report)]
    commands += [command("error", reason, title="Linewise") for reason in report.failures]
    return without_surrogates("".join(f"{command}\n" for command in commands))


def _file(file: FileReport, report: Report) -> list[str]:
    if file.status is not Status.OK:
        level = "warning" if file.status is Status.SKIPPED else "error"
        return [command(level, f"Not checked: {file.reason}", file=file.name, title="Linewise")]
    return [_line(file, line, report) for line in file.flagged]


def _line(file: FileReport, line: ReportedLine, report: Report) -> str:
    return command(
        _COMMANDS[report.level(line)],
        edit_message(
            line.probability,
            report.calibration.base_rate,
            calibrated=line.calibrated,
            cell=line.cell,
        ),
        file=file.name,
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
