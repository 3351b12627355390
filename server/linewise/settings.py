"""The settings every front end shares, with their defaults and their checks.

A bad value never stops the server: `from_untrusted` falls back to the default for that key and
names it, so the front end can say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints

import cattrs
from attrs import field, fields, frozen, validators

from linewise.results import Severity

DEFAULT_MODEL = "smollm2-135m"


@frozen
class Settings:
    """What a user may choose.

    ``threshold`` is the edit probability (0–1) from which a line is flagged; None means the
    probe's own default. ``max_findings_per_file`` keeps the most probable lines and drops the
    rest.
    """

    model: str = field(default=DEFAULT_MODEL, validator=validators.min_len(1))
    threshold: float | None = field(
        default=None,
        validator=validators.optional(validators.and_(validators.ge(0), validators.le(1))),
    )
    max_findings_per_file: int = field(default=20, validator=validators.ge(0))
    severity: Severity = Severity.INFORMATION
    status_threshold: float = field(
        default=0.3, validator=validators.and_(validators.ge(0), validators.le(1))
    )
    max_file_lines: int = field(default=10_000, validator=validators.ge(1))
    max_file_bytes: int = field(default=1_000_000, validator=validators.ge(1))


def from_untrusted(values: object) -> tuple[Settings, tuple[str, ...]]:
    """Read settings as a client sends them (camelCase keys, any JSON value).

    Returns the settings and one message per value that was ignored. Unknown keys are left alone:
    a client's section also holds settings of its own.
    """
    if not isinstance(values, Mapping):
        return Settings(), () if values is None else ("settings: not an object, defaults used",)
    converter = _strict_converter()
    accepted: dict[str, Any] = {}
    problems: list[str] = []
    for attribute in fields(Settings):
        key = _camel(attribute.name)
        if key not in values or values[key] is None:
            continue
        try:
            accepted[attribute.name] = converter.structure(values[key], _types()[attribute.name])
            Settings(**{attribute.name: accepted[attribute.name]})
        except Exception:  # noqa: BLE001 - whatever a client sent, name it and go on
            accepted.pop(attribute.name, None)
            problems.append(
                f"linewise.{key}: {values[key]!r} is not allowed; using {attribute.default!r}"
            )
    return Settings(**accepted), tuple(problems)


def _types() -> dict[str, Any]:
    return get_type_hints(Settings)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _strict_converter() -> cattrs.Converter:
    """Return a converter that refuses "12" for 12 and true for 1, as JSON types are meant."""
    converter = cattrs.Converter()

    def number(value: object, kind: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        if kind is int and value != int(value):
            raise ValueError
        return kind(value)

    def text(value: object, _: Any) -> str:
        if not isinstance(value, str):
            raise TypeError
        return value

    converter.register_structure_hook(int, number)
    converter.register_structure_hook(float, number)
    converter.register_structure_hook(str, text)
    # An enum of strings would otherwise be taken for any string.
    converter.register_structure_hook(Severity, lambda value, _: Severity(text(value, str)))
    return converter
