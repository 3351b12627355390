"""What a person does in a VS Code window and sees there; every wait is for something to be seen."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, ViewportSize, expect

# Generous: a shared machine may be busy. Nothing waits longer than it has to.
PATIENCE_MS = 90_000
POLL_MS = 100
# An underline is only in the page while its line is in view.
WHOLE_FILE: ViewportSize = {"width": 1280, "height": 2400}
PICTURE: ViewportSize = {"width": 1280, "height": 800}
expect.set_options(timeout=PATIENCE_MS)


_HAS_COLOUR = """(canvas, [red, green, blue]) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) return true;
  }
  return false;
}"""

_TOP = "each => each.getBoundingClientRect().top"


class Workbench:
    """One window; `tester` is the folder through which it runs the code of tests."""

    def __init__(self, page: Page, address: str, tester: Path) -> None:
        self.page = page
        self._address = address
        self._tester = tester
        page.set_default_timeout(PATIENCE_MS)
        self.load()

    def load(self) -> None:
        """Load the window, or load it again: its extensions start anew."""
        self.page.goto(self._address, wait_until="domcontentloaded")
        expect(self.page.locator(".monaco-editor .view-line").first).to_be_visible()

    @property
    def squiggles(self) -> Locator:
        """The underlines of information severity in the editor."""
        return self.page.locator(".monaco-editor .squiggly-info")

    @property
    def status(self) -> Locator:
        """Linewise's status bar item."""
        return self.page.locator('.statusbar-item[id="linewise.linewise.linewise"]')

    @property
    def toasts(self) -> Locator:
        """The notifications on show."""
        return self.page.locator(".notifications-toasts .notification-list-item")

    @property
    def hover(self) -> Locator:
        """The content of the editor's hover."""
        return self.page.locator(".monaco-editor .monaco-hover:not(.hidden) .hover-row")

    @property
    def output(self) -> Locator:
        """The lines of the output panel."""
        return self.page.locator(".output-view .view-lines")

    @property
    def output_text(self) -> str:
        """What the output panel shows, with one space wherever it has any, or breaks a line."""
        return " ".join(self.output.inner_text().split())

    @property
    def problems(self) -> Locator:
        """The rows of the Problems panel."""
        return self.page.locator(".markers-panel .monaco-list-row")

    @property
    def choices(self) -> Locator:
        """The rows of the open quick pick."""
        return self.page.locator(".quick-input-list .monaco-list-row")

    @property
    def marks(self) -> Locator:
        """The marks of the heat map in the gutter."""
        return self.page.locator(".monaco-editor .glyph-margin-widgets .cgmr")

    @property
    def risky_lines(self) -> Locator:
        """The rows of the view Risky Lines."""
        return self.page.get_by_role("tree", name="Risky Lines").get_by_role("treeitem")

    @property
    def webview(self) -> FrameLocator:
        """The page in the one webview that is open."""
        return self.page.frame_locator("iframe.webview").frame_locator("#active-frame")

    @property
    def cursor_line(self) -> int:
        """The line of the cursor, as the status bar says it."""
        text = self.page.locator('[id="status.editor.selection"]').inner_text()
        return int(re.search(r"Ln (\d+)", text)[1])

    @property
    def walkthrough(self) -> Locator:
        """The open walkthrough."""
        return self.page.locator(".gettingStartedContainer .gettingStartedSlideDetails")

    def walkthrough_step(self, title: str) -> Locator:
        """One of its steps; it is checked when it was done."""
        return self.walkthrough.locator(".getting-started-step").filter(has_text=title)

    @contextmanager
    def another(self) -> Iterator[Workbench]:
        """Have a second window on the same folder until the block is left."""
        page = self.page.context.new_page()
        try:
            yield Workbench(page, self._address, self._tester)
        finally:
            page.close()
            self.page.bring_to_front()

    @property
    def text(self) -> Locator:
        """The lines of the file that are in view."""
        return self.texts.first

    @property
    def texts(self) -> Locator:
        """The same of every editor on show."""
        return self.page.locator(".editor-instance .view-lines")

    def ruler_has(self, colour: str) -> bool:
        """Whether the overview ruler has a mark of this colour, written as #rrggbb."""
        rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        ruler = self.page.locator("canvas.decorationsOverviewRuler").first
        return ruler.evaluate(_HAS_COLOUR, rgb)

    def underlined(self, line: int) -> bool:
        """Whether anything on a line is underlined."""
        top = self._numbers.get_by_text(str(line), exact=True).evaluate(_TOP)
        tops = self.squiggles.evaluate_all(f"all => all.map({_TOP})")
        return any(abs(each - top) < 4 for each in tops)

    @property
    def _numbers(self) -> Locator:
        """The numbers of the lines in view."""
        return self.page.locator(".margin-view-overlays .line-numbers")

    def _line_of(self, target: Locator) -> int:
        """The line beside whose number something is in the text."""
        at = target.evaluate(_TOP)
        numbers = self._numbers.evaluate_all(
            f"all => all.map(each => [({_TOP})(each), each.innerText])"
        )
        return next(int(text) for top, text in numbers if abs(at - top) < 4)

    def activation_ms(self, extension: str) -> int:
        """Return how long an extension took to activate, as the editor counts it.

        The list that says so stays open.
        """
        self.run_command("Developer: Show Running Extensions")
        shown = self.page.locator(".runtime-extensions-editor .monaco-list-row")
        row = shown.filter(has=self.page.get_by_text(extension, exact=True))
        return int(re.search(r"(\d+)ms", row.locator(".activation-time").inner_text())[1])

    def apply_code_action(self, title: str) -> None:
        """Choose one of the code actions for the line of the cursor."""
        self.focus_editor()
        self.page.keyboard.press("Control+.")
        action = self.page.locator(".action-widget .monaco-list-row").filter(has_text=title)
        expect(action.first).to_be_visible()
        action.first.click()

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that can only be asked again and again."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not holds():
            assert time.monotonic() < deadline, "it did not come to hold"
            self.page.wait_for_timeout(POLL_MS)

    def expect_toast(self, pattern: str) -> None:
        """Wait for a notification with this text."""
        expect(self.toasts.filter(has_text=re.compile(pattern)).first).to_be_visible()

    def run(self, script: str) -> Any:
        """Run the body of an async function of `vscode` where extensions run; return its value."""
        answer = self._tester / "answer.json"
        (self._tester / "script.js").write_text(script)
        self.run_command("Tester: Run")
        self.wait_until(answer.exists)
        outcome = json.loads(answer.read_text())
        answer.unlink()
        assert "error" not in outcome, outcome["error"]
        return outcome.get("value")

    def tab(self, name: str) -> Locator:
        """The tab of an editor."""
        return self.page.locator(".tabs-container .tab").filter(has_text=name)

    def run_command(self, title: str) -> None:
        """Run a command from the command palette."""
        self.page.keyboard.press("F1")
        prompt = self.page.locator(".quick-input-widget input.input")
        prompt.fill(f">{title}")
        # The best match by the editor's own measure may be a command with a longer title.
        wanted = self.choices.and_(self.page.locator(f'[aria-label^="{title}"]')).first
        expect(wanted).to_be_visible()
        while "focused" not in wanted.get_attribute("class"):
            prompt.press("ArrowDown")
        prompt.press("Enter")

    def focus_editor(self) -> None:
        """Put the focus into the text."""
        self.page.keyboard.press("Control+1")
        self.expect_editor_focus()

    def go_to_first_line(self) -> None:
        """Put focus and cursor at the start of the text."""

        def is_there() -> bool:
            # A page that an earlier test closed may still give the focus away, and the key with it.
            self.focus_editor()
            self.page.keyboard.press("Control+Home")
            return self.cursor_line == 1

        # The status bar follows a little later.
        self.wait_until(is_there)

    def expect_editor_focus(self) -> None:
        """Wait until what is typed goes into the text."""
        expect(self.page.locator(".monaco-editor.focused")).to_be_visible()

    def put_cursor_on(self, target: Locator) -> int:
        """Click on something in the text and return its line."""
        line = self._line_of(target)
        target.click(force=True)
        self.expect_editor_focus()
        # The status bar follows a little later.
        self.wait_until(lambda: self.cursor_line == line)
        return line

    def hover_over(self, target: Locator) -> None:
        """Rest the mouse on something until its hover shows."""
        target.hover(force=True)
        expect(self.hover.first).to_be_visible()

    def leave_hover(self) -> None:
        """Move the mouse away, as far as it takes to close the hover."""
        self.page.mouse.move(0, 0)
        self.page.keyboard.press("Escape")
        expect(self.hover).to_have_count(0)

    def leave_status(self) -> None:
        """Close what opened in or from the status bar, and what hovers over it."""
        self.page.keyboard.press("Escape")
        self.page.mouse.move(0, 0)
        expect(self.page.get_by_role("tooltip")).to_have_count(0)

    def dismiss_toasts(self) -> None:
        """Close the notifications."""
        self.run_command("Notifications: Clear All Notifications")
        expect(self.toasts).to_have_count(0)
