"""What ``model.json`` beside a converted model's graphs says about them."""

from __future__ import annotations

import json
from pathlib import Path

import cattrs
from attrs import frozen

from linewise.models.registry import ModelSpec

FORMAT = 1
FILE = "model.json"


@frozen
class FileEntry:
    """One file of the model: its SHA-256 in hexadecimal and its size in bytes."""

    sha256: str
    size: int


@frozen
class Deviation:
    """How far a converted value is from torch's: over the self-test's tokens."""

    median: float
    maximum: float


@frozen
class SelfTest:
    """The converted model against torch in float32 on a fixed text of ``tokens`` tokens.

    ``hidden`` maps each probed layer to the relative error of its hidden states, per token
    ``|h - h_ref| / |h_ref|``; ``logp`` and ``entropy`` are absolute errors in nats.
    """

    tokens: int
    hidden: dict[int, Deviation]
    logp: Deviation
    entropy: Deviation


UNTESTED = SelfTest(0, {}, Deviation(0.0, 0.0), Deviation(0.0, 0.0))


@frozen
class Manifest:
    """A converted model: where it came from, what it is, and how well the conversion went.

    ``identity`` is what probes and caches key on: equal identities mean equal weights, scheme,
    probed layers and converter. ``layers`` are the probed ones of ``total_layers``, ascending,
    from 1. ``source`` and ``license`` are for people; ``recipe`` is what it was made from, so that
    it can be made again, with the SHA-256 of the weights pinned.
    """

    name: str
    identity: str
    source: str
    license: str
    weights_sha256: str
    scheme: str
    layers: tuple[int, ...]
    total_layers: int
    hidden_size: int
    vocab_size: int
    context_length: int
    converter: int
    recipe: ModelSpec
    selftest: SelfTest
    files: dict[str, FileEntry]
    format: int = FORMAT


def write(manifest: Manifest, folder: Path) -> None:
    """Write ``model.json`` into ``folder``."""
    text = json.dumps(cattrs.Converter().unstructure(manifest), indent=2)
    (folder / FILE).write_text(text + "\n", "utf-8")


def read(folder: Path) -> Manifest:
    """Read ``model.json`` from ``folder``.

    Raises
    ------
    ValueError
        If it is not a manifest of this format.
    """
    values = json.loads((folder / FILE).read_text("utf-8"))
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ValueError(f"not a model manifest of format {FORMAT}")
    try:
        return cattrs.Converter().structure(values, Manifest)
    except (cattrs.BaseValidationError, TypeError, KeyError) as error:
        raise ValueError("not a complete model manifest") from error
