"""Linewise in VS Code before it runs: which Python, what is asked, what the first start shows."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile

import pytest
from playwright.sync_api import expect
from workbench import PICTURE

pytestmark = pytest.mark.e2e

MOST_VSIX_BYTES = 2_000_000


@pytest.fixture
def file(risky_file, tmp_path):
    """The example in a folder of this test's own."""
    folder = shutil.copytree(risky_file.parent, tmp_path / "inventory")
    return folder / risky_file.name


def test_the_published_file_is_small_and_holds_what_is_run_and_nothing_else(vsix):
    with zipfile.ZipFile(vsix) as package:
        sizes = {each.filename: each.compress_size for each in package.infolist()}
    wheels = [name for name in sizes if name.endswith(".whl")]
    assert len(wheels) == 1
    without_wheel = vsix.stat().st_size - sizes[wheels[0]]
    print(f"{without_wheel:,} bytes without the wheel, {vsix.stat().st_size:,} with it")
    assert without_wheel <= MOST_VSIX_BYTES
    inside = {name.removeprefix("extension/") for name in sizes}
    wanted = {"dist/extension.js", "package.json", "package.nls.json", "l10n/bundle.l10n.json"}
    assert wanted | {"bundled/constraints.txt", "icon.png"} <= inside
    assert not [name for name in inside if name.startswith(("src/", "test/", "node_modules/"))]


class TestInterpreterOfTheWorkspace:
    """A workspace names the program to run: that is followed only where it is trusted."""

    @pytest.fixture
    def choose(self, file):
        """Choose an interpreter in the settings of the folder."""
        settings = file.parent / ".vscode" / "settings.json"
        settings.parent.mkdir()

        def choose(program):
            settings.write_text(json.dumps({"linewise.interpreter": program}))

        choose("/nowhere/python")
        return choose

    @pytest.fixture
    def pretend(self, tmp_path):
        """Make a program that answers as a Python of this version, without the package."""

        def pretend(version):
            program = tmp_path / f"python{version[0]}.{version[1]}"
            program.write_text(f"#!/bin/sh\necho '[{json.dumps(version)}, false]'\n")
            program.chmod(0o755)
            return str(program)

        return pretend

    def test_what_is_wrong_is_said_until_it_is_right(self, open_window, file, choose, pretend):
        with open_window(file) as window:
            expect(window.status).to_contain_text("Linewise: failed")
            window.expect_toast("linewise.interpreter cannot be run")
            choose({"path": "python3"})
            window.expect_toast(r'linewise.interpreter is \{"path":"python3"\}. It has to be')
            choose(pretend([3, 9]))
            window.expect_toast(r"needs Python 3\.11 or newer; .*python3\.9 is 3\.9")
            choose(pretend([3, 12]))
            window.expect_toast("The package linewise is not installed in .*python3.12")
            choose(sys.executable)
            expect(window.squiggles.first).to_be_visible()
            window.dismiss_toasts()

            choose("/nowhere/python")
            window.expect_toast("linewise.interpreter cannot be run")
            window.toasts.get_by_role("button", name="Open Setting").click()
            settings = window.page.locator(".settings-editor")
            expect(settings).to_contain_text("Linewise: Interpreter")

    def test_not_trusted(self, open_window, file, choose):
        assert choose
        with open_window(file, workspace_trust=True) as window:
            restricted = window.page.get_by_role("button", name="Restricted Mode")
            expect(restricted).to_be_visible()
            expect(window.squiggles.first).to_be_visible()


def test_without_an_interpreter_consent_is_asked_and_without_a_network_said(open_window, file):
    # Nothing listens there, and pip does not try twice.
    no_network = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    with open_window(file, settings={"interpreter": []}, environment=no_network) as window:
        window.expect_toast(r"needs a Python environment of its own.* May it make one now\?")
        expect(window.status).to_contain_text("Linewise: not set up yet")
        create = window.toasts.get_by_role("button", name="Create Environment")
        create.click()
        window.expect_toast("making its Python environment")
        window.expect_toast(
            r"could not be made: .* If there was no connection to the package index"
        )
        expect(window.status).to_contain_text("Linewise: failed")

        # What the first attempt left behind is in nobody's way.
        create.click()
        window.expect_toast("making its Python environment")
        window.expect_toast(
            r"could not be made: .* If there was no connection to the package index"
        )


class TestWalkthrough:
    def test_opens_on_the_first_start_and_ticks_off_what_was_done(self, open_window, file):
        wanted = {"workbench.welcomePage.walkthroughs.openOnInstall": True}
        with open_window(file, editor=wanted, size=PICTURE) as window:
            expect(window.walkthrough).to_contain_text("Get Started with Linewise")
            for step in ("Start the server", "Get the model", "Score your first file"):
                expect(window.walkthrough_step(step)).to_have_attribute("aria-checked", "true")
            window.walkthrough_step("Know what a probability means").click()
            expect(window.walkthrough).to_contain_text("about 40 had to be edited")
            window.walkthrough_step("Score your first file").click()
            window.walkthrough.get_by_role("button", name="Open the Example").click()
            expect(window.texts.filter(has_text="def due_date")).to_be_visible()
