"""What several commands are told."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from linewise.settings import Settings, pattern_problem


def parse_pattern(text: str) -> str:
    """Read a pattern as in ``.gitignore``.

    Raises
    ------
    typer.BadParameter
        If it is none.
    """
    if (problem := pattern_problem(text)) is not None:
        raise typer.BadParameter(f"{text!r} is no pattern as in .gitignore: {problem}")
    return text


def limit(does: str, default: int) -> Any:
    """Return the option of a limit that the projects of files have, too."""
    shown = f"the project's, else {default}"
    return typer.Option(min=1, metavar="N", show_default=shown, help=does)


_DEFAULTS = Settings()
MaxLines = Annotated[int | None, limit("Skip files with more lines.", _DEFAULTS.max_file_lines)]
MaxBytes = Annotated[int | None, limit("Skip larger files.", _DEFAULTS.max_file_bytes)]
Tokens = Annotated[
    int, typer.Option(min=1, metavar="N", help="Of next tokens: explain N of a unit.")
]
Context = Annotated[
    int, typer.Option(min=1, max=512, metavar="N", help="Of next tokens: from N tokens before.")
]
Places = Annotated[
    int, typer.Option(min=1, metavar="N", help="With greedy methods: at most N tokens each.")
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        parser=parse_pattern,
        metavar="GLOB",
        help="Read these files only, as in .gitignore; repeatable.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        parser=parse_pattern, metavar="GLOB", help="Leave these files out too; repeatable."
    ),
]
