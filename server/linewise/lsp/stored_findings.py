"""From stored lines to diagnostics, some files at a time. Used on the thread of the scans."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from attrs import frozen
from lsprotocol import types

from linewise.analysis.findings import select_findings
from linewise.analysis.fingerprints import fingerprints
from linewise.analysis.lines import LineTable, PositionEncoding
from linewise.files import IN_EDITOR, Skipped, read_source
from linewise.lsp.convert import diagnostic
from linewise.lsp.model import LoadedModel
from linewise.lsp.scans import reader_of
from linewise.settings import Settings
from linewise.workspace.decisions import place_of
from linewise.workspace.scan.entry import content_hash
from linewise.workspace.scan.location import below, workspace_root
from linewise.workspace.scan.selection import Selection
from linewise.workspace.scan.store import NothingScannedError, Store
from linewise.workspace.scan.stored_lines import StoredFile, line_scores, stored_files
from linewise.workspace.suppressions import Suppressions

PORTION = 20
"""Files that are read before somebody else may have the thread."""


@frozen(eq=False)
class StoredReport:
    """What is shown of a file: ``result_id`` is equal if and only if what is shown is."""

    uri: str
    result_id: str
    items: tuple[types.Diagnostic, ...]


@frozen(eq=False)
class Subject:
    """Whose findings are made, by what, and for whom: ``href`` explains their code, if shown.

    ``selection`` says of which files, and by which settings.
    """

    folder: Path
    model: LoadedModel
    selection: Selection
    suppressions: Suppressions
    encoding: PositionEncoding
    href: str | None


class StoredFindings:
    """Makes the reports of a folder's scanned files, but those that are ``known`` by their id."""

    def __init__(self, subject: Subject, known: Mapping[str, StoredReport]) -> None:
        self._subject = subject
        self._known = known
        self._reports = self._all()

    def some(self) -> tuple[StoredReport, ...]:
        """Return some more; nothing if that was all.

        Raises
        ------
        LinewiseError
            If the store cannot be read.
        """
        return tuple(islice(self._reports, PORTION))

    def _all(self) -> Iterator[StoredReport]:
        subject = self._subject
        root = workspace_root(subject.folder)
        # What there is to say of the store, scans say.
        with suppress(NothingScannedError), Store.open_existing(root, lambda _: None) as store:
            number = store.reader_id(reader_of(subject.model))
            for file in stored_files(store, number, below(root, subject.folder)):
                path = root / file.path
                settings = subject.selection.of(path).settings
                if not (settings.diagnostics and subject.selection.wants(path)):
                    continue
                uri, result_id = path.as_uri(), self._result_id(path, file, settings)
                known = self._known.get(uri)
                if known is not None and known.result_id == result_id:
                    yield known
                elif (items := self._items(store, path, file, settings)) is not None:
                    yield StoredReport(uri, result_id, items)

    def _result_id(self, path: Path, file: StoredFile, settings: Settings) -> str:
        model = self._subject.model
        suppressed = self._subject.suppressions.version(place_of(path), settings)
        calibration = model.workspaces.version(path)
        known_by = f"{model.identity}\0{calibration}\0{settings!r}\0{suppressed}".encode()
        return "stored " + hashlib.sha256(file.content + known_by).hexdigest()

    def _items(
        self, store: Store, path: Path, file: StoredFile, settings: Settings
    ) -> tuple[types.Diagnostic, ...] | None:
        """Return a file's diagnostics, None if it does not say any more what was scanned."""
        subject = self._subject
        source = read_source(path, settings, IN_EDITOR)
        if isinstance(source, Skipped):
            return None
        if content_hash(source.text.encode("utf-8", "surrogatepass")) != file.content:
            return None
        table = LineTable(source.text)
        calibration = subject.model.workspaces.calibration(path, file.length)
        scores = line_scores(store, file, calibration)
        prints = fingerprints(table, scores)
        suppressed = subject.suppressions.of(place_of(path), table, scores, prints, settings)
        shown = select_findings(
            table, scores, settings, calibration.threshold, suppressed=suppressed, prints=prints
        )
        return tuple(
            diagnostic(
                finding,
                table,
                calibration.line.base_rate,
                subject.encoding,
                more=shown.hidden if finding is shown.findings[-1] else 0,
                href=subject.href,
            )
            for finding in shown.findings
        )
