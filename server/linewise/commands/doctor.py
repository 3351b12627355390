"""``linewise doctor``: what is installed, what runs and on what, and whether it works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.filesize import decimal

from linewise.settings import DEFAULT_MODEL
from linewise.wording import percent

if TYPE_CHECKING:
    from linewise.commands.diagnosis import Diagnosis

UNHEALTHY = 3


def doctor(
    *,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="The model to test.")
    ] = DEFAULT_MODEL,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Check the installation, and say what to do where something is missing.

    Ends with 0 if Linewise works and with 3 otherwise.
    """
    import cattrs

    from linewise.commands.console import write_json
    from linewise.commands.diagnosis import diagnose

    diagnosis = diagnose(model)
    if json:
        write_json(cattrs.unstructure(diagnosis))
    else:
        _print(diagnosis)
    if diagnosis.problems:
        raise typer.Exit(UNHEALTHY)


def _print(found: Diagnosis) -> None:
    from rich.text import Text

    from linewise.commands.console import facts, results

    console = results()
    console.print(facts(_facts(found)))
    for problem in found.problems:
        console.print(Text.assemble(("problem  ", "bold red"), problem))
    if not found.problems:
        console.print("Everything works.", style="bold green")


def _facts(found: Diagnosis) -> Iterator[tuple[str, str]]:
    yield "Linewise", f"{found.linewise} on Python {found.python}, {found.platform}"
    yield "packages", ", ".join(f"{name} {it or 'missing'}" for name, it in found.packages.items())
    yield "runs on", f"{found.provider} ({found.provider_reason})"
    threads = found.threads or "as many threads as ONNX Runtime chooses"
    yield "threads", f"{threads}, {found.processors} processors"
    yield "cache", f"{found.cache_folder}, {decimal(found.cache_free)} free"
    for each in found.models:
        state = "damaged" if each.problem else "intact"
        yield "model", f"{each.name}, {each.scheme}, {decimal(each.size)}, {state}"
    if found.probe is not None:
        rate, threshold = percent(found.probe.base_rate), percent(found.probe.threshold)
        yield "probe", f"{found.probe.model}, base rate {rate}, flags from {threshold} on"
        yield from (("", line) for line in flattened(found.probe.metrics))
    if found.selftest is not None:
        test = found.selftest
        yield (
            "self-test",
            f"{test.lines} lines at {test.tokens_per_second:,.0f} tokens/s, "
            f"model loaded in {test.load_seconds:.1f} s",
        )


def flattened(metrics: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a line per innermost group of nested metrics; triples are estimates with bounds."""
    values = {key: value for key, value in metrics.items() if not isinstance(value, Mapping)}
    if values:
        listed = ", ".join(f"{key} {_figure(value)}" for key, value in values.items())
        yield ": ".join((" · ".join(path), listed)) if path else listed
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            yield from flattened(value, (*path, key))


def _figure(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 3:
        return f"{value[0]} ({value[1]} to {value[2]})"
    return str(value)
