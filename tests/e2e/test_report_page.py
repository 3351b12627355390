"""The report in a real browser: light, dark, narrow and on paper, without a word to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from report_samples import full_report, shipped_manifest

from linewise.report import html
from linewise.report.theme import DARK, LIGHT

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "project").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEWISE_STATE_DIR", str(folder / "state"))
        found = full_report(folder / "project", shipped_manifest())
    page = folder / "report.html"
    page.write_text(html.render(found), "utf-8")
    return page


@contextmanager
def opened(browser: Browser, report: Path, scheme: str, width: int = 1100) -> Iterator[Page]:
    """Open the page; nothing may be asked for but the page, and nothing may go wrong."""
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(report.as_uri())
    yield page
    assert asked == [report.as_uri()]
    assert wrong == []
    page.close()


def ground(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def rgb(color: str) -> str:
    return f"rgb({', '.join(str(int(color[at : at + 2], 16)) for at in (1, 3, 5))})"


@pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_it_follows_the_theme_pictures_included(browser, report, scheme, palette):
    with opened(browser, report, scheme) as page:
        assert ground(page) == rgb(palette.paper)
        fills = page.evaluate(
            "[...document.querySelectorAll('svg text')].map(each => getComputedStyle(each).fill)"
        )
        assert set(fills) == {rgb(palette.ink), rgb(palette.muted)} | (
            {rgb(palette.paper)} & set(fills)
        )


@pytest.mark.parametrize("width", [1100, 480])
def test_nothing_is_wider_than_the_page(browser, report, width):
    with opened(browser, report, "light", width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = page.evaluate(
            "[...document.querySelectorAll('svg')].map(each => each.getBoundingClientRect().height)"
        )
        assert len(boxes) >= 12
        assert min(boxes) > 40


def test_text_of_pictures_stays_inside(browser, report):
    with opened(browser, report, "light") as page:
        outside = page.evaluate(
            """[...document.querySelectorAll('svg text')].filter(each => {
              const inner = each.getBoundingClientRect();
              const outer = each.closest('svg').getBoundingClientRect();
              return inner.left < outer.left - 2 || inner.right > outer.right + 2
                || inner.bottom > outer.bottom + 2 || inner.top < outer.top - 2;
            }).map(each => each.textContent)"""
        )
        assert outside == []


def test_on_paper_it_is_light_and_shows_no_controls(browser, report):
    with opened(browser, report, "dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert ground(page) == rgb(LIGHT.paper)
        assert not page.locator("nav").is_visible()
        assert page.locator("details:visible").count() == 0
        assert page.pdf().startswith(b"%PDF-")
