"""Wide tables made long: a column for each hour, year or category becomes a row for each.

It stands between connector and gate, so that everything behind it (mapping, expectations, quarantine) sees plain rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from sympolis.acquisition.mapping import UnpivotRule
from sympolis.plugins.connector import Record

_KINDS: Final = {"year": r"(?:19|20|21)\d\d", "hour": r"[01]?\d|2[0-4]", "number": r"\d{1,9}", "text": r".+?"}


def unpivoted(records: Iterable[Record], rule: UnpivotRule) -> Iterator[Record]:
    """A row for each of the wide columns that has a value; a row without any of them stays as it is.

    All rows keep the number of the source's row, so that a person finds it.
    """
    for record in records:
        wide = _wide(tuple(record.fields), rule)
        if record.faults or not wide:
            yield record
            continue
        columns = {name for name, _ in wide}
        kept = {name: value for name, value in record.fields.items() if name not in columns}
        for name, key in wide:
            if (value := record.fields[name]) not in (None, ""):
                yield Record(record.number, {**kept, rule.key: key, rule.value: value}, record.geometry)


@lru_cache(maxsize=64)
def _wide(names: tuple[str, ...], rule: UnpivotRule) -> tuple[tuple[str, str], ...]:
    """The wide columns among these, with what each stands for, in their order."""
    pattern = _pattern(rule)
    found = [(name, match["key"]) for name in names if (match := pattern.fullmatch(name)) is not None]
    from_one = rule.kind == "hour" and bool(found) and {"24"} <= {key for _, key in found}
    return tuple((name, _meant(key, rule.kind, from_one=from_one)) for name, key in found)


def _pattern(rule: UnpivotRule) -> re.Pattern[str]:
    before, _, after = rule.columns.partition("{}")
    return re.compile(f"{re.escape(before)}(?P<key>{_KINDS[rule.kind]}){re.escape(after)}")


def _meant(key: str, kind: str, *, from_one: bool) -> str:
    """A year as its first day, an hour as a clock shows it (of a day counted 1 to 24, when it begins)."""
    if kind == "year":
        return f"{key}-01-01"
    return f"{int(key) - from_one:02d}:00" if kind == "hour" else key
