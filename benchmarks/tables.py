"""Put the measured figures into README and docs: ``python -m benchmarks.tables``.

Every table between a pair of ``<!-- NAME:start -->`` and ``<!-- NAME:end -->`` is made here from
the committed results, so no figure is typed by hand. ``--check`` fails if one is out of date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import rationale_tables
from benchmarks.markdown import interval, origin, sought, table
from benchmarks.shallow import tables as shallow
from benchmarks.spans import spans
from benchmarks.workspace.tables import costs
from linewise.lab.evaluate.tables import (
    differences,
    elsewhere,
    in_domain,
    levels,
    lines,
    prose,
    unseen_generators,
)

ROOT = Path(__file__).parents[1]
PROBE = ROOT / "models" / "smollm2-135m"
INTENTS = ("function docstring", "none")
RESULTS = ROOT / "benchmarks" / "results"
LINES = 100_000_000
WORKERS = (1, 64, 1024)
"""What sizing is shown for."""


def main() -> int:
    """Rewrite the tables; return 1 if ``--check`` was asked for and something differs."""
    stale = []
    for path, name, found in _tables():
        before = path.read_text("utf-8")
        after = _replaced(before, name, found)
        if after != before:
            stale.append(f"{path.relative_to(ROOT)}: {name}")
            if "--check" not in sys.argv:
                path.write_text(after, "utf-8")
    print("\n".join(stale) or "every table is up to date")
    return int(bool(stale) and "--check" in sys.argv)


def _tables() -> Iterable[tuple[Path, str, str]]:
    evaluation = RESULTS / "evaluation.json"
    if evaluation.exists():
        figures = _read(evaluation)["figures"]
        for page in (ROOT / "docs" / "evaluation.md", PROBE / "README.md"):
            yield page, "in-domain", in_domain(figures, "function docstring")
            yield page, "differences", differences(figures, "none")
            yield page, "elsewhere", elsewhere(figures, "none")
        yield ROOT / "docs" / "evaluation.md", "in-domain-none", in_domain(figures, "none")
        yield ROOT / "docs" / "evaluation.md", "generators", unseen_generators(figures, "none")
        yield PROBE / "README.md", "levels", levels(figures, "linewise", "published head")
        yield ROOT / "README.md", "quality", quality(figures)
    for page, name, result, rendered in (
        ("README.md", "budgets", "budgets", speed),
        ("docs/calibration.md", "git", "git_calibration", git_calibration),
        ("docs/evaluation.md", "adapt", "adapt", adapted),
        ("docs/evaluation.md", "curves", "curves", learning),
        ("docs/evaluation.md", "depth", "depth", learning),
        ("docs/evaluation.md", "generating", "generating", generated),
        ("docs/evaluation.md", "laboratory", "laboratory", effort),
        ("docs/evaluation.md", "lines", "lines", line_models),
        ("docs/evaluation.md", "prose", "transfer", lambda record: prose(record["figures"])),
        ("docs/evaluation.md", "spans", "spans", spans),
        ("docs/quantization.md", "schemes", "schemes", quantization),
        ("docs/report.md", "costs", "workspace", costs),
        ("docs/scale.md", "scale", "scale", sizing),
    ):
        if (measured := RESULTS / f"{result}.json").exists():
            yield ROOT / page, name, rendered(_read(measured))
    rationales = RESULTS / "shallow.json"
    if rationales.exists():
        for name, found in shallow.tables(_read(rationales)):
            yield ROOT / "docs" / "compare.md", name, found
    for page, name, found in rationale_tables.tables(RESULTS):
        yield ROOT / "docs" / page, name, found


def effort(record: dict[str, Any]) -> str:
    """Return the table of what embedding and training take."""
    embedding, training = record["figures"]["embedding"], record["figures"]["training"]
    programs = f"{embedding['programs']:,} programs"
    rows = [
        [
            f"embedding {programs}, tokens a second / bare forward passes",
            f"{embedding['ratio']} × ({embedding['embedding_tokens_per_second']:,} a second)",
            sought(embedding["budget"]),
        ],
        [
            "growth of the peak memory from the first half of them to the second",
            f"{embedding['peak_growth_megabytes']} MB",
            "constant",
        ],
        [
            f"training the shipped probe on {training['programs']:,} embedded programs",
            f"{training['minutes']} min",
            sought(training["budget"]),
        ],
    ]
    return f"{origin(record)}\n\n{table(['', 'measured', 'budget'], rows)}"


def generated(record: dict[str, Any]) -> str:
    """Return the table of methods that let a model write, and how its answers could be read."""
    figures = record["figures"]
    answers = figures["answers"]
    asked = sum(answers[each] for each in ("complete", "partial", "failed"))
    said = (
        f"{figures['model']} answered {asked} requests for probabilities: {answers['complete']} "
        f"completely, {answers['partial']} in part and {answers['failed']} so that nothing could "
        f"be read; {answers['lines_missing']} of {figures['items']} lines had no answer."
    )
    return f"{origin(record)}\n\n{lines(figures)}\n\n{said}"


def quality(figures: dict[str, Any]) -> str:
    """Return the table of line-level figures for problems that the probe never saw."""
    tables = {intent: figures["by problem"][intent]["line"] for intent in INTENTS}
    first = tables[INTENTS[0]]
    rows = {
        "Linewise, intent in the docstring": first["methods"]["linewise"],
        "Linewise, no intent stated": tables["none"]["methods"]["linewise"],
        "published head (arXiv 2512.24560)": first["methods"]["published head"],
        "boosted trees on its facts, no model": first["methods"]["gradient boosting, facts"],
        "boosted trees on text, syntax, surprisal": first["methods"][
            "gradient boosting, surprisal"
        ],
        "token probability, scaled": first["methods"]["token probability, geometric mean"],
    }
    head = (
        f"{first['items']:,} code lines of {first['documents']:,} programs for "
        f"{first['problems']} problems that no method saw; {first['base_rate']:.1%} of them were "
        "edited. In brackets: 95 % intervals from resampling problems. Brier skill 0 is always "
        "answering the base rate; AUC .5 is chance."
    )
    body = [
        [name, *(interval(row[key]) for key in ("bss", "ece", "auc"))] for name, row in rows.items()
    ]
    return head + "\n\n" + table(["", "Brier skill", "ECE", "AUC"], body)


def learning(record: dict[str, Any]) -> str:
    """Return the learning curves: by head and loss, and by the number of problems."""
    figures = record["figures"]
    body = []
    for part in ("layers", "problems"):
        for layer, rows in figures.get(part, {}).items():
            for name, row in rows.items():
                values = [interval(row[key]) for key in ("bss", "auc")]
                body.append([layer, name, *values])
    head = f"{origin(record)} Mean, least and most of {figures['seeds']} seeds."
    return head + "\n\n" + table(["block", "", "Brier skill", "AUC"], body)


def line_models(record: dict[str, Any]) -> str:
    """Return the table of ways to put facts and head together."""
    rows = record["figures"]["line models"]
    body = [
        [name, *(interval(row[key]) for key in ("bss", "auc")), interval(row["gain"]["bss"])]
        for name, row in rows.items()
    ]
    headings = ["", "Brier skill", "AUC", "more skill than the first"]
    return origin(record) + "\n\n" + table(headings, body)


def adapted(record: dict[str, Any]) -> str:
    """Return the table of the head on frozen and on adapted blocks."""
    figures = record["figures"]
    how = figures["adaptation"]
    what = f"adapters of rank {how['rank']}" if how["rank"] else "all their weights"
    first, last = figures["layer"] - how["blocks"] + 1, figures["layer"]
    bugs = f", {figures['injected']:,} of them with injected bugs" if figures["injected"] else ""
    head = (
        f"{origin(record)} {figures['documents']:,} training documents of {figures['problems']} "
        f"problems{bugs}; {figures['lines']:,} lines of fold 5. Adapted: {what} of blocks {first} "
        f"to {last}, {figures['trained_parameters']:,} numbers in all, {figures['steps']:,} steps, "
        f"{figures['epochs']:g} epochs, in {figures['seconds'] / 60:.0f} minutes on "
        f"{figures['device'].upper()}."
    )
    names = {"frozen": "head on frozen blocks", "adapted": "head and blocks trained together"}
    body = [
        [name, *(interval(figures[key][metric]) for metric in ("bss", "auc"))]
        for key, name in (names | {"difference": "difference"}).items()
    ]
    return head + "\n\n" + table(["", "Brier skill", "AUC"], body)


def speed(record: dict[str, Any]) -> str:
    """Return the table of budgets."""
    body = []
    for name, row in record["figures"]["scoring"].items():
        body.append([name, f"{row['ratio']:.2f} ×", sought(row["budget"])])
    rest = record["figures"]["serving"] | record["figures"].get("editing", {})
    for name, row in rest.items():
        body.append([name, f"{row['value']:g} {row['unit']}", sought(row["budget"])])
    return origin(record) + "\n\n" + table(["", "measured", "budget"], body)


def quantization(record: dict[str, Any]) -> str:
    """Return the table of quantization schemes."""
    body = []
    for name, row in record["figures"].items():
        (error,) = row["relative_error"].values()
        body.append(
            [
                f"`{name}`",
                f"{row['trunk_megabytes']} MB",
                f"{row['speed_over_fp32']:.2f} ×",
                f"{error['median']:.1e}",
                *(interval(row[key]) for key in ("bss", "ece", "auc")),
            ]
        )
    headings = ["scheme", "size", "speed", "error", "Brier skill", "ECE", "AUC"]
    return origin(record) + "\n\n" + table(headings, body)


def sizing(record: dict[str, Any]) -> str:
    """Return what was measured of corpora, and what a hundred million lines would cost."""
    figures = record["figures"]
    speeds = figures["tokens_per_second"]
    body = [[name, _range(each)] for name, each in speeds.items()]
    body.append(
        [
            "this process, with edit rationales",
            f"{figures['tokens_per_second_with_edit_rationales']:,.0f}",
        ]
    )
    ratio = figures["two workers / one"]
    measured = (
        f"{origin(record)} {figures['files']} files of the standard library, "
        f"{figures['lines']:,} lines, {figures['tokens_per_line']:g} tokens a line (headers "
        f"included); one thread per worker. Two workers do {ratio[0]:.2f} × ({ratio[1]:.2f} to "
        f"{ratio[2]:.2f}) what one does (budget: {figures['budget'].replace('>=', '≥')}).\n\n"
    )
    return measured + table(["", "tokens a second"], body) + "\n\n" + _cost(figures)


def _cost(figures: dict[str, Any]) -> str:
    tokens = LINES * figures["tokens_per_line"]
    worker = figures["tokens_per_second"]["Ray, 2 workers"][0] / 2
    # Rationales cost as many times a score on a cluster as in one process.
    factor = (
        figures["tokens_per_second"]["this process"][0]
        / figures["tokens_per_second_with_edit_rationales"]
    )
    price, currency = figures["price_per_core_hour"], figures["currency"]
    body = []
    for name, times in (("scores", 1.0), ("scores and edit rationales", factor)):
        hours = times * tokens / worker / 3600
        for workers in WORKERS:
            cells = [f"{hours:,.0f}", f"{hours / workers:,.1f}", f"{hours * price:,.0f} {currency}"]
            body.append([name, f"{workers:,}", *cells])
    head = (
        f"{LINES:,} lines, by that: {tokens:,.0f} tokens. Assumed: every worker does what each of "
        f"the two did, whatever their number; a core-hour costs {price:g} {currency} (a parameter, "
        "no quotation); starting up costs nothing."
    )
    headings = ["", "workers (cores)", "core-hours", "hours", "cost"]
    return f"{head}\n\n{table(headings, body)}"


def _range(values: list[float]) -> str:
    return f"{values[0]:,.0f} ({values[1]:,.0f} to {values[2]:,.0f})"


def git_calibration(record: dict[str, Any]) -> str:
    """Return the table of calibrations from git, by repository."""
    body = []
    for name, row in record["figures"]["repositories"].items():
        later = row["later"]
        for part in ("probe and churn", "probe alone", "churn alone", "shipped calibration"):
            figures = [interval(later[part][key]) for key in ("bss", "ece", "auc")]
            size = f"{later['commits']} / {later['lines']:,}" if part == "probe and churn" else ""
            rate = f"{later['changed']:.1%}" if part == "probe and churn" else ""
            label = name if part == "probe and churn" else ""
            body.append([label, size, rate, part, *figures])
    headings = ["repository", "commits / lines", "changed", "", "Brier skill", "ECE", "AUC"]
    return origin(record) + "\n\n" + table(headings, body)


def _read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return record


def _replaced(text: str, name: str, found: str) -> str:
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise LookupError(f"no place for the table {name!r}")
    return pattern.sub(lambda _: f"{start}\n{found}\n{end}", text)


if __name__ == "__main__":
    sys.exit(main())
