"""A scan: brings the store up to date with a folder, one file at a time.

Whoever runs it asks for `Scan.step` until it is done: the command line in a loop, a server between
other work. A step that is interrupted loses at most the forward pass in hand; a process that is
killed loses what it had not written yet, and the next scan goes on from there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, frozen

from linewise.analysis.lines import count_lines
from linewise.analysis.model_input import Tokenizer
from linewise.errors import Cancelled, LinewiseError
from linewise.files import ON_COMMAND_LINE, Advice, Skipped, read_source
from linewise.rationale.explain_text import ExplainedText
from linewise.results import Omission, merged
from linewise.workspace.scan.basis import Basis
from linewise.workspace.scan.database import DamagedDatabaseError, GoneError, set_damaged_aside
from linewise.workspace.scan.entry import Entry, content_hash
from linewise.workspace.scan.location import below
from linewise.workspace.scan.records import HEAD, LINE, Method, Placement, Reader, Reading, Rows
from linewise.workspace.scan.scoring import (
    ShownUnit,
    line_rows,
    read_units,
    shown_units,
)
from linewise.workspace.scan.selection import Rule, Selection
from linewise.workspace.scan.skipped import skipped
from linewise.workspace.scan.store import Store
from linewise.workspace.scan.totals import add_up_files
from linewise.workspace.scan.walk import entry_of, python_files

if TYPE_CHECKING:
    from linewise.engine import Engine
    from linewise.workspace.scan.rationalizing import Rationalizer

SETTLED_NANOSECONDS = 2_000_000_000
"""A file written so shortly before it was read may be written again without its times changing."""
_ATTEMPTS = 3


def _here(work: Callable[[], Any]) -> Any:
    return work()


@frozen(eq=False)
class Instruments:
    """What reads and explains; without an ``engine`` nothing is scored, only explained.

    ``tokenizer`` is the target model's. ``run`` runs what asks the model, on the thread that owns
    it; a scan may be on another one, so that nobody who wants the model waits for a disk.
    """

    tokenizer: Tokenizer
    engine: Engine | None
    rationalizer: Rationalizer | None = None
    run: Callable[[Callable[[], Any]], Any] = _here


@frozen
class Request:
    """What to scan: a ``folder`` of the workspace at ``root``, read by ``reader``.

    Rationales are found by ``method``; None leaves them out. The ``selection``
    says which files there are and within which limits each is read; ``advice`` is for whoever
    reads why one is skipped.
    """

    root: Path
    folder: Path
    reader: Reader
    selection: Selection
    method: Method | None = None
    advice: Advice = ON_COMMAND_LINE

    @property
    def within(self) -> bytes:
        """What the paths of the folder's files begin with, below the root."""
        return below(self.root, self.folder)


@define
class Progress:
    """What a scan has done; files are those that needed reading, seconds those spent in steps."""

    files: int = 0
    pending: int = 0
    done: int = 0
    path: str = ""
    problems: int = 0
    units_read: int = 0
    units_known: int = 0
    tokens_read: int = 0
    units_explained: int = 0
    forgotten: int = 0
    scoring_seconds: float = 0.0
    explaining_seconds: float = 0.0


def _never() -> bool:
    return False


@frozen(eq=False)
class _Opened:
    """A file's text, and the units in it that are shown to the model."""

    content: bytes
    text: ExplainedText
    shown: tuple[ShownUnit, ...]


class Scan:
    """One scan. It is used from one thread; its instruments are loaded when needed.

    ``omissions`` are what of the folder is not looked at; what they name is below the folder as the
    request names it. ``skipped`` are those that cannot be read, once all is done.
    """

    def __init__(
        self,
        store: Store,
        request: Request,
        load: Callable[[], Instruments],
        said: Callable[[str], None],
    ) -> None:
        self.progress = Progress()
        self.finished = False
        self.omissions: tuple[Omission, ...] = ()
        self.skipped: tuple[Omission, ...] = ()
        self.store = store
        self.request = request
        self._load = load
        self._said = said
        self._instruments: Instruments | None = None
        self._opened: _Opened | None = None
        self._next: bytes | None = None
        self._begin()

    def step(
        self,
        interrupted: Callable[[], bool] = _never,
        enough: Callable[[], bool] = _never,
    ) -> None:
        """Read the next file that needs it; after the last one, finish.

        ``interrupted`` is asked between forward passes, ``enough`` whenever something was stored.
        If one says so, the step ends and the next one goes on with the same file, where units that
        were read or explained are not read or explained again.

        Raises
        ------
        LinewiseError
            If the model cannot be loaded or the store cannot be written; what was stored is safe.
        """
        try:
            if self._next is None:
                self._finish()
            else:
                self._read(self._next, interrupted, enough)
                self._next = next(self._waiting, None)
                self.progress.done += 1
        except Cancelled:
            return
        except DamagedDatabaseError:
            self.store.database = set_damaged_aside(self.store.database, self._said)
            self._begin()

    def _begin(self) -> None:
        request, store = self.request, self.store
        self.reader_id = store.reader_id(request.reader)
        self._method = None if request.method is None else store.method_id(request.method)
        left_out: list[Omission] = []
        self.progress.files, self.progress.pending = store.survey(
            self._entries(left_out.append), self.reader_id, self._method
        )
        self.omissions = merged(left_out)
        self.progress.done = 0
        self._waiting = store.pending()
        self._next = next(self._waiting, None)

    def _entries(self, omit: Callable[[Omission], None]) -> Iterator[tuple[Entry, Basis]]:
        request, selection = self.request, self.request.selection
        for path in python_files(request.folder, selection.wants, omit):
            if (entry := entry_of(request.root, path)) is not None:
                yield entry, selection.of(path).basis

    def _finish(self) -> None:
        self.progress.forgotten = self.store.forget_missing(self.request.within, self._is_spared)
        self.skipped = skipped(self._problems())
        if self._method is not None:
            # So that no report waits for it.
            add_up_files(self.store, self.reader_id, self._method)
        self.finished = True

    def _is_spared(self, path: bytes) -> bool:
        """Whether a file is only left out this time: what others know of it is true."""
        place, selection = self._place(path), self.request.selection
        return not (selection.asks_for(place) or selection.excludes(place)) and place.is_file()

    def _problems(self) -> Iterator[tuple[str, str]]:
        # Folders that could not be listed are said with their kind.
        said = {name for each in self.omissions for name in each.names}
        for path, problem in self.store.problems():
            if (name := self._place(path).as_posix()) not in said:
                yield name, problem

    def _place(self, path: bytes) -> Path:
        return self.request.root / os.fsdecode(path)

    def _read(
        self, path: bytes, interrupted: Callable[[], bool], enough: Callable[[], bool]
    ) -> None:
        place = self._place(path)
        rule = self.request.selection.of(place)
        self.progress.path = os.fsdecode(path)
        for attempt in range(_ATTEMPTS):
            entry = entry_of(self.request.root, place)
            if entry is None or self._is_current(entry, rule):
                return  # gone, or read by another process meanwhile
            try:
                self._read_entry(place, entry, rule, interrupted, enough)
            except GoneError:
                # Another process has forgotten units between our looking them up and using them.
                if attempt + 1 == _ATTEMPTS:
                    raise
            else:
                return

    def _read_entry(
        self,
        place: Path,
        entry: Entry,
        rule: Rule,
        interrupted: Callable[[], bool],
        enough: Callable[[], bool],
    ) -> None:
        settled = max(entry.modified, entry.changed) + SETTLED_NANOSECONDS < time.time_ns()
        source = read_source(place, rule.settings, self.request.advice)
        if isinstance(source, Skipped):
            self._keep_problem(entry, rule, settled and source.lasting, source.reason)
            return
        content = content_hash(source.text.encode("utf-8", "surrogatepass"))
        try:
            reading = self.store.same_content(self.reader_id, content, rule.basis)
            if reading is None:
                began = time.monotonic()
                reading = self._scored(
                    self._open(source.text, content, rule.settings.names), interrupted, enough
                )
                self.progress.scoring_seconds += time.monotonic() - began
            self.store.keep_reading(entry, rule.basis, settled, self.reader_id, reading)
            if self._method is not None:
                unexplained = self.store.unexplained(reading, self._method)
                began = time.monotonic()
                if unexplained:
                    opened = self._open(source.text, content, rule.settings.names)
                    self._explain(opened, unexplained, self._method, interrupted, enough)
                self.progress.explaining_seconds += time.monotonic() - began
        except (Cancelled, LinewiseError):
            raise
        except Exception as error:  # noqa: BLE001 - one file must not cost the others their result
            reason = f"could not be scored ({type(error).__name__}: {error}); please report this"
            # Not settled: it is tried again by the next scan.
            self._keep_problem(entry, rule, False, reason)

    def _is_current(self, entry: Entry, rule: Rule) -> bool:
        return self.store.is_current(entry, rule.basis, self.reader_id, self._method)

    def _keep_problem(self, entry: Entry, rule: Rule, settled: bool, reason: str) -> None:
        self.store.keep_problem(entry, rule.basis, settled, reason)
        self.progress.problems += 1

    def _open(self, text: str, content: bytes, names: frozenset[str]) -> _Opened:
        """Return the text with its units, the same as before if the last step was about it."""
        opened = self._opened
        if opened is None or (opened.content, opened.text.names) != (content, names):
            explained = ExplainedText(text, names=names)
            shown = shown_units(explained, self._ready().tokenizer)
            self._opened = opened = _Opened(content, explained, shown)
        return opened

    def _scored(
        self, opened: _Opened, interrupted: Callable[[], bool], enough: Callable[[], bool]
    ) -> Reading:
        store, instruments = self.store, self._ready()
        engine, text, shown = instruments.engine, opened.text, opened.shown
        keys = [each.key for each in shown]
        known = store.known(self.reader_id, keys)
        unread = list({each.key: each for each in shown if each.key not in known}.values())
        self.progress.units_known += len(shown) - len(unread)
        for portion in _read(instruments, text, unread, interrupted):
            store.keep_units(
                self.reader_id, [(each.key, each.tokens, heads) for each, heads in portion]
            )
            self.progress.units_read += len(portion)
            self.progress.tokens_read += sum(each.tokens for each, _ in portion)
            if enough():
                raise Cancelled
        known |= store.known(self.reader_id, [each.key for each in unread])
        if missing := set(keys) - known.keys():
            raise GoneError(f"{len(missing)} units were forgotten by another process; scan again")
        units = [known[key] for key in keys]
        heads = [unit.heads for unit in units]
        return Reading(
            opened.content,
            count_lines(text.text),
            np.empty(0, LINE) if engine is None else line_rows(engine, text, shown, heads),
            tuple(
                Placement(
                    unit.id,
                    each.unit.kind,
                    each.unit.name,
                    each.unit.first_line,
                    each.unit.last_line,
                )
                for each, unit in zip(shown, units, strict=True)
            ),
        )

    def _explain(
        self,
        opened: _Opened,
        missing: set[int],
        method: int,
        interrupted: Callable[[], bool],
        enough: Callable[[], bool],
    ) -> None:
        instruments = self._ready()
        assert instruments.rationalizer is not None  # noqa: S101 - there is one for the method
        explain, text = instruments.rationalizer.explain, opened.text
        known = self.store.known(self.reader_id, [each.key for each in opened.shown])
        for each in opened.shown:
            unit = known.get(each.key)
            if unit is not None and unit.id in missing:
                found = instruments.run(partial(explain, text, each, unit.heads, interrupted))
                self.store.keep_rationale(unit.id, method, found)
                missing.remove(unit.id)
                self.progress.units_explained += 1
                if missing and enough():
                    raise Cancelled

    def _ready(self) -> Instruments:
        if self._instruments is None:
            self._instruments = self._load()
        return self._instruments


def _read(
    instruments: Instruments,
    text: ExplainedText,
    units: list[ShownUnit],
    interrupted: Callable[[], bool],
) -> Iterator[list[tuple[ShownUnit, Rows]]]:
    if instruments.engine is not None:
        yield from read_units(instruments.engine, text, units, interrupted, instruments.run)
    else:
        yield [(each, np.empty(0, HEAD)) for each in units]
