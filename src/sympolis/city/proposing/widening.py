"""Tables with a column for each year, hour or category: recognised by names and values, and read as long ones.

A year or an hour is known by its number. A category is known by what its columns share: a longer beginning or ending
of their names, and values of one kind and size; that several heights share a word does not make them categories.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from sympolis.acquisition.mapping import UnpivotRule
from sympolis.acquisition.unpivoting import unpivoted
from sympolis.city.proposing.sampling import Sample

_LEAST_YEARS: Final = 3
_LEAST_HOURS: Final = 24
_LEAST_CATEGORIES: Final = 4
_LEAST_SHARED: Final = 3
"""Letters that columns have to share: ``id_`` is no beginning to speak of."""
_MOST_APART: Final = 3.0
"""Powers of ten between the middle values of categories: lorries are a thousand times rarer than cars, not more."""
_CONFIDENCE: Final = {"year": 0.9, "hour": 0.85, "text": 0.6}
_SEPARATOR: Final = re.compile(r"[ _\-:./]+")
_YEAR: Final = re.compile(r"(?P<before>.*?)(?P<key>(?:19|20|21)\d\d)(?P<after>\D*)")
_HOUR: Final = re.compile(r"(?P<before>\D*)(?P<key>[01]?\d|2[0-4])(?P<after>\D*)")


@dataclass(frozen=True, slots=True)
class Wide:
    """What was recognised, and why."""

    rule: UnpivotRule
    reason: str
    confidence: float


def recognise_wide(sample: Sample) -> Wide | None:
    """The columns that are one series side by side; None where there are none."""
    names = sample.names
    for kind, pattern, least in (("year", _YEAR, _LEAST_YEARS), ("hour", _HOUR, _LEAST_HOURS)):
        groups: dict[str, list[str]] = {}
        for name, shared, key in _parts(names, pattern):
            if _is_number(sample, name):
                groups.setdefault(shared, []).append(key)
        shared, keys = max(groups.items(), key=lambda one: len(one[1]), default=("", []))
        if len(set(keys)) >= least:
            return _found(kind, shared, keys, names)
    return _categories(sample)


def _categories(sample: Sample) -> Wide | None:
    """Columns of counts that share the beginning or the ending of their names: ``cars_petrol``, ``cars_diesel`` …"""
    counts = [
        name for name in sample.names if "{" not in name and "}" not in name and _is_count(sample, name)
    ]
    groups: dict[str, list[str]] = {}
    for name in counts:
        for shared, key in _divided(name):
            groups.setdefault(shared, []).append(key)
    likely = {shared: keys for shared, keys in groups.items() if len(keys) >= _LEAST_CATEGORIES}
    shared, keys = max(likely.items(), key=lambda one: (len(one[1]), len(one[0])), default=("", []))
    whole = [shared.replace("{}", key) for key in keys]
    if not keys or any(re.search(r"\d", key) for key in keys) or not _alike(sample, whole):
        return None
    return _found("text", shared, keys, sample.names)


def _divided(name: str) -> Iterator[tuple[str, str]]:
    """The ways to see a name as something shared with a category after it or before it, at its separators."""
    for match in _SEPARATOR.finditer(name):
        before, after = name[: match.start()], name[match.end() :]
        if len(before) >= _LEAST_SHARED and after:
            yield f"{name[: match.end()]}{{}}", after
        if len(after) >= _LEAST_SHARED and before:
            yield f"{{}}{name[match.start() :]}", before


def _alike(sample: Sample, names: Sequence[str]) -> bool:
    """Whether the columns measure one thing: their middle values are within some powers of ten of each other."""
    middles = [median(_numbers(sample, name)) for name in names]
    known = [math.log10(one) for one in middles if one > 0]
    return not known or max(known) - min(known) <= _MOST_APART


def _is_count(sample: Sample, name: str) -> bool:
    """Whether what the column has are whole numbers from nought on, and not codes that only look like them."""
    values = _texts(sample, name)
    counts = bool(values) and all(re.fullmatch(r"\d{1,3}(?:[.,\s]\d{3})+|\d+", one) for one in values)
    return counts and not any(len(one) > 1 and one.startswith("0") for one in values)


def _numbers(sample: Sample, name: str) -> list[int]:
    return [int(re.sub(r"\D", "", one)) for one in _texts(sample, name)]


def long(sample: Sample, wide: Wide) -> Sample:
    """The sample with a row for each cell."""
    return replace(sample, records=tuple(unpivoted(sample.records, wide.rule)))


def _parts(names: Sequence[str], pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """Columns whose names have a number of this kind in them: the name, what is shared, the number."""
    for name in names:
        match = pattern.fullmatch(name)
        if match is not None and "{" not in name:
            yield name, f"{match['before']}{{}}{match['after']}", match["key"]


def _found(kind: str, shared: str, keys: Sequence[str], names: Sequence[str]) -> Wide:
    label = re.sub(r"[^A-Za-z0-9]+", "_", shared.replace("{}", "")).strip("_").lower()
    value = label if re.fullmatch(r"[a-z][a-z0-9_]*", label) and len(label) > 1 else "value"
    key = "category" if kind == "text" else kind
    value = value if value not in {*names, key} else f"{value}_value"
    key = key if key not in names else f"{key}_of_column"
    rule = UnpivotRule(columns=shared, kind=kind, key=key, value=value)
    first, last = (shared.replace("{}", key) for key in (keys[0], keys[-1]))
    what = "category" if kind == "text" else kind
    reason = f"{len(keys)} columns are a {what} each ({first} … {last}): one row for each"
    return Wide(rule, reason, _CONFIDENCE[kind])


def _is_number(sample: Sample, name: str) -> bool:
    """Whether what the column has are numbers, by its first rows."""
    texts = _texts(sample, name)
    return bool(texts) and all(re.fullmatch(r"[+-]?[\d.,]+", text) for text in texts)


def _texts(sample: Sample, name: str) -> list[str]:
    """What stands in the column's first cells that are not empty."""
    values = [record.fields.get(name) for record in sample.records[:50]]
    return [str(value).strip() for value in values if value not in (None, "")]
