"""Workflow commands, read back the way the runner of GitHub Actions reads them."""

import re

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from report_payloads import FILE, LINE, REPORT, reports

from linewise.output.github import command, render
from linewise.output.report import FileReport, Limits, Status

plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def read_command(text):
    """Undo the escaping as `actions/runner` does in ActionCommand.cs."""
    match = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", text, re.DOTALL)
    assert match is not None
    name, listed, message = match.groups()
    properties = dict(pair.split("=", 1) for pair in listed.split(",") if pair)

    def unescape(value, also=()):
        for character in (*also, "\r", "\n", "%"):
            value = value.replace(f"%{ord(character):02X}", character)
        return value

    values = {key: unescape(value, ":,") for key, value in properties.items()}
    return name, values, unescape(message)


@given(plain, plain, plain)
def test_escaping_is_undone_by_the_runner(message, file, title):
    text = command("notice", message, file=file, title=title)
    assert "\n" not in text
    assert "\r" not in text
    assert read_command(text) == ("notice", {"file": file, "title": title}, message)


@given(reports)
def test_one_command_a_line(report):
    *commands, end = render(report).split("\n")
    assert all(line.startswith("::") for line in commands)
    assert end == ""


def test_a_notice_per_flagged_line_and_a_warning_per_file_not_checked():
    quiet = evolve(LINE, flagged=False)
    files = (
        evolve(FILE, lines=(LINE, quiet)),
        FileReport("b,c.py", Status.SKIPPED, "binary"),
        FileReport("d.py", Status.FAILED, "broken"),
    )
    commands = [read_command(line) for line in render(evolve(REPORT, files=files)).split("\n")[:-1]]
    assert commands == [
        (
            "notice",
            {
                "file": "src/a b.py",
                "line": "12",
                "col": "5",
                "endColumn": "17",
                "title": "Linewise: will this line be edited?",
            },
            "Edit probability 41 % (base rate 8 %)",
        ),
        ("warning", {"file": "b,c.py", "title": "Linewise"}, "Not checked: binary"),
        ("error", {"file": "d.py", "title": "Linewise"}, "Not checked: broken"),
    ]


def test_levels_and_why_the_run_failed():
    lines = tuple(evolve(LINE, probability=probability) for probability in (0.41, 0.5, 0.9))
    report = evolve(
        REPORT,
        files=(evolve(FILE, lines=lines),),
        limits=Limits(fail_above=0.9),
        failures=("1 line at 90 % or more (--fail-above)",),
    )
    *shown, last = [read_command(line) for line in render(report).split("\n")[:-1]]
    assert [name for name, _, _ in shown] == ["notice", "warning", "error"]
    assert last == ("error", {"title": "Linewise"}, report.failures[0])
