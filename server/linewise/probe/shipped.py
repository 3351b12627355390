"""The probes and adapters that come with Linewise: one folder per target model."""

from __future__ import annotations

from pathlib import Path

_ROOTS = ("artefacts", "../../models")  # in a wheel, in a checkout


def find_probe(model: str) -> Path | None:
    """Return the folder of the probe shipped for a target model, if there is one."""
    return _shipped(model)


def find_adapter(model: str) -> Path | None:
    """Return the folder of the adapter that makes a target model compatible, if one is shipped."""
    return _shipped(f"{model}/compat")


def _shipped(name: str) -> Path | None:
    package = Path(__file__).parent.parent
    for root in _ROOTS:
        folder = package / root / name
        if (folder / "manifest.json").is_file():
            return folder.resolve()
    return None
