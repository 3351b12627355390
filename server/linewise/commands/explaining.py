"""The work behind ``linewise explain``: a place in, a report out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from linewise import __version__
from linewise.analysis.lines import count_lines
from linewise.commands.explain import Place
from linewise.commands.paths import STDIN, displayed
from linewise.engine import Engine, ScoredText
from linewise.errors import LinewiseError
from linewise.files import Skipped, decode_source, read_source
from linewise.languages import NOTEBOOK_SUFFIX
from linewise.models.runtime import TargetModel
from linewise.output.explanation.report import ExplanationReport
from linewise.output.report import ModelReport
from linewise.rationale.explain import THOROUGH, Effort, Explainer, method_for
from linewise.rationale.explain_line import ExplainedLine, explainer_of, scored_line
from linewise.rationale.explain_text import ExplainedText, language_of
from linewise.rationale.study.target import Target
from linewise.settings import Settings
from linewise.workspace.calibration import Workspaces

Progress = Callable[[str, float], None]
"""Hears (what is in work, steps done)."""

STEPS = 4


@frozen
class Request:
    """What to explain and how; ``language`` and ``method`` are the usual ones where None."""

    place: Place
    target: Target
    method: str | None
    language: str | None
    thorough: bool
    settings: Settings


def explain_place(request: Request, progress: Progress) -> ExplanationReport:
    """Explain a line of a file.

    Raises
    ------
    LinewiseError
        If it cannot be: the file, the line, the method or the model does not allow for it.
    """
    place = request.place
    method = method_for(request.target, request.method)
    content = _read(place.path, request.settings)
    language = request.language or _language(place.path, content)
    text = ExplainedText(content, language, request.settings.names)
    if request.target is Target.EDIT:
        engine = Engine.load(request.settings.model)
        explainer = explainer_of(engine)
    else:
        engine, explainer = None, Explainer(TargetModel.load(request.settings.model), None)
    started, done = time.monotonic(), 0

    def told(stage: str) -> None:
        nonlocal done
        progress(stage, done)
        done += 1

    # Before anything that takes long: a line without code is refused at once.
    question = explainer.ask(text, place.line, target=request.target, column=place.column)
    scored = None
    if engine is not None:
        told("scoring the file")
        scored = scored_line(engine, _scored(engine, request, text), text, place.line)
    effort = THOROUGH if request.thorough else Effort()
    model = explainer.target
    explanation = explainer.explain(question, method, effort, told)
    return ExplanationReport(
        version=__version__,
        path=displayed(place.path),
        language=text.language,
        table=text.syntax.lines,
        model=ModelReport(model.name, model.identity, model.manifest.scheme, model.provider),
        probe=None if engine is None else engine.manifest.identity,
        explained=ExplainedLine(scored, explanation),
        elapsed=time.monotonic() - started,
    )


def _read(path: Path, settings: Settings) -> str:
    if path == STDIN:
        source = decode_source(sys.stdin.buffer.read(settings.max_file_bytes + 1), settings)
    else:
        if path.suffix.lower() == NOTEBOOK_SUFFIX:
            raise LinewiseError(
                f"{displayed(path)} cannot be explained: lines of notebooks are explained in an "
                "editor; `linewise check` scores them"
            )
        source = read_source(path, settings, any_language=True)
    if isinstance(source, Skipped):
        raise LinewiseError(f"{displayed(path)} cannot be explained: {source.reason}")
    return source.text


def _language(path: Path, content: str) -> str:
    return "python" if path == STDIN else language_of(path, content)


def _scored(engine: Engine, request: Request, text: ExplainedText) -> ScoredText:
    """Score the file as `linewise check` does, with the calibration of its repository."""
    path = None if request.place.path == STDIN else request.place.path
    workspaces = Workspaces(request.settings.model, engine.manifest)
    workspace = workspaces.common([path or Path.cwd()])
    length = count_lines(text.text)
    calibration = None if workspace is None else workspace.calibration(path, length)
    return engine.score(text.text, names=text.names, calibration=calibration)
