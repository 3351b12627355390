"""Linewise in VS Code: what is said about single lines, and what can be done about them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from workbench import PICTURE

pytestmark = pytest.mark.e2e

# Both bands have lines, whatever the probe makes of the file.
BANDS = {
    "threshold": 0.1,
    "bands": [0.1, 0.2],
    "severityMedium": "information",
    "maxFindingsPerFile": 20,
    "heatMap": "risky",
}
THEMES = {
    name: {"workbench.colorTheme": f"Default {name.title()} Modern"} for name in ("light", "dark")
}
STRUCK_OUT = "\N{COMBINING LONG STROKE OVERLAY}"


@pytest.fixture(scope="module")
def window(open_window, risky_file):
    """A window on the example with the heat map on. Every test leaves it as it found it."""
    with open_window(risky_file, settings=BANDS) as window:
        expect(window.squiggles.first).to_be_visible()
        yield window


@pytest.fixture
def risky_lines(window):
    """The view Risky Lines, open."""
    window.run_command("Linewise: Focus on Risky Lines View")
    expect(window.risky_lines.nth(1)).to_be_visible()
    yield window.risky_lines
    window.run_command("View: Toggle Primary Side Bar Visibility")
    expect(window.risky_lines).to_have_count(0)


@pytest.fixture
def on_risky_line(window):
    """The number of a flagged line, with the cursor on it."""
    window.go_to_first_line()  # which is no code
    window.page.keyboard.press("Control+F8")
    expect(window.hover.first).to_be_visible()
    window.page.keyboard.press("Escape")
    window.wait_until(lambda: window.cursor_line > 1)
    return window.cursor_line


class TestHeatMap:
    def test_risky_lines_are_marked_and_the_marks_toggled(self, window):
        expect(window.marks.first).to_be_visible()
        window.run_command("Linewise: Toggle Heat Map")
        expect(window.marks).to_have_count(0)
        window.run_command("Linewise: Toggle Heat Map")
        expect(window.marks.first).to_be_visible()

    def test_bands_have_marks_of_their_own(self, window):
        pictures = {
            mark.evaluate("each => getComputedStyle(each).backgroundImage")
            for mark in window.marks.all()
        }
        named = {re.search(r"(low|medium|high)-light\.svg", each)[1] for each in pictures}
        assert named == {"medium", "high"}

    def test_the_overview_ruler_shows_them(self, window):
        assert window.ruler_has("#6b3500")
        window.run_command("Linewise: Toggle Heat Map")
        expect(window.marks).to_have_count(0)
        window.wait_until(lambda: not window.ruler_has("#6b3500"))
        window.run_command("Linewise: Toggle Heat Map")
        window.wait_until(lambda: window.ruler_has("#6b3500"))


class TestKeys:
    def test_go_to_the_next_and_the_previous_risky_line(self, window, on_risky_line):
        first = on_risky_line
        window.page.keyboard.press("Control+F8")
        window.wait_until(lambda: window.cursor_line > first)
        expect(window.hover.first).to_contain_text(re.compile("edit probability", re.IGNORECASE))
        window.page.keyboard.press("Escape")
        window.page.keyboard.press("Control+Shift+F8")
        window.wait_until(lambda: window.cursor_line == first)
        window.page.keyboard.press("Control+Shift+F8")
        window.wait_until(lambda: window.cursor_line > first)
        window.page.keyboard.press("Escape")


class TestRiskyLines:
    def test_are_listed_by_file_with_the_most_probable_first(self, risky_lines):
        labels = risky_lines.evaluate_all("all => all.map(each => each.ariaLabel)")
        assert labels[0].startswith("inventory.py")
        shown = [int(re.search(r"(\d+) %", label)[1]) for label in labels[1:]]
        assert shown == sorted(shown, reverse=True)
        assert all(re.search(r", (medium|high), line \d+", label) for label in labels[1:])

    def test_are_filtered_by_band(self, window, risky_lines):
        before = risky_lines.count()
        window.run_command("Linewise: Filter Risky Lines")
        window.choices.filter(has_text="medium").click()
        window.page.keyboard.press("Enter")
        window.wait_until(lambda: risky_lines.count() < before)
        for label in risky_lines.evaluate_all("all => all.map(each => each.ariaLabel)")[1:]:
            assert ", high, " in label
        window.run_command("Linewise: Filter Risky Lines")
        window.choices.filter(has_text="medium").click()
        window.page.keyboard.press("Enter")
        expect(risky_lines).to_have_count(before)

    def test_open_their_line(self, window, risky_lines):
        row = risky_lines.nth(1)
        line = int(re.search(r"line (\d+)", row.get_attribute("aria-label"))[1])
        row.click()
        window.wait_until(lambda: window.cursor_line == line)

    def test_are_struck_out_when_reviewed_and_no_longer_underlined(self, window, risky_lines):
        underlined = window.squiggles.count()
        row = risky_lines.nth(1)
        row.click()
        row.get_by_role("button", name="Mark Line as Reviewed").click()
        struck = risky_lines.filter(has_text=STRUCK_OUT)
        expect(struck).to_have_count(1)
        assert "reviewed" in struck.get_attribute("aria-label")
        window.wait_until(lambda: window.squiggles.count() < underlined)

        struck.click()
        struck.get_by_role("button", name="Mark Line as Not Reviewed").click()
        expect(struck).to_have_count(0)
        window.wait_until(lambda: window.squiggles.count() == underlined)


class TestCodeActions:
    def test_ignore_the_line_by_a_comment(self, window, on_risky_line):
        assert on_risky_line
        underlined = window.squiggles.count()
        window.apply_code_action("ignore this line")
        expect(window.text).to_contain_text("# linewise: ignore")
        window.wait_until(lambda: window.squiggles.count() < underlined)
        window.page.keyboard.press("Control+Z")
        expect(window.text).not_to_contain_text("# linewise: ignore")
        window.wait_until(lambda: window.squiggles.count() == underlined)

    def test_mark_the_line_as_reviewed_and_show_it_again(self, window, on_risky_line):
        assert on_risky_line
        underlined = window.squiggles.count()
        window.apply_code_action("mark this line as reviewed")
        window.wait_until(lambda: window.squiggles.count() < underlined)
        window.apply_code_action("show this line again")
        window.wait_until(lambda: window.squiggles.count() == underlined)


def test_what_if_a_line_were_removed(window, on_risky_line):
    window.run_command("Linewise: What If This Line Were Changed?")
    window.choices.filter(has_text="Remove the line").click()
    answer = window.choices.filter(has_text=re.compile(r"% → .*%"))
    expect(answer.first).to_be_visible()
    expect(window.page.locator(".quick-input-title")).to_contain_text("Without this line")
    window.page.keyboard.press("Escape")
    assert window.cursor_line == on_risky_line


class TestExplanation:
    @pytest.fixture
    def explanation(self, window, on_risky_line):
        """The page about a flagged line, beside the editor."""
        window.run_command("Linewise: Explain Line")
        page = window.webview
        expect(page.locator("h1")).to_have_text(f"inventory.py, line {on_risky_line}")
        yield page
        window.focus_editor()
        window.run_command("View: Close Editors in Other Groups")
        expect(window.page.locator("iframe.webview")).to_have_count(0)

    def test_shows_what_the_line_rests_on_and_how_far(self, explanation, on_risky_line):
        expect(explanation.locator(".risk")).to_contain_text("base rate")
        expect(explanation.locator(".here .number")).to_contain_text(str(on_risky_line))
        assert explanation.locator(".token.raises, .token.lowers").count() > 2
        titles = explanation.locator("h2").all_inner_texts()
        assert titles == [
            "What it rests on",
            "What weighs most",
            "Categories of code",
            "How far this explanation can be trusted",
        ]
        shares = explanation.locator("section:nth-of-type(3) td.figure:nth-of-type(2)")
        percents = [int(each.rstrip(" %")) for each in shares.all_inner_texts()]
        assert sum(percents) == pytest.approx(100, abs=len(percents))
        expect(explanation.locator("dt")).to_contain_text(
            ["Sufficiency", "Comprehensiveness", "Signal-to-noise ratio"]
        )

    def test_follows_the_theme_and_runs_no_inline_script(self, explanation):
        policy = explanation.locator("meta[http-equiv]").get_attribute("content")
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        token = explanation.locator(".token.raises").first
        assert token.evaluate("each => getComputedStyle(each).textDecorationColor") == (
            "rgb(107, 53, 0)"
        )

    def test_says_when_the_text_has_changed(self, window, explanation):
        expect(explanation.locator("#stale")).to_be_hidden()
        window.go_to_first_line()
        window.page.keyboard.type("# x")
        expect(explanation.locator("#stale")).to_be_visible()
        window.page.keyboard.press("Control+Z")

    def test_leads_to_the_line(self, window, explanation):
        link = explanation.locator("section:nth-of-type(2) button").first
        line = int(link.inner_text())
        link.click()
        window.expect_editor_focus()
        window.wait_until(lambda: window.cursor_line == line)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures(open_window, risky_file, screenshots, theme):
    """What the documentation shows; taken with --screenshots only, looked at by people."""
    if not screenshots:
        pytest.skip("pictures are only kept with --screenshots")
    shown = {"heatMap": "all", "threshold": None, "maxFindingsPerFile": 20}
    with open_window(risky_file, settings=shown, size=PICTURE, editor=THEMES[theme]) as window:
        expect(window.status).to_contain_text("above 30 %")
        window.run_command("Linewise: Focus on Risky Lines View")
        expect(window.risky_lines.nth(1)).to_be_visible()
        window.focus_editor()

        def in_full():
            window.page.keyboard.press("Escape")
            window.page.keyboard.press("Control+F8")
            expect(window.hover.first).to_be_visible()
            shown = " ".join(window.hover.all_inner_texts())
            return "Of lines shown at about" in shown and "being computed" not in shown

        window.wait_until(in_full)
        window.page.screenshot(path=screenshots / f"vscode-{theme}.png")
        window.page.keyboard.press("Escape")
        window.run_command("View: Toggle Primary Side Bar Visibility")
        window.run_command("Linewise: Explain Line")
        expect(window.webview.locator("dl")).to_be_visible()
        window.page.screenshot(path=screenshots / f"vscode-explanation-{theme}.png")
