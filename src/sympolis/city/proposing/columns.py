"""What a column holds: numbers with which signs, times in which form, codes, identifiers; taken from its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sympolis.acquisition import units

_ENOUGH: Final = 0.98
"""Share of values that must fit; the rest are the errors that every table has."""
MOST_EXAMPLES: Final = 3
DATES: Final = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%m/%d/%Y", "%d/%m/%y")
HOURS: Final = ("%H:%M", "%H:%M:%S", "%H.%M")
_BRACKETS: Final = re.compile(r"^(.*?)\s*[\[(]\s*([^\])]+?)\s*[\])]\s*$")
_WORDS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-zà-ü]+|[A-Z]+|\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the sample."""

    name: str
    label: str
    """The name in small words, without its unit."""
    kind: str
    """``number``, ``integer``, ``text``, ``boolean``, ``time``, ``date``, ``hour``, ``object`` or ``empty``."""
    filled: float
    """Share of the rows that have a value."""
    distinct: int
    rows: int
    examples: tuple[str, ...] = ()
    unit: str | None = None
    """UN/CEFACT code that the name mentions."""
    decimal: str = "."
    thousands: str = ""
    form: str = "iso"
    """How times are written."""
    low: float | None = None
    high: float | None = None
    whole: bool = False
    """All numbers are whole."""
    codes: tuple[str, ...] = ()
    """The values, where there are few."""

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.filled == 1.0 and self.distinct == self.rows


def columns(table: Mapping[str, Sequence[Any]]) -> tuple[Column, ...]:
    """The profiles of a table's columns. Where one writes a decimal comma, "1.200" in another is over a thousand."""
    found = {name: column(name, values) for name, values in table.items()}
    if any(one.decimal == "," for one in found.values()):
        found = {
            name: column(name, table[name], grouped=True) if _grouped(table[name]) else one
            for name, one in found.items()
        }
    return tuple(found.values())


_GROUPED: Final = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+")
_SMALL: Final = re.compile(r"[+-]?\d{1,3}")


def _grouped(values: Sequence[Any]) -> bool:
    texts = [value.strip() for value in values if isinstance(value, str)]
    large = sum(_GROUPED.fullmatch(text) is not None for text in texts)
    return large > 0 and all(_GROUPED.fullmatch(text) or _SMALL.fullmatch(text) for text in texts)


def column(name: str, values: Sequence[Any], *, grouped: bool = False) -> Column:
    """The profile of a column from its values, None where a row has none.

    ``grouped``: points stand between thousands.
    """
    filled = [value for value in values if value is not None]
    label, unit = named(name)
    base: dict[str, Any] = {
        "name": name,
        "label": label,
        "unit": unit,
        "filled": len(filled) / max(1, len(values)),
        "distinct": len({repr(value) for value in filled}),
        "rows": len(values),
        "examples": tuple(str(value)[:40] for value in list(dict.fromkeys(map(str, filled)))[:MOST_EXAMPLES]),
    }
    if not filled:
        return Column(kind="empty", **base)
    number = _grouped_number if grouped else _number
    for look in (_boolean, _objects, number, _time, _hour):
        found = look(filled)
        if found is not None:
            return Column(**base, **found)
    return Column(kind="text", codes=_codes(filled), **base)


def named(name: str) -> tuple[str, str | None]:
    """(the words of a column's name, the unit in it): "Velocità media (km/h)" → ("velocita media", "KMH")."""
    found = _BRACKETS.match(name)
    if found and (code := units.code_of(found[2])) is not None:
        return words(found[1]), code
    parts = re.split(r"[_\s]+", name.strip())
    for count in (2, 1):
        code = units.code_of("_".join(parts[-count:])) if len(parts) > count else None
        if code is not None and parts[-1].casefold() not in _DOUBTFUL:
            return words(" ".join(parts[:-count])), code
    return words(name), None


_DOUBTFUL: Final = frozenset(("min", "s", "t", "a", "l", "v", "w", "h", "k", "n", "gradi"))
"""Ends of names that are units only in brackets: ``temperature_min`` is no time."""
_PLAIN: Final = str.maketrans({
    "à": "a", "è": "e", "é": "e", "ì": "i", "ò": "o", "ù": "u", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss",
})  # fmt: skip


def words(name: str) -> str:
    """A name in small plain words: "freeSpaces_2" → "free spaces 2"."""
    return " ".join(part.lower() for part in _WORDS.findall(name)).translate(_PLAIN)


def _share(values: Sequence[Any], fits: Callable[[Any], bool]) -> float:
    return sum(map(fits, values)) / len(values)


def _boolean(values: Sequence[Any]) -> dict[str, Any] | None:
    wanted = {"true", "false", "yes", "no", "si", "sì", "ja", "nein", "vero", "falso"}
    seen = {str(value).casefold() for value in values}
    return {"kind": "boolean"} if seen <= wanted else None


def _objects(values: Sequence[Any]) -> dict[str, Any] | None:
    return {"kind": "object"} if _share(values, lambda one: isinstance(one, dict | list)) >= _ENOUGH else None


_PLAIN_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_NUMBERS: Final = (
    (_PLAIN_NUMBER, ".", ""),
    (re.compile(r"[+-]?\d+(,\d+)?"), ",", ""),
    (re.compile(r"[+-]?\d{1,3}(\.\d{3})*(,\d+)?"), ",", "."),
    (re.compile(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?"), ".", ","),
    (re.compile(r"[+-]?\d{1,3}([ \u00a0\u202f]\d{3})*(,\d+)?"), ",", " "),
)


def _grouped_number(values: Sequence[Any]) -> dict[str, Any] | None:
    return _numbers(values, ",", ".", texts=False)


def _number(values: Sequence[Any]) -> dict[str, Any] | None:
    if any(isinstance(value, bool) for value in values):
        return None
    texts = [value for value in values if isinstance(value, str)]
    if _share(values, lambda one: isinstance(one, str) and re.fullmatch(r"0\d+", one) is not None) > 0.02:
        return None  # 007 is a code
    for pattern, decimal, thousands in _NUMBERS:
        fits = [value for value in values if not isinstance(value, str) or pattern.fullmatch(value.strip())]
        if len(fits) >= _ENOUGH * len(values) and all(isinstance(one, str | int | float) for one in fits):
            return _numbers(fits, decimal, thousands, texts=bool(texts))
    return None


def _numbers(fits: Sequence[Any], decimal: str, thousands: str, *, texts: bool) -> dict[str, Any] | None:
    read = [_read(value, decimal, thousands) for value in fits]
    whole = all(value == int(value) for value in read)
    if whole and texts and _looks_like_a_day(read):
        return None
    return {
        "kind": "integer" if whole else "number",
        "whole": whole,
        "decimal": decimal,
        "thousands": thousands,
        "low": min(read),
        "high": max(read),
    }


def _read(value: Any, decimal: str, thousands: str) -> float:
    if not isinstance(value, str):
        return float(value)
    text = value.strip().replace("\u00a0", " ").replace("\u202f", " ")
    return float((text.replace(thousands, "") if thousands else text).replace(decimal, "."))


def _looks_like_a_day(numbers: Sequence[float]) -> bool:
    """Eight digits that are days, such as 20240315."""
    days = [f"{number:.0f}" for number in numbers]
    return all(len(day) == 8 and _reads(day, "%Y%m%d") and "1900" < day < "2100" for day in days)


def _reads(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def _iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return not text.isdigit()


def _time(values: Sequence[Any]) -> dict[str, Any] | None:
    if _share(values, lambda one: isinstance(one, datetime)) >= _ENOUGH:
        return {"kind": "time"}
    texts = [str(value) for value in values[:500]]
    if _share(texts, _iso) >= _ENOUGH:
        return {"kind": "date" if all(len(text) == 10 for text in texts) else "time"}
    for day in DATES:
        if _all_read(texts, day):
            return {"kind": "date", "form": day}
        for form in (f"{day}{sign}{hour}" for sign in (" ", "T", ", ") for hour in HOURS):
            if _all_read(texts, form):
                return {"kind": "time", "form": form}
    return None


def _all_read(texts: Sequence[str], form: str) -> bool:
    """Whether (nearly) all texts can be read with ``form``; most forms fail at the first."""
    return _reads(texts[0], form) and sum(_reads(text, form) for text in texts) >= _ENOUGH * len(texts)


def _hour(values: Sequence[Any]) -> dict[str, Any] | None:
    for form in HOURS:
        if _all_read([str(value) for value in values], form):
            return {"kind": "hour", "form": form}
    return None


def _codes(values: Sequence[Any]) -> tuple[str, ...]:
    """The values of a column that says few things again and again."""
    distinct = sorted({str(value) for value in values})
    return tuple(distinct) if len(distinct) <= 12 and len(values) >= 5 * len(distinct) else ()
