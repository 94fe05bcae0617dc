"""Which columns tell one thing from another, and which say when a row was observed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sympolis.city.proposing.columns import Column
from sympolis.city.proposing.sampling import Sample

_KEYS: Final = re.compile(
    r"\b(id|uid|uuid|fid|gid|objectid|code|codice|cod|nr|number|nummer|numero|matricola|key|schluessel|kennung)\b"
)
_NAMES: Final = re.compile(
    r"\b(name|nome|station|stazione|sensor|sensore|centralina|messstelle|zaehlstelle|loop|spira)\b"
)
_MOMENTS: Final = re.compile(
    r"date|data\b|time|zeit|datum|ora\b|timestamp|observed|rilevazione|instant|giorno|tag\b"
)
_NEARLY: Final = 0.99
"""So many rows must be told apart; the rest are the errors that every table has."""
_OBSERVED: Final = re.compile(r"(Observed|Monitoring|Consumption|Measurement)$")


@dataclass(frozen=True, slots=True)
class Identity:
    """The columns of the id; ``with_time``: only together with the time they tell rows apart."""

    fields: tuple[str, ...]
    confidence: float
    reason: str
    with_time: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """The columns of the time and how they are written."""

    fields: tuple[str, ...]
    form: str
    confidence: float
    reason: str


def is_observed(model: str) -> bool:
    """Whether entities of a model are observations, whose time matters."""
    return _OBSERVED.search(model) is not None


def identity(rows: Sample, columns: Sequence[Column]) -> Identity:
    """What makes an id of a row's columns."""
    usable = [one for one in columns if one.filled == 1.0 and one.kind in ("text", "integer")]
    usable.sort(
        key=lambda one: (not _KEYS.search(one.label), not _NAMES.search(one.label), one.kind == "integer")
    )
    for one in usable:
        if one.unique and (_KEYS.search(one.label) or one.kind == "text"):
            named = "named as a key, and " if _KEYS.search(one.label) else ""
            return Identity((one.name,), 0.95 if named else 0.7, f"{named}every row has its own")
    moments = [one for one in columns if one.kind in ("time", "date") and one.filled == 1.0]
    if moments and _apart(rows, [*moments, *_hours(columns)]):
        return Identity((), 0.8, "every row has its own time: a series of one thing", with_time=True)
    for one in usable:
        if moments and one.distinct < one.rows and _apart(rows, [one, *moments, *_hours(columns)]):
            sure = 0.9 if _KEYS.search(one.label) or _NAMES.search(one.label) else 0.6
            return Identity((one.name,), sure, "one row for each of its values and times", with_time=True)
    for index, one in enumerate(usable):
        for other in usable[index + 1 :]:
            if _apart(rows, [one, other]):
                return Identity((one.name, other.name), 0.5, "together they tell the rows apart")
    return _last_resort(rows, columns, usable)


def _last_resort(rows: Sample, columns: Sequence[Column], usable: Sequence[Column]) -> Identity:
    integers = [one for one in usable if one.unique]
    if integers:
        return Identity((integers[0].name,), 0.5, "every row has its own number")
    first = (usable or columns)[0] if (usable or columns) else None
    name = first.name if first is not None else rows.names[0]
    return Identity((name,), 0.1, "no column tells the rows apart: rows that repeat it will be held")


def _hours(columns: Sequence[Column]) -> list[Column]:
    return [one for one in columns if one.kind == "hour" and one.filled == 1.0]


def _apart(rows: Sample, columns: Sequence[Column]) -> bool:
    """Whether the columns together differ in every row, rows that repeat another word for word aside."""
    every = {tuple(repr(record.fields.get(one.name)) for one in columns) for record in rows.records}
    distinct = {repr(sorted(record.fields.items(), key=str)) for record in rows.records}
    return len(every) >= _NEARLY * len(distinct)


def times(rows: Sample, columns: Sequence[Column], key: Identity, *, observed: bool) -> Times | None:
    """When rows were observed; None for things that stand still."""
    if not (observed or key.with_time):
        return None
    moments = [one for one in columns if one.kind in ("time", "date") and one.filled > 0.9]
    moments.sort(key=lambda one: (one.kind == "date", not _MOMENTS.search(one.label)))
    if not moments:
        return None
    best, hours = moments[0], _hours(columns)
    if best.kind == "date" and hours and best.form != "iso":
        form = f"{best.form} {hours[0].form}"
        return Times((best.name, hours[0].name), form, 0.85, "a day and an hour")
    if best.kind == "date" and hours:
        return Times((best.name, hours[0].name), f"%Y-%m-%d {hours[0].form}", 0.85, "a day and an hour")
    return Times((best.name,), best.form, *_sure(rows, best))


def _sure(rows: Sample, one: Column) -> tuple[float, str]:
    """A day that could be a month is told."""
    if one.form.startswith("%d/%m"):
        firsts = [str(record.fields.get(one.name)).split("/")[0] for record in rows.records]
        if all(first.isdigit() and int(first) <= 12 for first in firsts):
            return 0.4, "day before month, though the sample would fit the other way round, too"
    return 0.9, f"reads as {one.form}"
