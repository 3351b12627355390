"""Linewise in VS Code, as a person sees it."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from playwright.sync_api import expect
from workbench import PICTURE

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def window(open_window, risky_file):
    """A window on the example. Every test leaves it as it found it."""
    with open_window(risky_file) as window:
        yield window


def test_risky_lines_are_underlined(window):
    expect(window.squiggles.first).to_be_visible()


def test_the_status_counts_lines_and_names_the_model(window):
    expect(window.status).to_contain_text(re.compile(r"Linewise: \d+ lines? above 30 %"))
    label = window.status.locator("[aria-label]").first.get_attribute("aria-label")
    for part in ("Model: smollm2-135m", "Runs on: ", "Calibration: "):
        assert part in label


def test_the_hover_names_probability_and_base_rate(window):
    window.hover_over(window.squiggles.first)
    expect(window.hover.first).to_contain_text(re.compile("edit probability", re.IGNORECASE))
    expect(window.hover.first).to_contain_text(re.compile("base rate", re.IGNORECASE))
    window.leave_hover()


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
    window.expect_toast(r"Edit probability .*\(base rate \d+ %\).*tokens")
    window.dismiss_toasts()


def test_a_model_is_selected_and_a_missing_one_offered(window):
    window.run_command("Linewise: Select Model")
    expect(window.choices.filter(has_text="smollm2-135m")).to_contain_text("in use, installed")
    window.choices.filter(has_text="codeparrot-small").click()
    window.expect_toast("codeparrot-small is not installed")
    expect(window.toasts.get_by_role("button", name="Install Model")).to_be_visible()
    expect(window.status).to_contain_text("Linewise: failed")
    expect(window.squiggles).to_have_count(0)

    window.run_command("Linewise: Select Model")
    window.choices.filter(has_text="smollm2-135m").click()
    expect(window.squiggles.first).to_be_visible()
    window.dismiss_toasts()


def test_the_status_opens_a_menu(window):
    window.status.click()
    expect(window.choices).to_contain_text(["Show Log", "Restart Server", "Select Model"])
    window.page.keyboard.press("Escape")


def test_the_log_is_shown_and_holds_no_code(window, risky_file):
    window.run_command("Linewise: Show Log")
    expect(window.output).to_contain_text("Starting the server: ")
    code = next(line for line in risky_file.read_text().splitlines() if "return" in line)
    assert code.strip() not in window.output.inner_text().replace("\N{NO-BREAK SPACE}", " ")
    window.run_command("View: Hide Panel")


def test_after_a_restart_the_findings_come_back(window):
    window.run_command("Linewise: Restart Server")
    expect(window.squiggles).to_have_count(0)
    expect(window.squiggles.first).to_be_visible()
    expect(window.status).to_contain_text("above 30 %")


def test_a_finding_is_reached_from_the_problems_panel(open_window, risky_file, screenshots):
    # What is seen in a picture is what the defaults show.
    settings = {"threshold": None, "maxFindingsPerFile": 20} if screenshots else {}
    with open_window(risky_file, settings=settings, size=PICTURE) as window:
        window.run_command("Problems: Focus on Problems View")
        problem = window.problems.filter(has_text="Edit probability").first
        expect(problem).to_contain_text(re.compile(r"linewise.*edit-risk"))
        problem.dblclick()
        window.expect_editor_focus()
        window.run_command("Show or Focus Hover")
        expect(window.hover.first).to_contain_text("base rate")
        expect(window.status).to_contain_text("above 30 %")
        if screenshots:
            window.page.screenshot(path=screenshots / "vscode.png")


class TestInterpreterOfTheWorkspace:
    """A workspace names the program to run: that is followed only where it is trusted."""

    @pytest.fixture
    def file(self, risky_file, tmp_path):
        folder = shutil.copytree(risky_file.parent, tmp_path / "inventory")
        (folder / ".vscode").mkdir()
        settings = {"linewise.interpreter": "/nowhere/python"}
        (folder / ".vscode" / "settings.json").write_text(json.dumps(settings))
        return folder / risky_file.name

    def test_trusted_and_missing(self, open_window, file):
        with open_window(file) as window:
            expect(window.status).to_contain_text("Linewise: failed")
            window.expect_toast("linewise.interpreter cannot be run")
            window.toasts.get_by_role("button", name="Open Setting").click()
            settings = window.page.locator(".settings-editor")
            expect(settings).to_contain_text("Linewise: Interpreter")

    def test_not_trusted(self, open_window, file):
        with open_window(file, workspace_trust=True) as window:
            restricted = window.page.get_by_role("button", name="Restricted Mode")
            expect(restricted).to_be_visible()
            expect(window.squiggles.first).to_be_visible()


def test_without_an_interpreter_consent_is_asked(open_window, risky_file):
    with open_window(risky_file, settings={"interpreter": []}) as window:
        window.expect_toast(r"needs a Python environment of its own.* May it make one now\?")
        expect(window.toasts.get_by_role("button", name="Create Environment")).to_be_visible()
        expect(window.status).to_contain_text("Linewise: not set up yet")
