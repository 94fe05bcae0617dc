"""Histories from NGSI-LD's temporal answers: rows of a table, page by page of entities and of time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sympolis.client.connection import Connection
from sympolis.domain import errors

_PATH: Final = "/ngsi-ld/v1/temporal/entities"
_AT_ONCE: Final = 50
_RANGE: Final = re.compile(r"date-time (?P<start>\S+Z)-(?P<end>\S+Z)/")
Row = tuple[str, str | None, str, Any]
"""Entity, dataset id, time, value."""
START: Final = "1900-01-01T00:00:00Z"


def rows(
    connection: Connection,
    selected: Mapping[str, Any],
    attribute: str,
    *,
    span: tuple[str | None, str | None],
    every: str | None,
    method: str,
    link: str,
) -> Iterator[Row]:
    """What was observed of an attribute, or figures per period (``every``), entity by entity.

    ``selected`` are parameters that select entities; ``span`` is [start, end).
    """
    asked = {**selected, "attrs": attribute, "limit": _AT_ONCE, "offset": 0}
    asked |= _figures(every, method) if every else {"format": "temporalValues"}
    while True:
        page = _page(connection, asked, span, link)
        if page is None:
            asked["limit"] = max(asked["limit"] // 8, 1)
            continue
        for entity in page:
            yield from _rows(entity, attribute, method if every else "values")
        if len({one["id"] for one in page}) < asked["limit"]:
            return
        asked["offset"] += asked["limit"]


def _figures(every: str, method: str) -> dict[str, str]:
    return {"format": "aggregatedValues", "aggrMethods": method, "aggrPeriodDuration": every}


def _page(
    connection: Connection, asked: Mapping[str, Any], span: tuple[str | None, str | None], link: str
) -> list[dict[str, Any]] | None:
    """The entities of a page, again for each piece of time (clause 6.3.10); where pieces meet, an instant is in both.

    None where an answer cannot hold one instant of that many.
    """
    start, end = span
    found: list[dict[str, Any]] = []
    while True:
        answer = connection.get(_PATH, {**asked, **_timing(start, end)}, link=link)
        found += answer.json
        if answer.status != 206:
            return found
        cut = _RANGE.match(answer.headers.get("content-range", ""))
        if cut is None or cut["end"] == start:
            if asked["limit"] > 1:
                return None
            raise errors.TooManyResults("one instant has more values than an answer holds", where=str(start))
        start = cut["end"]


def _timing(start: str | None, end: str | None) -> dict[str, str]:
    if start is not None and end is not None:
        return {"timerel": "between", "timeAt": start, "endTimeAt": end}
    if end is not None:
        return {"timerel": "before", "timeAt": end}
    return {"timerel": "after", "timeAt": start or START}


def _rows(entity: Mapping[str, Any], attribute: str, member: str) -> Iterator[Row]:
    found = entity.get(attribute, ())
    for series in found if isinstance(found, list) else [found]:
        for value, at, *_ in series.get(member, ()):
            yield entity["id"], series.get("datasetId"), at, value


def as_time(value: str | datetime | None) -> str | None:
    """A time as the twin reads it. Raises ``InvalidRequest`` for one without a zone."""
    if value is None or isinstance(value, str):
        return value
    if value.tzinfo is None:
        raise errors.InvalidRequest("a time needs a zone", where="start, end", hint="datetime(…, tzinfo=UTC)")
    return value.isoformat().replace("+00:00", "Z")
