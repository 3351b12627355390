"""What several commands of the laboratory are told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Option(
        exists=True, file_okay=False, help="Folder with problems.jsonl.gz and patches.jsonl.gz."
    ),
]
Cache = Annotated[Path, typer.Option(help="Where activations and predictions are kept.")]
Folder = Annotated[
    Path | None,
    typer.Option("--predictions", show_default="CACHE/predictions", help="Folder of predictions."),
]
Python = Annotated[
    Path | None, typer.Option(help="The interpreter programs run in.", show_default="this one")
]
Limit = Annotated[int, typer.Option(min=0, help="Use so many programs (0: all).")]
Mutations = Annotated[
    Path | None,
    typer.Option(exists=True, help="Injected bugs (`lab mutations`) to learn from, too."),
]
Minutes = Annotated[float, typer.Option(min=0, help="Stop after so long.")]
Folds = Annotated[str, typer.Option(metavar="N-N", help="Only tasks of these folds.")]
Model = Annotated[str, typer.Option(metavar="NAME", help="An installed target model.")]
EndpointModel = Annotated[
    str, typer.Option(metavar="NAME", help="The model that the endpoint is asked for.")
]
Rank = Annotated[int, typer.Option(min=0, help="The adapter's rank; 0 trains all weights.")]
CACHE = Path(".lab")
