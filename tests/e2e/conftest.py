"""Real editors, on a folder with a file in which Linewise underlines lines."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from code_server import CodeServer, page_address
from machine import EXTENSION, HERE, ROOT, SENSITIVE, need
from playwright.sync_api import Browser, ViewportSize, sync_playwright
from workbench import WHOLE_FILE, Workbench

from benchmarks.report import write

OpenWindow = Callable[..., AbstractContextManager[Workbench]]
KeepFigures = Callable[[str, Mapping[str, object]], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, help="keep the documentation's pictures here")
    parser.addoption("--keep-figures", action="store_true", help="write to benchmarks/results")


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path | None:
    """Where to keep pictures, if anywhere."""
    return request.config.getoption("--screenshots", default=None)


@pytest.fixture
def keep_figures(request: pytest.FixtureRequest) -> KeepFigures | None:
    """What writes figures to benchmarks/results, if they are to be kept."""
    if not request.config.getoption("--keep-figures", default=False):
        return None
    command = f"pytest --keep-figures {request.node.nodeid}"
    return lambda name, figures: write(name, command, figures)


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
def tester(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What runs the tests' own code beside the extension."""
    vsix = tmp_path_factory.mktemp("tester") / "tester.vsix"
    vsce = EXTENSION / "node_modules" / ".bin" / "vsce"
    options = ["--no-dependencies", "--allow-missing-repository", "--skip-license"]
    subprocess.run(
        [vsce, "package", *options, "--out", vsix],
        cwd=HERE / "tester",
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return vsix


@pytest.fixture(scope="session")
def extensions(
    vscode_installation: Path, vsix: Path, tester: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with the extension, installed as a user does from a file."""
    folder = tmp_path_factory.mktemp("extensions")
    profile = tmp_path_factory.mktemp("vscode")
    CodeServer(vscode_installation, folder, profile, {}).install_extensions(vsix, tester)
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
        environment: dict[str, str] | None = None,
        workspace_trust: bool = False,
        size: ViewportSize = WHOLE_FILE,
    ) -> Iterator[Workbench]:
        profile = tmp_path_factory.mktemp("vscode")
        chosen = SENSITIVE | {"interpreter": sys.executable} | (settings or {})
        sections = {f"linewise.{name}": value for name, value in chosen.items()}
        code_server = CodeServer(
            vscode_installation, extensions, profile, sections, editor, environment
        )
        with code_server.serving(workspace_trust=workspace_trust) as address:
            page = browser.new_context(viewport=size).new_page()
            here = page_address(address, file.parent, file)
            yield Workbench(page, here, code_server.tester)
            page.context.close()

    return open_window
