"""``linewise study``: ask people which tokens they would rely on, and score what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linewise.rationale.study.target import Target
from linewise.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from linewise.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Ask people which tokens they would rely on, and compare that with the methods.",
)

STUDY_FILE = "study.json"
PAGE_FILE = "study.html"
_PIECES = 12
_MOST_TOKENS = 300


@app.command()
def export(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Where to write the study; made if need be."),
    ],
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH", exists=True, help="Python files, or folders to look for them in."
        ),
    ],
    *,
    pieces: Annotated[
        int, typer.Option("--pieces", "-n", min=1, metavar="N", help="How many to draw.")
    ] = _PIECES,
    target: Annotated[
        Target, typer.Option("--target", help="Ask about flagged lines, or predicted tokens.")
    ] = Target.EDIT,
    seed: Annotated[int, typer.Option(help="Another seed draws other pieces.")] = 0,
    max_tokens: Annotated[
        int,
        typer.Option(min=32, max=512, metavar="N", help="Leave longer pieces out."),
    ] = _MOST_TOKENS,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            "-t",
            min=0,
            max=1,
            metavar="P",
            show_default="the model's own",
            help="Draw lines from this edit probability on.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="The installed target model.")
    ] = DEFAULT_MODEL,
) -> None:
    """Draw code pieces; write the study and the page in which people answer it.

    Both files contain the code. The page works from a file and sends nothing anywhere.
    """
    from linewise.commands.console import file_progress
    from linewise.commands.paths import python_files
    from linewise.rationale.study.exporting import make_study
    from linewise.rationale.study.files import StudyError, write_study
    from linewise.rationale.study.models import Subject
    from linewise.rationale.study.page import render
    from linewise.settings import Settings

    place, page = folder / STUDY_FILE, folder / PAGE_FILE
    if place.exists():
        raise StudyError(f"{place} exists and may have answers: choose another folder")
    settings = Settings(model=model, threshold=threshold)
    files = python_files(paths)
    with file_progress(len(files)) as progress:
        study = make_study(
            Subject.load(model, target),
            target,
            _sources(files, settings, progress),
            settings=settings,
            pieces=pieces,
            seed=seed,
            max_tokens=max_tokens,
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_study(study, place)
    from linewise.writing import replace_file

    replace_file(page, render(study))
    if len(study.pieces) < pieces:
        typer.echo(f"linewise: only {len(study.pieces)} pieces could be drawn", err=True)
    typer.echo(f"{len(study.pieces)} pieces in {place}; people answer them in {page}")


def _sources(
    files: Sequence[Path], settings: Settings, progress: Callable[[str, float], None]
) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of the files that can be read; say why of the others."""
    from linewise.analysis.lines import without_surrogates
    from linewise.commands.paths import displayed
    from linewise.files import Skipped, read_source

    for number, path in enumerate(files):
        name = without_surrogates(displayed(path))
        progress(name, number)
        source = read_source(path, settings)
        if isinstance(source, Skipped):
            typer.echo(f"linewise: {name}: skipped, {source.reason}", err=True)
        else:
            yield name, source.text


@app.command("score")
def score_answers(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", exists=True, help="The file study.json.")
    ],
    answers: Annotated[
        list[Path],
        typer.Argument(metavar="ANSWERS", exists=True, help="The saved files, one per person."),
    ],
    *,
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            metavar="NAME",
            show_default="the one that Linewise shows",
            help="Compare this attribution method; may be repeated.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Compare what people marked with the methods, with each other and with chance."""
    from linewise.commands.console import file_progress, results, write_json
    from linewise.rationale.study import report
    from linewise.rationale.study.files import read_all_answers, read_study
    from linewise.rationale.study.models import Subject
    from linewise.rationale.study.rankings import rank_all
    from linewise.rationale.study.scoring import score

    asked = read_study(study)
    people = read_all_answers(answers, asked)
    pieces = {name for each in people for name, answer in each.pieces.items() if answer.given}
    with file_progress(len(pieces)) as progress:
        subject = Subject.load(asked.model, asked.target)
        subject.check(asked)
        rankings = rank_all(asked, subject, method or (), pieces, progress)
    found = score(asked, people, rankings)
    if json:
        write_json(report.payload(asked, found))
    else:
        results().print(report.tables(asked, found))
