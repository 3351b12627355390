"""Linewise in VS Code, as a person sees it."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import statistics

import pytest
from machine import MOST_ACTIVATION_MS, language_servers
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

COUNT = re.compile(r"Linewise: \d+ lines? above 30 %")
DEFAULT = re.compile(r"smollm2-135m(?!-)")
"""The default model; others whose names begin alike may be installed."""


@pytest.fixture(scope="module")
def window(open_window, risky_file):
    """A window on the example. Every test leaves it as it found it."""
    with open_window(risky_file) as window:
        expect(window.squiggles.first).to_be_visible()
        yield window


@pytest.fixture
def settings(risky_file, window):
    """Write the settings of the folder, as a colleague's commit would."""
    file = risky_file.parent / ".vscode" / "settings.json"
    file.parent.mkdir()
    yield lambda **values: file.write_text(
        json.dumps({f"linewise.{name}": value for name, value in values.items()})
    )
    file.unlink()
    file.parent.rmdir()
    expect(window.squiggles).to_have_count(5)


@pytest.fixture
def servers(tmp_path_factory):
    """Return the process ids of the servers that run in this test session."""
    return functools.partial(language_servers, tmp_path_factory.getbasetemp())


def test_risky_lines_are_underlined(window):
    expect(window.squiggles.first).to_be_visible()


def test_the_status_counts_lines_and_names_the_model(window):
    expect(window.status).to_contain_text(COUNT)
    label = window.status.locator("[aria-label]").first.get_attribute("aria-label")
    for part in ("Model: smollm2-135m", "Runs on: CPU", "Calibration: "):
        assert part in label


def test_the_language_status_says_the_same(window):
    window.page.locator('[id="status.languageStatus"]').click()
    shown = window.page.locator(".hover-language-status").filter(has_text="Linewise: ")
    expect(shown).to_contain_text(COUNT)
    for part in ("Model: smollm2-135m", "Runs on: CPU", "Calibration: "):
        expect(shown).to_contain_text(part)
    window.leave_status()


def test_the_hover_names_probability_and_base_rate(window):
    window.hover_over(window.squiggles.first)
    expect(window.hover.first).to_contain_text(re.compile("edit probability", re.IGNORECASE))
    expect(window.hover.first).to_contain_text(re.compile("base rate", re.IGNORECASE))
    window.leave_hover()


def test_findings_are_in_the_problems_panel_and_lead_to_their_line(window):
    window.run_command("Problems: Focus on Problems View")
    problem = window.problems.filter(has_text="Edit probability").first
    expect(problem).to_contain_text(re.compile(r"linewise.*edit-risk"))
    line = int(re.search(r"\[Ln (\d+)", problem.inner_text())[1])
    problem.dblclick()
    window.expect_editor_focus()
    window.wait_until(lambda: window.cursor_line == line)
    window.run_command("View: Hide Panel")


def test_findings_follow_the_text(window):
    window.focus_editor()
    window.page.keyboard.press("Control+A")
    window.page.keyboard.press("Delete")
    expect(window.squiggles).to_have_count(0)
    window.page.keyboard.press("Control+Z")
    expect(window.squiggles.first).to_be_visible()


def test_a_selection_gets_its_probability(window):
    window.focus_editor()
    window.page.keyboard.press("Control+A")
    window.run_command("Linewise: Edit Probability of Selection")
    window.expect_toast(r"Edit probability .*\(base rate of a function \d+ %\).*tokens")
    window.dismiss_toasts()


def test_a_model_is_selected_and_a_missing_one_offered(window):
    window.run_command("Linewise: Select Model")
    expect(window.choices.filter(has_text=DEFAULT)).to_contain_text("in use, installed")
    window.choices.filter(has_text="codeparrot-small").click()
    window.expect_toast("codeparrot-small is not installed")
    expect(window.toasts.get_by_role("button", name="Install Model")).to_be_visible()
    expect(window.status).to_contain_text("Linewise: failed")
    expect(window.squiggles).to_have_count(0)

    window.run_command("Linewise: Select Model")
    window.choices.filter(has_text=DEFAULT).click()
    expect(window.squiggles.first).to_be_visible()
    expect(window.status).to_contain_text(COUNT)
    window.dismiss_toasts()


def test_the_status_opens_a_menu(window):
    window.status.click()
    for label in ("Risky Lines", "Select Model", "Show Log", "Restart Server"):
        expect(window.choices.filter(has_text=label)).to_be_visible()
    window.leave_status()


def test_the_log_is_shown_and_holds_no_code(window, risky_file):
    window.run_command("Linewise: Show Log")
    expect(window.output).to_contain_text("Starting the server: ")
    code = next(line for line in risky_file.read_text().splitlines() if "return" in line)
    assert " ".join(code.split()) not in window.output_text
    window.run_command("View: Hide Panel")


def test_the_walkthrough_does_not_open_where_it_is_not_wanted(window):
    expect(window.status).to_contain_text(COUNT)
    expect(window.walkthrough).to_have_count(0)


class TestSettings:
    def test_are_followed_without_a_restart(self, window, settings, servers):
        before = servers()
        settings(maxFindingsPerFile=2)
        expect(window.squiggles).to_have_count(2)
        settings(maxFindingsPerFile=3)
        expect(window.squiggles).to_have_count(3)
        settings(diagnostics=False)
        expect(window.squiggles).to_have_count(0)
        assert servers() == before

    def test_of_the_wrong_type_are_named_and_do_no_harm(self, window, settings):
        settings(maxFindingsPerFile="few", heatMap=7, threshold=[1])
        window.expect_toast("linewise.maxFindingsPerFile: 'few' is not allowed; using 20")
        window.expect_toast("linewise.threshold: .* is not allowed")
        expect(window.status).to_contain_text(COUNT)
        expect(window.marks).to_have_count(0)
        settings()
        expect(window.squiggles).to_have_count(5)
        window.dismiss_toasts()


class TestDocuments:
    """Documents that are no ordinary file."""

    def test_untitled(self, window):
        window.run_command("Linewise: Open Example")
        expect(window.text).to_contain_text("def due_date")
        expect(window.squiggles.first).to_be_visible()
        window.run_command("View: Revert and Close Editor")
        expect(window.text).to_contain_text("class Inventory")

    def test_read_only(self, window, risky_file):
        before = risky_file.read_text()
        window.run_command("File: Set Active Editor Read-only in Session")
        expect(window.squiggles).to_have_count(5)
        line = window.put_cursor_on(window.squiggles.first)
        window.run_command("Linewise: Mark Line as Reviewed")
        window.wait_until(lambda: not window.underlined(line))
        window.run_command("Linewise: Mark Line as Not Reviewed")
        window.wait_until(lambda: window.underlined(line))
        window.run_command("File: Reset Active Editor Read-only in Session")
        assert risky_file.read_text() == before


def test_cells_of_a_notebook_are_scored_with_those_above(window, risky_file):
    cells = ("from datetime import date", "def oldest(days):\n    return date.today() - dayz")
    notebook = risky_file.with_name("stock.ipynb")
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    content = {
        "cells": [code | {"source": cell.splitlines(keepends=True)} for cell in cells],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    notebook.write_text(json.dumps(content))
    window.run(f"""
        const file = vscode.Uri.file({json.dumps(str(notebook))});
        await vscode.window.showNotebookDocument(await vscode.workspace.openNotebookDocument(file));
    """)
    underlined = window.page.locator(".notebookOverlay .squiggly-info")
    window.hover_over(underlined.last)
    expect(window.hover.first).to_contain_text(re.compile("edit probability", re.IGNORECASE))
    window.leave_hover()
    before = underlined.count()
    window.page.locator(".notebookOverlay .view-line").filter(has_text="dayz").click()
    window.page.keyboard.press("Control+A")
    window.page.keyboard.press("Delete")
    window.wait_until(lambda: underlined.count() < before)
    window.run_command("View: Revert and Close Editor")
    notebook.unlink()
    expect(window.squiggles).to_have_count(5)


def test_two_windows_on_one_folder_have_a_server_each(window, servers):
    with window.another() as other:
        expect(other.squiggles).to_have_count(5)
        expect(window.squiggles).to_have_count(5)
        assert len(servers()) == 2
        # Both keep their decisions in one place, and neither waits for the other.
        line = other.put_cursor_on(other.squiggles.first)
        other.run_command("Linewise: Mark Line as Reviewed")
        other.wait_until(lambda: not other.underlined(line))
        window.run_command("Linewise: Restart Server")
        window.wait_until(lambda: window.squiggles.count() > 0 and not window.underlined(line))
        other.run_command("Linewise: Mark Line as Not Reviewed")
        other.wait_until(lambda: other.underlined(line))
    window.wait_until(lambda: len(servers()) == 1)
    window.run_command("Linewise: Restart Server")
    window.wait_until(lambda: window.squiggles.count() > 0 and window.underlined(line))


class TestServer:
    def test_after_a_restart_the_findings_come_back(self, window, servers):
        before = servers()
        window.run_command("Linewise: Restart Server")
        expect(window.squiggles).to_have_count(0)
        expect(window.squiggles.first).to_be_visible()
        expect(window.status).to_contain_text(COUNT)
        assert len(servers()) == 1
        assert servers() != before

    def test_one_that_was_killed_is_started_again(self, window, servers):
        before = servers()
        os.kill(*before, signal.SIGKILL)
        expect(window.squiggles).to_have_count(0)
        expect(window.squiggles.first).to_be_visible()
        expect(window.status).to_contain_text(COUNT)
        assert len(servers()) == 1
        assert servers() != before

    def test_one_that_keeps_crashing_is_reported_with_its_log(self, window, servers):
        reported = window.toasts.filter(
            has_text="crashed 4 times in a few minutes and is not started again by itself"
        )

        def started_again(before):
            return servers() not in ([], before) and window.squiggles.count() > 0

        while not reported.count():
            before = servers()
            os.kill(*before, signal.SIGKILL)
            window.wait_until(lambda before=before: reported.count() or started_again(before))
        expect(window.status).to_contain_text("Linewise: failed")
        assert servers() == []
        window.toasts.get_by_role("button", name="Show Log").click()
        expect(window.output).to_contain_text("Starting the server: ")
        window.run_command("View: Hide Panel")
        window.run_command("Linewise: Restart Server")
        expect(window.squiggles).to_have_count(5)


def test_activation_is_quick(window, keep_figures):
    """The time the editor itself counts: loading the extension's code and calling it."""
    times = []
    for _ in range(5 if keep_figures else 1):
        window.load()
        expect(window.squiggles).to_have_count(5)
        times.append(window.activation_ms("Linewise"))
    figures = {
        "activation, as VS Code counts it, median of starts": {
            "value": statistics.median(times),
            "unit": "ms",
            "budget": f"<= {MOST_ACTIVATION_MS} ms",
            "times": times,
        }
    }
    print(json.dumps(figures))
    keep_figures and keep_figures("activation", figures)
    # Other programs have the machine as well; what a quiet one needs is in benchmarks/results.
    assert min(times) <= 5 * MOST_ACTIVATION_MS
