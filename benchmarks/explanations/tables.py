"""The tables of docs/rationales.md from the committed results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.markdown import interval, number, origin, table

Record = Mapping[str, Any]
_UNKNOWN = "–"
_CATEGORIES = 12
_LEVELS = {
    "token": "tokens of a line",
    "category": "categories of a line",
    "line": "lines around a line",
}


def tables(results: Path) -> Iterable[tuple[str, str]]:
    """Yield (name, table) of every record that is there."""
    for name, makers in _TABLES.items():
        path = results / f"{name}.json"
        if path.exists():
            record = json.loads(path.read_text("utf-8"))
            for part, make in makers.items():
                yield part, f"{origin(record)}\n\n{make(record['figures'])}"


def _lines(figures: Record) -> str:
    body = _methods(figures["lines"])
    by_source = figures["by source"]
    for source, found in by_source.items():
        default = found["default"]
        body.append([f"{default}, {source}", *_method(found[default])])
    return _deletion(figures, body)


def _tokens(figures: Record) -> str:
    return _deletion(figures, _methods(figures["predicted tokens"]))


def _deletion(figures: Record, body: list[list[str]]) -> str:
    shares = ", ".join(f"{share:.0%}" for share in figures["fractions"])
    head = (
        f"Rationales of {shares} of the tokens, each against {figures['random rationales']} random "
        "ones of its size. *Better*: share of units above the mean of random ones. *By*: the mean "
        "difference, in the unit of the score. *Cost*: the median time in readings of the unit."
    )
    headings = [
        "",
        "units",
        "sufficiency better",
        "by",
        "comprehensiveness better",
        "by",
        "cost",
    ]
    return f"{head}\n\n{table(headings, body)}"


def _methods(found: Record) -> list[list[str]]:
    rows = []
    for name, row in found.items():
        if name != "default":
            shown = f"**{name}** (default)" if name == found["default"] else name
            rows.append([shown, *_method(row)])
    return rows


def _method(row: Record) -> list[str]:
    cells = [str(row["units"])]
    for figure in ("sufficiency", "comprehensiveness"):
        cells += [_triple(row[figure]["better"]), _triple(row[figure]["difference"])]
    readings = row["readings"][0]
    return [*cells, f"{readings:.1f}" if readings >= 0.05 else "0"]


def _beside(figures: Record) -> str:
    body = []
    for target in ("lines", "predicted tokens"):
        found = figures[target]
        for name, row in found.items():
            if name not in ("default", found["default"]):
                cells = [f"{found['default']} against {name}", str(row["units"])]
                for figure in ("sufficiency", "comprehensiveness"):
                    part = row[figure]
                    cells += [
                        _triple(part["default does better"]),
                        _triple(part["default less this"]),
                    ]
                body.append(cells)
    headings = ["", "units", "sufficiency better", "by", "comprehensiveness better", "by"]
    return table(headings, body)


def _randomisation(figures: Record) -> str:
    body = [
        [name, _triple(row.get("weights")), _triple(row.get("sizes of weights"))]
        for name, row in figures["rank correlation"].items()
    ]
    head = (
        f"{figures['lines']} lines and {figures['predicted tokens']} predicted tokens; mean "
        "Spearman correlation with the weights before."
    )
    return f"{head}\n\n{table(['', 'weights', 'sizes of weights'], body)}"


def _gradients(figures: Record) -> str:
    body = [
        [name, _quartiles(row["infidelity"]), _quartiles(row.get("sensitivity"))]
        for name, row in figures["methods"].items()
    ]
    head = f"{figures['predicted tokens']} predicted tokens; median and quartiles."
    return f"{head}\n\n{table(['', 'infidelity', 'sensitivity'], body)}"


def _simulatability(figures: Record) -> str:
    body = []
    for target in ("the head's logit", "the shown log-odds"):
        for name, row in figures[target].items():
            over = row["over_shuffled"]
            body.append(
                [
                    target,
                    name,
                    *(_triple(row["summary"][key]) for key in ("r2", "bss", "auc")),
                    *(_triple(over[key]) for key in ("r2", "auc")),
                ]
            )
    head = (
        f"{figures['lines']} lines of programs for {figures['problems']} held-out problems; the "
        f"riskiest {figures['flagged']:.0%} count as flagged. Base rate and shuffled summaries "
        "have R² and Brier skill of 0 or less and an AUC of about .5."
    )
    headings = ["what is predicted", "from", "R²", "Brier skill", "AUC"]
    return f"{head}\n\n{table([*headings, 'R² over shuffled', 'AUC over shuffled'], body)}"


def _noise(figures: Record) -> str:
    body = []
    for source, row in figures["sources"].items():
        for level, shown in _LEVELS.items():
            if level in row:
                part = row[level]
                body.append(
                    [
                        source,
                        shown,
                        str(part["lines"]),
                        _quartiles(part["snr"]),
                        _quartiles(part["rank snr"]),
                        f"{part['more signal than noise']:.0%}",
                    ]
                )
        several = row["all categories of all lines"]
        body.append([source, "all lines' categories at once", "", _triple(several["snr"]), "", ""])
    repetitions = figures["sources"]["seeds"]["repetitions"]
    head = (
        f"{figures['lines']} lines of held-out programs; {repetitions} heads trained on "
        f"{figures['training programs']:,} programs for each of the first two. Median, quartiles "
        "over lines; of all categories at once, the trace ratio with its interval."
    )
    headings = ["repeated", "compared", "lines", "SNR", "SNR of ranks", "SNR > 1"]
    return f"{head}\n\n{table(headings, body)}"


def _noise_by_category(figures: Record) -> str:
    seeds, resampled = (
        figures["sources"][name]["by category"] for name in ("seeds", "resampled problems")
    )
    body = [
        [
            name,
            str(row["tokens"]),
            number(row["snr"]),
            number(resampled[name]["snr"]) if name in resampled else _UNKNOWN,
        ]
        for name, row in seeds.items()
    ]
    return table(["tokens of category", "tokens", "SNR, seeds", "SNR, resampled problems"], body)


def _snr(figures: Record) -> str:
    body = []
    for luck, models in figures["models"].items():
        for name, row in models.items():
            body.append(
                [
                    luck,
                    name,
                    f"{number(row['auc'][0])} ± {number(row['auc'][1])}",
                    *(_quartiles(row[key]) for key in ("signal", "noise", "snr", "rank snr")),
                ]
            )
    head = (
        f"{figures['words']:,} words before {figures['lines']} lines; {figures['repetitions']} "
        f"trainings on {figures['training programs']:,} programs each. Median and quartiles over "
        "lines. Signal and noise are in squares of the mean size of a word's weight. AUC on "
        "held-out lines: mean ± standard deviation over the trainings."
    )
    headings = ["repeated", "model", "AUC", "signal", "noise", "SNR", "SNR of ranks"]
    return f"{head}\n\n{table(headings, body)}"


def _entropy(figures: Record) -> str:
    body = [
        [
            profile,
            name,
            _value(row["tokens"]["bits"]),
            _value(row["categories"]["bits"]),
            _triple(row["reduction"]),
            _triple(row["control"]),
            _triple(row["beyond"]),
            number(row["p"]),
        ]
        for profile, rows in figures["entropy"].items()
        for name, row in rows.items()
    ]
    headings = [
        "taxonomy",
        "",
        "bits, tokens",
        "bits, categories",
        "reduction",
        "by random categories",
        "beyond them",
        "p",
    ]
    return f"{figures['units']} units.\n\n{table(headings, body)}"


def _shares(figures: Record) -> str:
    names = ("edit rationales", "token rationales")
    body = [
        [name, *(_triple(row[each]) for each in names)]
        for name, row in list(figures["categories"].items())[:_CATEGORIES]
    ]
    return table(["category", *names], body)


def _differences(figures: Record) -> str:
    body = []
    for name, row in figures["differences"].items():
        differ = "; ".join(
            f"{category} {each['a']:.1%} / {each['b']:.1%}"
            for category, each in list(row["differ"].items())[:5]
        )
        body.append(
            [
                name,
                _triple(row["distance"]),
                number(row["p"]),
                f"{len(row['differ'])} of {row['categories']}",
                differ or _UNKNOWN,
            ]
        )
    return table(["", "distance", "p", "differ", "which most"], body)


def _triple(values: Sequence[float | None] | None) -> str:
    if values is None or values[0] is None:
        return _UNKNOWN
    known = [value for value in values if value is not None]
    return interval(known) if len(known) == len(values) else number(known[0])


def _value(values: Sequence[float | None]) -> str:
    return _UNKNOWN if values[0] is None else f"{values[0]:.2f}"


def _quartiles(values: Sequence[float | None] | None) -> str:
    if values is None:
        return _UNKNOWN
    median, low, high = ("∞" if value is None else f"{value:.3g}" for value in values)
    return f"{median} ({low} to {high})"


_TABLES: dict[str, dict[str, Callable[[Record], str]]] = {
    "faithfulness": {"deletion": _lines, "deletion-tokens": _tokens, "deletion-beside": _beside},
    "randomisation": {"randomisation": _randomisation},
    "gradients": {"gradients": _gradients},
    "simulatability": {"simulatability": _simulatability},
    "noise": {"noise": _noise, "noise-categories": _noise_by_category},
    "snr": {"snr": _snr},
    "statistics": {"entropy": _entropy, "categories": _shares, "differences": _differences},
}
