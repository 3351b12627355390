"""A report for the person at the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from linewise.output.report import FileReport, Report, ReportedLine, SpanReport, Status
from linewise.results import Unshown
from linewise.wording import percent

SOURCE_CHARS = 300
"""What is shown of a line at most; a terminal cuts earlier."""
_BAR = "▇"
_BAR_CELLS = 8
_TAB_CELLS = 4
_CAUSES = {
    Unshown.COMMENT: "ignored by a comment",
    Unshown.IGNORED: "ignored by decision",
    Unshown.BASELINE: "in the baseline",
    Unshown.REVIEWED: "reviewed",
    Unshown.UNCHANGED: "not changed since {}",
    Unshown.SEVERITY: "below the minimum severity",
    Unshown.CAP: "beyond the number shown per file (--max-findings-per-file)",
}


def render(report: Report) -> Iterator[Text]:
    """Yield the lines to print; those with code are to be cut at the terminal's width."""
    span = report.span
    for file in report.files:
        if file.status is not Status.OK:
            style = "yellow" if file.status is Status.SKIPPED else "red"
            yield _heading(file).append(f"  {file.status}: {visible(file.reason or '')}", style)
            yield Text()
        elif file.lines and span is None:
            yield _heading(file)
            width = max(len(line.place) for line in file.lines)
            yield from (_line(line, width) for line in file.lines)
            if file.hidden:
                yield Text(f"  … {file.hidden} more, see --max-findings-per-file", "dim")
            yield Text()
    if span is not None:
        yield _span(span)
    else:
        yield from _summary(report)
    yield from (Text(f"Failed: {visible(reason)}", "bold red") for reason in report.failures)


def visible(text: str) -> str:
    r"""Return source text that is safe to print on one line.

    Tabs become blanks; whatever is not printable (escape sequences, overrides of the writing
    direction, surrogates) is written as its escape, such as ``\x1b``.
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text.expandtabs(_TAB_CELLS)
    )


def _heading(file: FileReport) -> Text:
    return Text(visible(file.path), "bold")


def _line(line: ReportedLine, width: int) -> Text:
    bar = _BAR * max(1, round(_BAR_CELLS * line.probability))
    style = _style(line.probability) if line.flagged else "dim"
    source = visible(line.text[: SOURCE_CHARS + 1])
    if len(source) > SOURCE_CHARS:
        source = source[: SOURCE_CHARS - 1] + "…"
    return Text.assemble(
        (f"  {line.place:>{width}}  ", "dim"),
        (f"{percent(line.probability):>5}  {bar:<{_BAR_CELLS}}  ", style),
        (source, "" if line.flagged else "dim"),
        no_wrap=True,
        overflow="ellipsis",
    )


def _style(probability: float) -> str:
    return "red" if probability >= 0.5 else "yellow"


def _summary(report: Report) -> Iterator[Text]:
    checked, flagged = report.count(Status.OK), report.flagged
    if not report.files:
        since = report.changed_since
        changed = "" if since is None else f" that changed since {visible(since)}"
        yield Text(f"No Python files found{changed}.")
        return
    lines, files = _counted(report.code_lines, "code line"), _counted(checked, "file")
    threshold, base_rate = _threshold(report), percent(report.calibration.base_rate)
    if flagged:
        verdict = (f"{flagged:,} of {lines}", "bold")
        rest = f" in {files} flagged at {threshold} or more; base rate {base_rate}"
    else:
        yield from _riskiest(report)
        verdict = ("Nothing flagged", "bold green")
        below = "" if report.unshown or not checked else f", all below {threshold}"
        rest = f": {lines} in {files}{below}; base rate {base_rate}"
    yield Text.assemble(verdict, rest)
    if report.unshown:
        yield Text(_unshown(report), "dim")
    if report.changed_since is not None:
        yield Text(f"Only lines that changed since {visible(report.changed_since)}", "dim")
    strange = sum(not line.calibrated for file in report.files for line in file.flagged)
    if strange:
        yield Text(
            f"Uncalibrated: {strange:,} of them, in code unlike any the probabilities were fitted "
            "on; read their order, not their numbers, or run `linewise calibrate --from-git`",
            "yellow",
        )
    if report.calibration.source == "workspace":
        yield Text(f"Probabilities {report.calibration.fitted}", "dim")
    provider = report.model.provider.removesuffix("ExecutionProvider")
    parts = [f"{report.model.name} on {provider}", f"{report.elapsed:.1f} s"]
    parts += [
        f"{count} {status}"
        for status in (Status.SKIPPED, Status.FAILED)
        if (count := report.count(status))
    ]
    yield Text(" · ".join(parts), "dim")


def _threshold(report: Report) -> str:
    low, high = map(percent, report.thresholds)
    return low if low == high else f"the threshold of its project ({low} to {high})"


def _unshown(report: Report) -> str:
    """Say how many lines from the threshold on are not shown, and why."""
    total = sum(report.unshown.values())
    since = visible(report.changed_since or "the project's revision")
    causes = (
        f"{count:,} {_CAUSES[cause].format(since)}" for cause, count in report.unshown.items()
    )
    counted = f"{_counted(total, 'line')} at {_threshold(report)} or more"
    return f"{counted} {'is' if total == 1 else 'are'} not shown: {', '.join(causes)}"


def _riskiest(report: Report) -> Iterator[Text]:
    candidates = [(file.riskiest, file) for file in report.files if file.riskiest is not None]
    if candidates:
        line, file = max(candidates, key=lambda each: each[0].probability)
        yield Text(f"Riskiest line, in {visible(file.path)}:")
        yield _line(line, len(line.place))


def _span(answer: SpanReport) -> Text:
    if answer.probability is None:
        return Text(f"There is no code in {answer.span}.")
    return Text.assemble(
        (percent(answer.probability), f"bold {_style(answer.probability)}"),
        f" that something in {answer.span} has to be edited ",
        f"({_counted(answer.tokens, 'token')} on {_counted(len(answer.lines), 'code line')}; ",
        f"base rate of a {answer.level}: {percent(answer.base_rate)})",
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
