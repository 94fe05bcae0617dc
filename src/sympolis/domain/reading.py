"""Turns untyped tables (TOML, JSON) into frozen dataclasses and reports every mistake at once.

City packages, plugin manifests and plugin settings are all written by people. They deserve one pass that lists
everything that is wrong, where, what was expected and what to do — not the first error of many, never a traceback.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")

Texts = Mapping[str, str]
"""The same text in several languages, by language code."""
_LONGEST_WORD = 200
"""Of what is compared with known words: strangers send megabytes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in a file: ``where`` names file and field, ``hint`` says what to do. ``error`` False: a warning."""

    where: str
    message: str
    hint: str = ""
    error: bool = True

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}"
        return f"{text} — {self.hint}" if self.hint else text


def option(  # noqa: PLR0913 - a declaration: each keyword is one property of the field
    default: Any = dataclasses.MISSING,
    *,
    key: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[Any, ...] = (),
    pattern: str | None = None,
    unit: str = "",
    check: Callable[[Any], str | None] | None = None,
) -> Any:
    """A dataclass field with bounds. ``key`` is its name in the file; ``check`` gives a complaint or None."""
    rules = {
        "key": key,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "pattern": pattern,
        "unit": unit,
        "check": check,
    }
    if isinstance(default, dict | list):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=rules)
    return dataclasses.field(default=default, metadata=rules)


def read(kind: type[T], document: Any, where: str, findings: list[Finding]) -> T | None:
    """An instance of the dataclass ``kind`` from ``document``, or None with ``findings`` extended.

    ``where`` is the file (and field) that ``document`` came from; every finding starts with it.
    """
    before = len(findings)
    value = _record(kind, document, where, findings)
    return value if len(findings) == before else None


@functools.cache
def _fields(kind: type) -> dict[str, tuple[dataclasses.Field[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return {
        (item.metadata.get("key") or item.name): (item, hints[item.name])
        for item in dataclasses.fields(kind)
        if item.init
    }


def _record(kind: type[T], document: Any, where: str, findings: list[Finding]) -> T | None:
    if not isinstance(document, Mapping):
        findings.append(Finding(where, f"expected a table, found {_name(document)}"))
        return None
    known = _fields(kind)  # type: ignore[arg-type] # every class is hashable
    _unknown_keys(document, known, where, findings)
    before = len(findings)
    values = {
        item.name: _field(item, hint, document[key], join(where, key), findings)
        for key, (item, hint) in known.items()
        if key in document
    }
    for key, (item, hint) in known.items():
        if key not in document and _required(item):
            findings.append(
                Finding(join(where, key), f"is missing; expected {describe(hint)}", f"add {key} = …")
            )
    return kind(**values) if len(findings) == before else None


def _unknown_keys(
    document: Mapping[str, Any], known: Mapping[str, Any], where: str, findings: list[Finding]
) -> None:
    for key in document:
        if key not in known:
            findings.append(Finding(join(where, key), "is not a known field", did_you_mean(key, known)))


def did_you_mean(word: str, known: typing.Iterable[str]) -> str:
    """A hint naming the closest known word, or all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(str(word)[:_LONGEST_WORD], known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known) or 'none'}"


def _required(item: dataclasses.Field[Any]) -> bool:
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING


def _field(item: dataclasses.Field[Any], hint: Any, value: Any, where: str, findings: list[Finding]) -> Any:
    before = len(findings)
    result = _value(hint, value, where, findings)
    if len(findings) == before:
        _bounds(item.metadata, result, where, findings)
    return result


def _bounds(rules: Mapping[str, Any], value: Any, where: str, findings: list[Finding]) -> None:
    choices, low, high = rules.get("choices"), rules.get("minimum"), rules.get("maximum")
    if choices and value not in choices:
        findings.append(
            Finding(where, f"{value!r} is not allowed here", did_you_mean(str(value), map(str, choices)))
        )
    if low is not None and value is not None and value < low:
        findings.append(Finding(where, f"{value} is too small; expected at least {low}"))
    if high is not None and value is not None and value > high:
        findings.append(Finding(where, f"{value} is too large; expected at most {high}"))
    if rules.get("pattern") and isinstance(value, str) and not re.fullmatch(rules["pattern"], value):
        findings.append(Finding(where, f"{value!r} does not look like {rules['pattern']}"))
    complaint = rules["check"](value) if rules.get("check") else None
    if complaint:
        findings.append(Finding(where, complaint))


def _value(hint: Any, value: Any, where: str, findings: list[Finding]) -> Any:
    origin = typing.get_origin(hint)
    if hint is Any or hint is object:
        return value
    if origin in (typing.Union, types.UnionType):
        return _any_of(hint, value, where, findings)
    if origin is tuple:
        return _list(typing.get_args(hint), hint, value, where, findings)
    if origin is not None and issubclass(origin, Mapping):
        return _table(typing.get_args(hint)[1], value, where, findings)
    if dataclasses.is_dataclass(hint):
        return _record(typing.cast(type, hint), value, where, findings)
    return _scalar(hint, value, where, findings)


def _any_of(hint: Any, value: Any, where: str, findings: list[Finding]) -> Any:
    kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
    if value is None and len(kinds) < len(typing.get_args(hint)):
        return None
    tried: list[Finding] = []
    for kind in kinds:
        tried = []
        result = _value(kind, value, where, tried)
        if not tried:
            return result
    several = Finding(where, f"expected {describe(hint)}, found {_name(value)}")
    findings.extend(tried if len(kinds) == 1 else [several])
    return None


def _list(kinds: tuple[Any, ...], hint: Any, value: Any, where: str, findings: list[Finding]) -> Any:
    if not isinstance(value, list | tuple):
        findings.append(Finding(where, f"expected {describe(hint)}, found {_name(value)}"))
        return ()
    if kinds[-1:] == (Ellipsis,):
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        findings.append(Finding(where, f"expected {len(kinds)} items, found {len(value)}"))
        return ()
    return tuple(
        _value(kind, item, f"{where}[{index}]", findings)
        for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _table(kind: Any, value: Any, where: str, findings: list[Finding]) -> Any:
    if not isinstance(value, Mapping):
        findings.append(Finding(where, f"expected a table, found {_name(value)}"))
        return {}
    return {str(key): _value(kind, item, join(where, key), findings) for key, item in value.items()}


def _scalar(hint: Any, value: Any, where: str, findings: list[Finding]) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _member(hint, value, where, findings)
    fits = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
    if not fits or (hint is date and isinstance(value, datetime)):
        findings.append(Finding(where, f"expected {describe(hint)}, found {_name(value)}"))
    return value


def _member(hint: type[Enum], value: Any, where: str, findings: list[Finding]) -> Any:
    try:
        return hint(value)
    except ValueError:
        choices = [str(item.value) for item in hint]
        findings.append(Finding(where, f"{value!r} is not allowed here", did_you_mean(str(value), choices)))
        return None


_WORDS: dict[Any, str] = {
    Any: "any value",
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date",
    datetime: "a date and time",
}


def describe(hint: Any) -> str:
    """What a field of this type expects, in plain words."""
    if hint in _WORDS:
        return _WORDS[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(kind) for kind in arguments if kind is not type(None))
    if origin is tuple:
        return f"a list of {describe(arguments[0]).removeprefix('a ')}s"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(str(item.value) for item in hint)
    return "a table of texts" if arguments[1:] == (str,) else "a table"


def _name(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    word = _WORDS.get(type(value), type(value).__name__)
    return f"{word} ({value!r})"


def join(where: str, key: object) -> str:
    """The place of ``key`` inside ``where``: ``file: key`` at the top, ``file: outer.key`` below."""
    return f"{where}.{key}" if ": " in where else f"{where}: {key}"
