"""Linewise in VS Code: settings, crashes, the first start."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal

import pytest
from machine import language_servers
from playwright.sync_api import expect
from workbench import PICTURE

pytestmark = pytest.mark.e2e


@pytest.fixture
def file(risky_file, tmp_path):
    """The example in a folder of this test's own."""
    folder = shutil.copytree(risky_file.parent, tmp_path / "inventory")
    return folder / risky_file.name


def test_settings_are_followed_without_a_restart(open_window, file):
    with open_window(file) as window:
        expect(window.squiggles).to_have_count(5)
        (file.parent / ".vscode").mkdir()
        settings = file.parent / ".vscode" / "settings.json"
        settings.write_text(json.dumps({"linewise.maxFindingsPerFile": 2}))
        expect(window.squiggles).to_have_count(2)
        settings.write_text(json.dumps({"linewise.maxFindingsPerFile": 3}))
        expect(window.squiggles).to_have_count(3)
        window.run_command("Linewise: Show Log")
        expect(window.output).to_contain_text("Starting the server: ")
        assert window.output.inner_text().count("Starting the server: ") == 1


def test_a_server_that_was_killed_is_started_again(open_window, file, tmp_path_factory):
    with open_window(file) as window:
        expect(window.squiggles.first).to_be_visible()
        (before,) = language_servers(tmp_path_factory.getbasetemp())
        os.kill(before, signal.SIGKILL)
        expect(window.squiggles).to_have_count(0)
        expect(window.squiggles.first).to_be_visible()
        expect(window.status).to_contain_text("above 30 %")
        (after,) = language_servers(tmp_path_factory.getbasetemp())
        assert after != before


class TestWalkthrough:
    def test_opens_on_the_first_start_and_ticks_off_what_was_done(
        self, open_window, file, screenshots
    ):
        wanted = {"workbench.welcomePage.walkthroughs.openOnInstall": True}
        with open_window(file, editor=wanted, size=PICTURE) as window:
            expect(window.walkthrough).to_contain_text("Get Started with Linewise")
            for step in ("Start the server", "Get the model", "Score your first file"):
                expect(window.walkthrough_step(step)).to_have_class(re.compile("complete"))
            window.walkthrough_step("Know what a probability means").click()
            expect(window.walkthrough).to_contain_text("about 40 had to be edited")
            if screenshots:
                window.page.screenshot(path=screenshots / "vscode-walkthrough.png")
            window.walkthrough_step("Score your first file").click()
            window.walkthrough.get_by_role("button", name="Open the Example").click()
            expect(window.text).to_contain_text("def due_date")

    def test_does_not_open_where_it_is_not_wanted(self, open_window, file):
        with open_window(file) as window:
            expect(window.status).to_contain_text("above 30 %")
            expect(window.walkthrough).to_have_count(0)
