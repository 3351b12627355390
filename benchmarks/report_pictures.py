"""The pictures of docs/report.md: ``python -m benchmarks.report_pictures linewise-report.html``.

Shown is the beginning of a report in Chromium, light and dark. The one in the documents is of a
checkout of https://github.com/pallets/click whose ``src`` was scanned and calibrated.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "img"
_WIDTH, _HEIGHT, _COLORS = 1060, 1400, 64


def main(report: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Write report-light.png and report-dark.png."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(
                color_scheme=scheme, viewport={"width": _WIDTH, "height": _HEIGHT}
            )
            page.goto(report.absolute().as_uri())
            picture = Image.open(io.BytesIO(page.screenshot()))
            few = picture.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
            few.save(IMAGES / f"report-{scheme}.png", optimize=True)
        browser.close()


typer.run(main)
