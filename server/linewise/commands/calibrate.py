"""``linewise calibrate``: fit probabilities to a repository's own history, show or forget that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linewise.settings import DEFAULT_MODEL
from linewise.wording import percent

if TYPE_CHECKING:
    from linewise.workspace.calibration import Workspace

_WINDOW_DAYS = 14.0


def calibrate(
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", exists=True, help="A file or folder of the repository."),
    ] = Path(),
    *,
    from_git: Annotated[
        bool,
        typer.Option(
            "--from-git",
            help="Fit to past commits: which of their lines were changed soon after.",
        ),
    ] = False,
    window: Annotated[
        float, typer.Option(min=1, max=365, metavar="DAYS", help="What counts as soon.")
    ] = _WINDOW_DAYS,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget the calibration and what edits taught.")
    ] = False,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="The installed target model.")
    ] = DEFAULT_MODEL,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Fit probabilities to a repository's own history; without options, show what is in force.

    Everything stays on this machine, outside the repository.
    """
    if from_git and reset:
        raise typer.BadParameter("--from-git and --reset exclude each other")
    from linewise.commands.calibrating import fit_to_git, workspace_of
    from linewise.commands.console import stage_progress, write_json

    if from_git:
        with stage_progress(quiet=json) as progress:
            workspace = fit_to_git(path, model, window, progress)
    else:
        workspace = workspace_of(path, model)
    if reset:
        forgotten = [workspace.reset(), workspace.reset_feedback()]
        typer.echo("forgotten" if any(forgotten) else "there was nothing to forget", err=True)
    if json:
        write_json(_payload(workspace))
    elif not reset:
        _print(workspace)


def _payload(workspace: Workspace) -> dict[str, Any]:
    import cattrs

    in_force, feedback = workspace.described(), workspace.feedback
    return {
        "version": 1,
        "root": str(workspace.root),
        "source": in_force.source,
        "fitted": in_force.fitted,
        "base_rate": in_force.line.base_rate,
        "threshold": in_force.threshold,
        "problem": workspace.problem,
        "stored": cattrs.unstructure(workspace.stored),
        "feedback": {
            "lines": round(feedback.lines),
            "edited": round(feedback.edited),
            "shift": round(workspace.personal, 4),
        },
    }


def _print(workspace: Workspace) -> None:
    from linewise.commands.console import facts, results

    in_force, stored, feedback = workspace.described(), workspace.stored, workspace.feedback
    rows = [("repository", str(workspace.root)), ("calibration", in_force.fitted)]
    if workspace.problem:
        rows.append(("problem", workspace.problem))
    if stored is not None:
        later = stored.metrics
        rows += [
            ("fitted", f"{stored.fitted}, up to commit {stored.head[:12]}"),
            ("flags from", percent(in_force.threshold)),
            *(
                (name, "  ".join(f"{key} {_interval(value)}" for key, value in row.items()))
                for name, row in later["later commits"].items()
            ),
        ]
    shown, edited = sum(feedback.flagged), sum(feedback.flagged_edited)
    others, others_edited = sum(feedback.unflagged), sum(feedback.unflagged_edited)
    rows.append(
        (
            "your edits",
            f"{edited:.0f} of {shown:.0f} flagged lines, "
            f"{others_edited:.0f} of {others:.0f} others; "
            f"log-odds moved by {workspace.personal:+.2f}",
        )
    )
    results().print(facts(rows))


def _interval(values: list[float]) -> str:
    value, low, high = values
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
