"""The workspace rationale report in VS Code, from an empty store to a line in the editor."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from workbench import PICTURE

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def window(open_window, risky_file):
    """A window on the example, where nothing was scanned yet."""
    with open_window(risky_file, size=PICTURE) as window:
        expect(window.status).to_contain_text("above 30 %")
        yield window


@pytest.fixture(scope="module")
def page(window):
    """The page of the report."""
    window.run_command("Linewise: Workspace Rationale Report")
    return window.page.frame_locator("iframe.webview").frame_locator("#active-frame")


def test_where_nothing_was_scanned_a_scan_is_offered_and_its_report_shown(page):
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was scanned here yet")
    page.get_by_role("button", name="Scan the Workspace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Where edits are likely in inventory")
    expect(page.locator("figure svg").first).to_be_visible()


def test_it_has_the_colours_of_the_theme(window, page, screenshots):
    def background():
        return page.locator("body").evaluate("each => getComputedStyle(each).backgroundColor")

    light = background()
    if screenshots:
        window.page.screenshot(path=screenshots / "report-vscode.png")
    window.run_command("Preferences: Toggle between Light/Dark Themes")
    window.wait_until(lambda: background() != light)
    if screenshots:
        window.page.screenshot(path=screenshots / "report-vscode-dark.png")
    window.run_command("Preferences: Toggle between Light/Dark Themes")
    window.wait_until(lambda: background() == light)


def test_a_place_opens_in_the_editor(window, page):
    place = page.locator("td.place a[data-path]").nth(1)
    line = int(place.get_attribute("data-line"))
    place.click()
    window.expect_editor_focus()
    window.wait_until(lambda: window.cursor_line == line)


def test_the_scan_is_paused_and_resumed(window):
    window.run_command("Linewise: Pause Scan")
    label = window.status.locator("[aria-label]").first
    expect(label).to_have_attribute("aria-label", re.compile("Scans of the workspace are paused"))
    window.run_command("Linewise: Resume Scan")
    expect(label).not_to_have_attribute("aria-label", re.compile("paused"))
