"""Tables with a column for each year or each hour: recognised by their names, and read as long ones from then on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sympolis.acquisition.mapping import UnpivotRule
from sympolis.acquisition.unpivoting import unpivoted
from sympolis.city.proposing.sampling import Sample

_LEAST_YEARS: Final = 3
_LEAST_HOURS: Final = 24
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
    return None


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
    taken = {*names, kind}
    value = value if value not in taken else f"{value}_value"
    key = kind if kind not in names else f"{kind}_of_column"
    rule = UnpivotRule(columns=shared, kind=kind, key=key, value=value)
    first, last = (shared.replace("{}", key) for key in (keys[0], keys[-1]))
    reason = f"{len(keys)} columns are a {kind} each ({first} … {last}): one row for each"
    return Wide(rule, reason, 0.9 if kind == "year" else 0.85)


def _is_number(sample: Sample, name: str) -> bool:
    """Whether what the column has are numbers, by its first rows."""
    values = [record.fields.get(name) for record in sample.records[:50]]
    texts = [str(value).strip() for value in values if value not in (None, "")]
    return bool(texts) and all(re.fullmatch(r"[+-]?[\d.,]+", text) for text in texts)
