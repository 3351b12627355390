"""Linewise in VS Code with what a folder can do to it, and what other extensions can ask of it."""

from __future__ import annotations

import json
import shutil

import pytest
from machine import language_servers
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

MANY = 100


@pytest.fixture(scope="module")
def folder(risky_file, tmp_path_factory):
    """The example beside many small files."""
    folder = tmp_path_factory.mktemp("many") / "inventory"
    shutil.copytree(risky_file.parent, folder)
    for number in range(MANY):
        text = f"def area_{number}(width, height):\n    return width * hieght\n"
        (folder / f"area_{number:03}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def window(open_window, folder):
    """A window on that folder."""
    with open_window(folder / "inventory.py") as window:
        expect(window.squiggles.first).to_be_visible()
        yield window


def ask_tool(window, name, **options):
    """Ask a tool for assistants, as another extension does; return what it answers."""
    return json.loads(
        window.run(f"""
            const options = {{ input: {json.dumps(options)}, toolInvocationToken: undefined }};
            const {{ content }} = await vscode.lm.invokeTool({json.dumps(name)}, options);
            return content.map(({{ value }}) => value).join("");
        """)
    )


class TestTools:
    """What an assistant in the editor can ask for."""

    def test_list_risky_lines(self, window):
        answer = ask_tool(window, "linewise_riskyLines", file="inventory.py", limit=3)
        shown = [line["editProbability"] for line in answer["lines"]]
        assert len(shown) == 3
        assert shown == sorted(shown, reverse=True)
        assert {line["file"] for line in answer["lines"]} == {"inventory.py"}
        assert "baseRate" in answer["note"]

    def test_explain_a_line(self, window):
        ((line,),) = [ask_tool(window, "linewise_riskyLines", limit=1)["lines"]]
        answer = ask_tool(window, "linewise_explainLine", file="inventory.py", line=line["line"])
        assert answer["line"] == line["line"]
        assert answer["heaviest"]
        assert {"code", "line", "weight"} == set(answer["heaviest"][0])

    def test_say_what_they_cannot_answer(self, window):
        with pytest.raises(AssertionError, match="There is no file /etc/passwd"):
            ask_tool(window, "linewise_explainLine", file="/etc/passwd", line=1)


def test_a_hundred_files_opened_at_once_hold_nothing_up(window, folder, tmp_path_factory):
    before = language_servers(tmp_path_factory.getbasetemp())
    files = sorted(str(file) for file in folder.glob("area_*.py"))
    opened = window.run(f"""
        const files = {json.dumps(files)}.map((file) => vscode.Uri.file(file));
        const {{ openTextDocument }} = vscode.workspace;
        // One after the other: of files that are not shown, the editor keeps the last fifty alone.
        for (const file of files) await openTextDocument(file);
        await vscode.window.showTextDocument(files.at(-1), {{ preview: false }});
        return files.length;
    """)
    assert opened == MANY
    # What is looked at is scored, whatever else is open.
    expect(window.tab(f"area_{MANY - 1:03}.py")).to_be_visible()
    expect(window.text).to_contain_text("hieght")
    window.hover_over(window.squiggles.last)
    expect(window.hover.first).to_contain_text("'hieght' is not defined")
    window.leave_hover()
    window.tab("inventory.py").click()
    expect(window.text).to_contain_text("class Inventory")
    expect(window.squiggles).to_have_count(5)
    assert language_servers(tmp_path_factory.getbasetemp()) == before


def test_a_folder_removed_while_it_is_open_takes_nothing_along(window, folder):
    shutil.rmtree(folder)
    window.focus_editor()
    window.page.keyboard.press("Control+End")
    window.page.keyboard.type("\ndef total(items):\n    return sum(item.price for itm in items)")
    expect(window.squiggles.first).to_be_visible()
    window.run_command("Linewise: Edit Probability of Selection")
    window.expect_toast("Edit probability ")
