"""A report as PDF: the page, on paper."""

from __future__ import annotations

from linewise.errors import LinewiseError
from linewise.report import html
from linewise.report.payload import WorkspaceReport
from linewise.workspace.scan.formats import Links


def render(report: WorkspaceReport) -> bytes:
    """Return the PDF.

    Raises
    ------
    LinewiseError
        If WeasyPrint, or the Pango library that it needs, is not installed.
    """
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        raise LinewiseError(
            f"writing PDF needs WeasyPrint and Pango ({error}): `pip install 'linewise[pdf]'`, or "
            "write HTML and print it from a browser"
        ) from error
    page = html.render(report, Links.NONE, paper=True)
    # Nothing of the page refers to anything outside of it; and nothing may.
    document = weasyprint.HTML(string=page, url_fetcher=_refuse)
    data: bytes = document.write_pdf()
    return data


def _refuse(url: str, *_arguments: object, **_options: object) -> None:
    raise ValueError(f"the report asks for {url}")
