"""The work behind ``linewise report``: a scanned folder in, a report out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from attrs import frozen

from linewise.commands.scanning import reader_of
from linewise.errors import LinewiseError, ModelNotFoundError
from linewise.probe.manifest import read_manifest
from linewise.probe.shipped import find_probe
from linewise.rationale.study.target import Target
from linewise.report.build import Subject, build
from linewise.report.payload import WorkspaceReport
from linewise.workspace.calibration import Workspaces
from linewise.workspace.clones import shallow_advice
from linewise.workspace.scan.formats import Links, ReportFormat
from linewise.workspace.scan.location import below, workspace_root
from linewise.workspace.scan.store import Store
from linewise.writing import replace_file


@frozen
class Options:
    """What to report; None takes what most units were explained by.

    ``storage`` is the folder that the store is kept in, None the user's state folder.
    """

    model: str
    target: Target | None = None
    method: str | None = None
    ages: bool = False
    reference: Path | None = None
    storage: Path | None = None


def built(folder: Path, options: Options, said: Callable[[str], None]) -> WorkspaceReport:
    """Return the report of a folder; ``said`` hears what a person should know.

    Raises
    ------
    LinewiseError
        If nothing was scanned, there is no probe for the model, or the store cannot be read.
    """
    with ExitStack() as stores:
        subject = _subject(folder, options, said, stores)
        if options.ages and (cut_off := shallow_advice(subject.root)) is not None:
            said(cut_off)
        reference = None
        if options.reference is not None:
            reference = _subject(options.reference, options, said, stores)
        return build(subject, reference)


def rendered(report: WorkspaceReport, form: ReportFormat, links: Links) -> bytes:
    """Return the report in a format.

    Raises
    ------
    LinewiseError
        If PDF is asked for and cannot be made.
    """
    # Each needs other libraries, some of which take long to import.
    match form:
        case ReportFormat.HTML:
            from linewise.report import html

            return html.render(report, links).encode("utf-8")
        case ReportFormat.PDF:
            from linewise.report import pdf

            return pdf.render(report)
        case ReportFormat.MD:
            from linewise.report.text import render_markdown

            return render_markdown(report).encode("utf-8")
        case ReportFormat.JSON:
            from linewise.report.text import render_json

            return render_json(report).encode("utf-8")


def write_file(path: Path, content: bytes) -> None:
    """Write a file; raise LinewiseError, naming it, if that is not possible."""
    try:
        replace_file(path, content)
    except OSError as error:
        raise LinewiseError(f"{path}: cannot be written ({error.strerror})") from error


def _subject(
    folder: Path, options: Options, said: Callable[[str], None], stores: ExitStack
) -> Subject:
    folder = folder.absolute()
    root = workspace_root(folder)
    place = find_probe(options.model)
    if place is None:
        raise ModelNotFoundError(
            f"there is no probe for {options.model}, so its scans hold no probabilities to report; "
            "`linewise compare` compares the rationales of any models"
        )
    manifest = read_manifest(place / "manifest.json")
    return Subject(
        store=stores.enter_context(Store.open_existing(root, said, options.storage)),
        root=root,
        within=below(root, folder),
        reader=reader_of(options.model),
        manifest=manifest,
        workspace=Workspaces(options.model, manifest).of(folder),
        method=options.method,
        target=None if options.target is None else str(options.target),
        ages=options.ages,
    )
