"""The target models a user can choose from: those known by name and those installed."""

from __future__ import annotations

from attrs import frozen

from linewise.models.cache import installed
from linewise.models.registry import registered
from linewise.probe.shipped import find_probe


@frozen
class KnownModel:
    """A target model to choose. ``size`` is its bytes on disk, None if it is not installed."""

    name: str
    description: str
    license: str | None
    size: int | None
    has_probe: bool


def known_models() -> list[KnownModel]:
    """Return the registered models in the registry's order, then the others by name."""
    found = {model.name: model for model in installed()}
    specs = registered()
    rows = []
    for name in (*specs, *sorted(found.keys() - specs.keys())):
        spec, model = specs.get(name), found.get(name)
        rows.append(
            KnownModel(
                name=name,
                description=spec.description if spec else "",
                license=model.manifest.license if model else spec.license if spec else None,
                size=model.size if model else None,
                has_probe=find_probe(name) is not None,
            )
        )
    return rows
