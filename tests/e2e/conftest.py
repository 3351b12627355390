"""Real editors, on a folder with a file in which Linewise underlines lines."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from code_server import CodeServer, page_address
from machine import EXTENSION, HERE, ROOT, SENSITIVE, need
from playwright.sync_api import Browser, ViewportSize, sync_playwright
from workbench import WHOLE_FILE, Workbench

OpenWindow = Callable[..., AbstractContextManager[Workbench]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, help="keep the documentation's pictures here")


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path | None:
    """Where to keep pictures, if anywhere."""
    return request.config.getoption("--screenshots", default=None)


@pytest.fixture(scope="module")
def risky_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the documentation, in a folder of its own."""
    folder = tmp_path_factory.mktemp("workspace") / "inventory"
    shutil.copytree(ROOT / "examples", folder)
    return folder / "inventory.py"


@pytest.fixture(scope="session")
def vscode_installation() -> Path:
    """VS Code in a cache folder; the first run takes a minute."""
    need("npm", package="npm")
    script = HERE / "install_vscode.sh"
    return Path(subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout[:-1])


@pytest.fixture(scope="session")
def vsix() -> Path:
    """The extension as it is published, the server's wheel inside."""
    need("npm", package="npm")
    subprocess.run(["make", "--silent", "vsix"], cwd=ROOT, check=True)
    return EXTENSION / "dist" / "linewise.vsix"


@pytest.fixture(scope="session")
def extensions(
    vscode_installation: Path, vsix: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with the extension, installed as a user does from a file."""
    folder = tmp_path_factory.mktemp("extensions")
    profile = tmp_path_factory.mktemp("vscode")
    CodeServer(vscode_installation, folder, profile, {}).install_extension(vsix)
    return folder


# Not for the whole session: while it runs, its event loop is in the way of asynchronous tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a screen."""
    chromium = need("chromium", "chromium-browser", package="chromium fonts-dejavu-core")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def open_window(
    vscode_installation: Path,
    extensions: Path,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> OpenWindow:
    """Open a window on a file and its folder, in a VS Code of its own, until a block is left."""

    @contextmanager
    def open_window(
        file: Path,
        *,
        settings: dict[str, object] | None = None,
        editor: dict[str, object] | None = None,
        workspace_trust: bool = False,
        size: ViewportSize = WHOLE_FILE,
    ) -> Iterator[Workbench]:
        profile = tmp_path_factory.mktemp("vscode")
        chosen = SENSITIVE | {"interpreter": sys.executable} | (settings or {})
        sections = {f"linewise.{name}": value for name, value in chosen.items()}
        code_server = CodeServer(vscode_installation, extensions, profile, sections, editor)
        with code_server.serving(workspace_trust=workspace_trust) as address:
            context = browser.new_context(viewport=size)
            yield Workbench(context.new_page(), page_address(address, file.parent, file))
            context.close()

    return open_window
