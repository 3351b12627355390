"""All that is known of one version of a document: scored, selected, put together."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from linewise.analysis.bands import Bands, bands
from linewise.analysis.findings import select_findings
from linewise.analysis.fingerprints import Fingerprints, fingerprints
from linewise.analysis.lines import LineTable, count_lines
from linewise.analysis.suppression import Suppression
from linewise.lsp.documents import Document
from linewise.results import Band, Finding, LineScore, Selection, TokenWeight
from linewise.settings import Settings

if TYPE_CHECKING:
    from linewise.engine import ScoredText
    from linewise.lsp.model import LoadedModel
    from linewise.workspace.decisions import Place
    from linewise.workspace.suppressions import Suppressions

LEAST_WEIGHT = 0.1
"""Log-odds below which a token is no reason worth naming."""
LONGEST_NAME = 30


@frozen
class Identity:
    """What an outcome is known by.

    ``result_id`` is equal if and only if text, model, probe, calibration, settings and what is
    suppressed are; ``model`` is the identity of the model alone, ``calibration`` the version of
    the calibration (`Workspace.version`).
    """

    result_id: str
    model: str
    calibration: str


@frozen(eq=False)
class Outcome:
    """All that is shown of one version of a document, ready to be looked up.

    ``findings`` are the lines that are shown, and ``hidden`` how many more the cap left out;
    ``prints`` are the fingerprints of all scored lines. ``weights`` holds the token weights of
    each flagged line, strongest first, and ``reasons`` the one strongest reason there is for it.
    """

    document: Document
    identity: Identity
    scored: ScoredText
    settings: Settings
    bands: Bands
    prints: Fingerprints
    suppressed: Suppression
    findings: tuple[Finding, ...]
    hidden: int
    weights: Mapping[int, tuple[TokenWeight, ...]]
    reasons: Mapping[int, str]
    problems: tuple[str, ...] = ()

    @property
    def result_id(self) -> str:
        """What the client knows it by."""
        return self.identity.result_id

    @property
    def container(self) -> str:
        """What the lines are counted in."""
        return "file" if self.document.cell is None else "cell"

    def finding(self, line: int) -> Finding | None:
        """Return the finding on a 0-based line."""
        return next((finding for finding in self.findings if finding.line == line), None)

    def band(self, score: LineScore) -> Band:
        """Return the band of a scored line."""
        return self.bands.of(score.probability)

    def risky(self) -> list[LineScore]:
        """Return the lines above the lowest band that are not ignored, the most probable first."""
        left_alone = self.suppressed.ignored | self.suppressed.baselined
        return sorted(
            (
                each
                for each in self.scored.lines
                if self.band(each) is not Band.LOW and each.line not in left_alone
            ),
            key=lambda each: each.rank,
        )


def place(document: Document) -> Place:
    """Return where decisions about a document are kept."""
    # Not before a document is opened: `initialize` is answered without it.
    from linewise.workspace.decisions import Place, place_of

    path = document.path
    return Place(None, document.uri) if path is None else place_of(path)


def identify(
    document: Document, model: LoadedModel, settings: Settings, suppressions: Suppressions
) -> Identity:
    """Return what the outcome of a document will be known by; reads little and starts nothing."""
    calibration = model.workspaces.version(document.path)
    suppressed = suppressions.version(place(document), settings)
    text, marked, notebook, start = document.content
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    digest.update(f"\0{marked}\0{start}\0{notebook}".encode("utf-8", "surrogatepass"))
    digest.update(f"\0{model.identity}\0{calibration}\0{settings!r}\0{suppressed}".encode())
    return Identity(digest.hexdigest(), model.identity, calibration)


def names_of(document: Document, settings: Settings) -> frozenset[str]:
    """Return the names that are defined for a document elsewhere: by settings and by a kernel."""
    given = settings.names
    return given if document.cell is None else given | document.cell.notebook.names


def score(
    document: Document,
    model: LoadedModel,
    settings: Settings,
    text: str,
    cancelled: Callable[[], bool],
    *,
    only: Collection[int] | None = None,
) -> ScoredText:
    """Score a text as that of a document, ``only`` some lines of it if given.

    A cell is scored with its notebook, once for all of its cells. Positions in its table are those
    of the client, which counts a byte order mark. On the model's thread.

    Raises
    ------
    Cancelled
        If ``cancelled`` said so.
    """
    workspaces, path = model.workspaces, document.path
    names = names_of(document, settings)

    def scored(whole: str, only: Collection[int] | None) -> ScoredText:
        calibration = workspaces.calibration(path, count_lines(whole))
        return model.engine.score(
            whole, names=names, calibration=calibration, only=only, cancelled=cancelled
        )

    if (cell := document.cell) is None:
        found = scored(text, only)
    elif only is not None:
        lines = {line + cell.first_line for line in only}
        found = cell.part(scored(cell.whole(text), lines), text)
    else:
        known, key = cell.notebook.scored, (model.identity, workspaces.version(path), names)
        if key not in known:
            known[key] = scored(cell.notebook.text, None)
        found = cell.part(known[key], text)
    return evolve(found, table=LineTable(text, marked=True)) if document.marked else found


@frozen(eq=False)
class Shown:
    """What is to be shown of a scored document."""

    scored: ScoredText
    prints: Fingerprints
    suppressed: Suppression
    selection: Selection
    problems: tuple[str, ...]


def select(
    document: Document, scored: ScoredText, settings: Settings, suppressions: Suppressions
) -> Shown:
    """Select what is shown of a scored document.

    Not on the model's thread, nor where others wait: it may start git and compare long texts.
    """
    prints = fingerprints(scored.table, scored.lines)
    where = place(document)
    suppressed = suppressions.of(where, scored.table, scored.lines, prints, settings)
    threshold = scored.calibration.threshold
    selection = select_findings(
        scored.table, scored.lines, settings, threshold, suppressed=suppressed, prints=prints
    )
    problems = suppressions.problems(where, settings)
    return Shown(scored, prints, suppressed, selection, problems)


def compute(
    document: Document, model: LoadedModel, settings: Settings, *, identity: Identity, shown: Shown
) -> Outcome:
    """Bring together all that is known of a document. On the model's thread."""
    scored, findings = shown.scored, shown.selection.findings
    # The probe belongs to this thread; a hover is then nothing but a look-up.
    weights = {
        finding.line: model.engine.token_weights(scored, finding.line) for finding in findings
    }
    return Outcome(
        document=document,
        identity=identity,
        scored=scored,
        settings=settings,
        bands=bands(settings, scored.calibration.threshold),
        prints=shown.prints,
        suppressed=shown.suppressed,
        findings=findings,
        hidden=shown.selection.hidden,
        weights=weights,
        reasons=_reasons(document, settings, scored, weights),
        problems=shown.problems,
    )


def _reasons(
    document: Document,
    settings: Settings,
    scored: ScoredText,
    weights: Mapping[int, tuple[TokenWeight, ...]],
) -> dict[int, str]:
    """Say why of each flagged line: what is known to be wrong, or else what weighs most."""
    from linewise.analysis.line_facts import FACTS
    from linewise.analysis.problems.features import LINE_PROBLEMS
    from linewise.analysis.problems.find import problems
    from linewise.rationale.explanation import sentence

    reasons = {line: reason for line in weights if (reason := _heaviest(weights[line]))}
    # The text is looked through again only if the facts say that it is worth it.
    columns = [FACTS.index(name) for name in LINE_PROBLEMS]
    counts = scored.facts[:, columns].sum(axis=1)
    if not any(counts[at] for at, each in enumerate(scored.lines) if each.line in weights):
        return reasons
    # A cell's names may be defined in others.
    cell = document.cell
    text, first = (document.text, 0) if cell is None else (cell.notebook.text, cell.first_line)
    for problem in reversed(problems(text, names_of(document, settings))):
        if problem.line - first in weights:
            reasons[problem.line - first] = sentence(problem, "'{}'".format)
    return reasons


def _heaviest(weights: tuple[TokenWeight, ...]) -> str | None:
    for weight in weights:
        name = weight.text.strip()
        if not math.isfinite(weight.weight) or weight.weight < LEAST_WEIGHT:
            continue
        if name and name.isprintable() and len(name) <= LONGEST_NAME:
            return f"'{name}' weighs most"
    return None
