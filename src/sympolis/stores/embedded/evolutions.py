"""Reading what was observed of one entity in as few steps as it takes, and writing it at once (``instances``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import apsw
import msgspec

from sympolis.context.query import HistoryQuery, TimeProperty
from sympolis.domain.changes import TimeKind
from sympolis.stores import sql
from sympolis.stores.embedded import reader, tiers
from sympolis.stores.embedded.history import span
from sympolis.stores.embedded.instances import EvolutionWriter, Told
from sympolis.stores.embedded.points import Line, Row

_SQL: Final = sql.load("sympolis.stores.embedded", "timeline.sql")


def evolution(
    db: apsw.Connection, entity_id: str, query: HistoryQuery, writer: EvolutionWriter
) -> bytes | None:
    """See ``Evolutions.evolution``."""
    if query.methods or query.by is not TimeProperty.OBSERVED_AT or query.last_n == 0:
        return None
    with reader.snapshot(db):
        subject: Any = db.execute(_SQL["subject_now"], (entity_id,)).fetchone()
        told = None if subject is None else _told(db, query, *subject[:1], *subject[2:])
    if not told:
        return None
    told.sort(key=_place)
    return writer.write(entity_id, _types(subject[1]), told)


def _told(
    db: apsw.Connection, query: HistoryQuery, subject: int, newest_line: int, archived: int
) -> list[Told] | None:
    """The series with something in the range; None where all of it is too much."""
    times, last_n, room = span(query.range), query.last_n, query.max_instances
    read = tiers.read_points if archived else tiers.table_points
    few = None if query.names or archived else tiers.few_points(db, subject)
    found: list[Told] = []
    for key, line in _lines(db, query, subject, newest_line, few):
        rows: Sequence[Row]
        if few is None:
            rows = read(db, (subject, key), times, last_n, room + 1)
        else:
            rows = tiers.among(few[key], times, last_n, room + 1)
        room -= len(rows)
        if room < 0:
            return None
        if rows:
            found.append((line, rows))
    return found


def _lines(
    db: apsw.Connection, query: HistoryQuery, subject: int, newest: int, few: Iterable[int] | None
) -> Iterable[tuple[int, Line]]:
    """The lines that may have what is asked for."""
    known = tiers.lines(db)
    if query.names:
        named = [found for name in dict.fromkeys(query.names) for found in known.observed(name, newest)]
        if len(named) <= _FEW_LINES:
            return named
    own = tiers.lines_of(db, subject) if few is None else few
    lines = ((key, known[key]) for key in own)
    return [
        (key, line)
        for key, line in lines
        if line.time is TimeKind.OBSERVED and (not query.names or line.name in query.names)
    ]


_FEW_LINES: Final = 8
"""So many are looked at without knowing whether the subject has them."""


def _place(told: Told) -> tuple[str, str]:
    return told[0][:2]


def _types(text: str) -> tuple[str, ...]:
    found = _known_types.get(text)
    if found is None:
        if len(_known_types) >= _MOST_TYPES_KEPT:
            _known_types.clear()
        found = _known_types[text] = tuple(msgspec.json.decode(text))
    return found


_MOST_TYPES_KEPT: Final = 1024
_known_types: dict[str, tuple[str, ...]] = {}
