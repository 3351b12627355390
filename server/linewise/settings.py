"""The settings every front end shares, with their defaults and their checks.

A bad value never stops the server: `from_untrusted` and `from_project` fall back to the default
for that key and name it, so the front end can say so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

import cattrs
from attrs import Attribute, evolve, field, fields, frozen, validators

from linewise.results import Severity

DEFAULT_MODEL = "smollm2-135m"
LEAST_SHARE = 0.01
EXCLUDED = ("**/site-packages/**", "**/dist-packages/**", "**/node_modules/**")
"""What other people wrote."""
Chosen = TypeVar("Chosen", bound=StrEnum)


class Run(StrEnum):
    """When an edited document is scored."""

    ON_TYPE = "onType"
    ON_SAVE = "onSave"


class DiagnosticScope(StrEnum):
    """Which documents' findings are shown."""

    OPEN_FILES = "openFiles"
    WORKSPACE = "workspace"


class IgnorePlace(StrEnum):
    """Where it is written down that something is to be ignored."""

    COMMENT = "comment"
    OUTSIDE = "outside"


def _probability(_: object, attribute: Attribute[Any], value: float | None) -> None:
    if value is not None and not 0 <= value <= 1:
        raise ValueError(attribute.name)


def _share(_: object, attribute: Attribute[Any], value: float) -> None:
    if not LEAST_SHARE <= value <= 1:
        raise ValueError(attribute.name)


def _ascending(_: object, attribute: Attribute[Any], value: tuple[float, float] | None) -> None:
    if value is not None and not 0 <= value[0] <= value[1] <= 1:
        raise ValueError(attribute.name)


def _names(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    if not all(name.isidentifier() for name in value):
        raise ValueError(attribute.name)


def _nameable(_: object, attribute: Attribute[Any], value: str | None) -> None:
    # It becomes part of a path or an argument of git, which no text with these can.
    if value is not None and ("\0" in value or not _encodes(value)):
        raise ValueError(attribute.name)


def _encodes(value: str) -> bool:
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


def _patterns(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    if any(map(pattern_problem, value)):
        raise ValueError(attribute.name)


def _within(_: object, attribute: Attribute[Any], value: str) -> None:
    # A project's file may name it, and what it names is written to.
    if not re.fullmatch(r"(?![/\\~]|\w:)(?!.*\.\.).+", value):
        raise ValueError(attribute.name)


@frozen
class Settings:
    """What a user may choose.

    ``threshold`` is the edit probability (0–1) from which a line is flagged; None means the
    calibration's own. ``bands`` are the probabilities from which a line is of medium and of high
    band; None means the threshold and one half. ``max_findings_per_file`` keeps the most probable
    lines and drops the rest. ``changed_since`` is a git revision; only lines changed since are
    flagged. ``builtins`` are names that whatever runs the code defines, so that they are never
    undefined. ``exclude`` and ``baseline`` are relative to the project. ``debounce`` is in
    milliseconds, ``unload_after`` in minutes (0: never). ``background_share`` is that of one core.
    """

    model: str = field(default=DEFAULT_MODEL, validator=[validators.min_len(1), _nameable])
    diagnostics: bool = True
    hover: bool = True
    code_lens: bool = False
    inlay_hints: bool = False
    semantic_tokens: bool = False
    threshold: float | None = field(default=None, validator=_probability)
    bands: tuple[float, float] | None = field(default=None, validator=_ascending)
    severity_high: Severity = Severity.INFORMATION
    severity_medium: Severity = Severity.HINT
    minimum_severity: Severity = Severity.HINT
    max_findings_per_file: int = field(default=20, validator=validators.ge(0))
    changed_since: str | None = field(
        default=None,
        validator=[validators.optional(validators.matches_re(r"[^-\s]\S*")), _nameable],
    )
    run: Run = Run.ON_TYPE
    debounce: int = field(
        default=400, validator=validators.and_(validators.ge(0), validators.le(60_000))
    )
    diagnostic_scope: DiagnosticScope = DiagnosticScope.OPEN_FILES
    exclude: tuple[str, ...] = field(default=EXCLUDED, validator=_patterns)
    builtins: tuple[str, ...] = field(default=(), validator=_names)
    ignore_in: IgnorePlace = IgnorePlace.COMMENT
    baseline: str = field(default="linewise-baseline.json", validator=[_within, _nameable])
    status_threshold: float = field(default=0.3, validator=_probability)
    max_file_lines: int = field(default=10_000, validator=validators.ge(1))
    max_file_bytes: int = field(default=1_000_000, validator=validators.ge(1))
    unload_after: int = field(default=30, validator=validators.ge(0))
    background_scan: bool = True
    background_share: float = field(default=0.5, validator=_share)
    background_on_battery: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The names that are defined for every file."""
        return frozenset(self.builtins)


OF_THE_MACHINE = frozenset({"model", "unload_after", "background_share", "background_on_battery"})
"""They decide what runs, for all folders at once: no project may set them."""


def from_untrusted(
    values: object, below: Settings | None = None
) -> tuple[Settings, tuple[str, ...]]:
    """Read settings as a client sends them (camelCase keys, any JSON value).

    What they leave out or set to null is as in ``below``. Returns the settings and one message per
    value that was ignored. Unknown keys are left alone: a client's section also holds settings of
    its own.
    """
    below = below or Settings()
    if not isinstance(values, Mapping):
        return below, () if values is None else ("settings: not an object, defaults used",)
    named = {camel(each.name): each.name for each in fields(Settings)}
    given = {named[key]: values[key] for key in values if key in named}
    return _read(given, below, lambda name: f"linewise.{camel(name)}")


def from_project(
    values: Mapping[str, object], place: str, below: Settings | None = None
) -> tuple[Settings, tuple[str, ...]]:
    """Read the settings of a project's TOML file (kebab-case keys); ``place`` is what to call it.

    What they leave out is as in ``below``. Returns the settings and one message per value or key
    that was ignored.
    """
    named = {kebab(each.name): each.name for each in fields(Settings)}
    problems = []
    given = {}
    for key, value in values.items():
        if key not in named:
            near = get_close_matches(key, named, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            problems.append(f"{place}: there is no setting {key!r}{hint}")
        elif named[key] in OF_THE_MACHINE:
            problems.append(
                f"{place}: {key!r} decides what runs and is no project's to set; "
                "set it in your editor"
            )
        else:
            given[named[key]] = value
    settings, bad = _read(given, below or Settings(), lambda name: f"{place}: {kebab(name)}")
    return settings, (*problems, *bad)


def pattern_problem(pattern: object) -> str | None:
    """Return what is wrong with a pattern that should be as in ``.gitignore``, None if nothing is.

    Blank ones and comments are patterns that match nothing; others that match nothing are none.
    """
    if not isinstance(pattern, str):
        return "it is no text"
    # Only now: no start waits for it.
    from pathspec import GitIgnoreSpec

    try:
        (*_, compiled) = (None, *GitIgnoreSpec.from_lines([pattern]).patterns)
    except (ValueError, re.error, OverflowError, RecursionError) as error:
        # What was made of it on the way is nothing that its author wrote.
        return error.msg if isinstance(error, re.error) else "it ends too early"
    if compiled is None or compiled.include is not None:
        return None
    said = pattern.strip()
    return None if not said or said.startswith("#") else "it matches nothing"


def camel(name: str) -> str:
    """Return a setting's name as editors write it: ``maxFileLines``."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def kebab(name: str) -> str:
    """Return a setting's name as TOML files write it: ``max-file-lines``."""
    return name.replace("_", "-")


def _read(
    given: Mapping[str, object], below: Settings, called: Callable[[str], str]
) -> tuple[Settings, tuple[str, ...]]:
    settings, problems = below, []
    converter, kinds = _converter(), get_type_hints(Settings)
    for name, value in given.items():
        if value is None:
            continue
        allowed = value
        if name == "exclude" and isinstance(value, list):
            # One pattern that is none must not take away what the others leave out.
            bad = [(each, why) for each in value if (why := pattern_problem(each)) is not None]
            allowed = [each for each in value if pattern_problem(each) is None]
            used = allowed or list(below.exclude)
            problems += [
                f"{called(name)}: {each!r} is not allowed ({why}); using {_shown(tuple(used))}"
                for each, why in bad
            ]
            if bad and not allowed:
                continue
        try:
            settings = evolve(settings, **{name: converter.structure(allowed, kinds[name])})
        except (TypeError, ValueError, OverflowError, cattrs.BaseValidationError):
            used = getattr(below, name)
            problems.append(f"{called(name)}: {value!r} is not allowed; using {_shown(used)}")
    return settings, tuple(problems)


def _shown(value: object) -> str:
    match value:
        case StrEnum():
            return repr(value.value)
        case tuple():
            return repr(list(value))
    return repr(value)


def _converter() -> cattrs.Converter:
    """Return a converter that refuses "12" for 12 and true for 1, as JSON types are meant."""
    converter = cattrs.Converter()

    def number(value: object, kind: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        if kind is int and value != int(value):
            raise ValueError
        return kind(value)

    def exactly(value: object, kind: type[Any]) -> Any:
        if not isinstance(value, kind):
            raise TypeError
        return value

    def pair(value: object, _: Any) -> tuple[float, float]:
        low, high = exactly(value, list)
        return number(low, float), number(high, float)

    def texts(value: object, _: Any) -> tuple[str, ...]:
        return tuple(exactly(each, str) for each in exactly(value, list))

    def chosen(value: object, kind: type[Chosen]) -> Chosen:
        # An enum of strings would otherwise be taken for any string.
        return kind(exactly(value, str))

    converter.register_structure_hook(int, number)
    converter.register_structure_hook(float, number)
    converter.register_structure_hook(str, exactly)
    converter.register_structure_hook(bool, exactly)
    converter.register_structure_hook_func(lambda kind: kind == tuple[float, float], pair)
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], texts)
    for kind in (Severity, Run, DiagnosticScope, IgnorePlace):
        converter.register_structure_hook(kind, chosen)
    return converter
