"""What a person does in a VS Code window and sees there; every wait is for something to be seen."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

# Generous: a shared machine may be busy. Nothing waits longer than it has to.
PATIENCE_MS = 90_000
expect.set_options(timeout=PATIENCE_MS)


class Workbench:
    """One window."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address, wait_until="domcontentloaded")
        expect(page.locator(".monaco-editor .view-line").first).to_be_visible()

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
    def choices(self) -> Locator:
        """The rows of the open quick pick."""
        return self.page.locator(".quick-input-list .monaco-list-row")

    def expect_toast(self, pattern: str) -> None:
        """Wait for a notification with this text."""
        expect(self.toasts.filter(has_text=re.compile(pattern)).first).to_be_visible()

    def run_command(self, title: str) -> None:
        """Run a command from the command palette."""
        self.page.keyboard.press("F1")
        expect(self.page.locator(".quick-input-widget input.input")).to_be_focused()
        self.page.keyboard.type(title)
        expect(self.page.locator(".quick-input-list .monaco-list-row.focused")).to_contain_text(
            title
        )
        self.page.keyboard.press("Enter")

    def focus_editor(self) -> None:
        """Put the focus into the text."""
        self.page.locator(".monaco-editor .view-lines").first.click(position={"x": 300, "y": 5})

    def hover_over(self, target: Locator) -> None:
        """Rest the mouse on something until its hover shows."""
        target.hover(force=True)
        expect(self.hover.first).to_be_visible()

    def leave_hover(self) -> None:
        """Move the mouse away, as far as it takes to close the hover."""
        self.page.mouse.move(0, 0)
        self.page.keyboard.press("Escape")
        expect(self.hover).to_have_count(0)

    def dismiss_toasts(self) -> None:
        """Close the notifications."""
        self.run_command("Notifications: Clear All Notifications")
        expect(self.toasts).to_have_count(0)

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the window."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)
