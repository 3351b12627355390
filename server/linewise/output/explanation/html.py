"""An explanation as a page: one file that asks for nothing, light or dark as its reader prefers.

No meaning rests on color alone: what raises the score is underlined, what lowers it has a line
above, and figures stand beside.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from linewise.output.explanation.report import ExplanationReport
from linewise.output.explanation.shown import RATIONALES, shown
from linewise.rationale.explain_wording import snippet
from linewise.wording import percent


def render(report: ExplanationReport) -> str:
    """Return a page whose policy forbids every script and request, and every style but its own."""
    style = (files(__package__) / "templates" / "page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'"
    template = _templates().get_template("page.html")
    return template.render(shown=shown(report), rationales=RATIONALES, style=style, policy=policy)


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters.update(percent=percent, snippet=snippet)
    return templates
