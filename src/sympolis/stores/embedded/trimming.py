"""Letting go of what was observed long ago, in the table and in the archive, while everyone reads and writes.

Points of the table are deleted. In an archived file a series that ended before the time is no longer listed, and one
that goes on is listed from its first remaining row; the files are then written anew without what was cut (``rolling``),
or removed where nothing is left of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import apsw
import msgspec

from sympolis.domain.changes import Observation, TimeKind
from sympolis.later import later
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, files, months, tiers
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.embedded.points import GONE
from sympolis.stores.embedded.tiers import EVER, Piece

if TYPE_CHECKING:
    import numpy as np

    from sympolis.stores.embedded.recorder import Recorder
    from sympolis.stores.embedded.timeline import Timeline
else:
    np = later("numpy")

_SQL = sql.load("sympolis.stores.embedded", "trimming.sql")
_HISTORY = sql.load("sympolis.stores.embedded", "timeline.sql")
_MOST: Final = 2_000
"""So many points of the table go without letting others have their turn."""
_MOST_SERIES: Final = 200
Told = tuple[Callable[[], datetime], str]
"""What gives the time of a change, and its cause."""


class Series(NamedTuple):
    """What was observed of an entity under one name and dataset."""

    entity_id: str
    types: tuple[str, ...]
    subject: int
    line: int


@dataclass(slots=True)
class Cut:
    """What one portion came to: how many of the series are done, and how many points each that lost some did."""

    done: int = 0
    lost: list[tuple[Series, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many points are gone."""
        return sum(count for _, count in self.lost)

    def stand_ins(self, db: apsw.Connection, at: datetime) -> list[Observation]:
        """A point for each series that lost some."""
        return [
            Observation(one.entity_id, one.types, tiers.line_of(db, one.line).name, at, None)
            for one, _ in self.lost
        ]


async def trim(
    path: Path, write: Callable[..., Awaitable[Any]], types: Sequence[str], before: datetime, told: Told
) -> int:
    """See ``Trimming.trim``, but for the files, which hold as much as before. ``write``: runs a job of the writer."""
    bound = bodies.microseconds(before)
    total = 0
    concerned = iter(await asyncio.to_thread(_subjects, path, frozenset(types)))
    while some := list(islice(concerned, _MOST_SERIES)):
        left = await asyncio.to_thread(_series, path, some, bound)
        while left:
            found: Cut = await write(partial(_job, series=left[:_MOST_SERIES], before=bound, told=told))
            total += found.total
            left = left[found.done :]
    await write(_forget_empty)
    return total


def _job(recorder: Recorder, series: Sequence[Series], before: int, told: Told) -> Cut:
    now, cause = told
    found: Cut = recorder.trim(series, before, now(), cause)
    return found


def _forget_empty(recorder: Recorder) -> None:
    recorder.flush()
    recorder.timeline.db.execute(_SQL["replace_empty"])
    recorder.timeline.reload_months()


def _subjects(path: Path, types: frozenset[str]) -> list[tuple[str, tuple[str, ...], int]]:
    """Id, types and key of whoever has one of the types and a history."""
    with closing(files.open_reader(path)) as db:
        typings = {
            key: tuple(msgspec.json.decode(listed)) for listed, key in fetch_all(db, _HISTORY["typings"])
        }
        wanted = [key for key, own in typings.items() if types.intersection(own)]
        rows = fetch_all(db, _HISTORY["subjects_typed"], {"typings": msgspec.json.encode(wanted).decode()})
        return [(entity_id, tuple(msgspec.json.decode(own)), key) for entity_id, key, own in rows]


def _series(path: Path, subjects: Sequence[tuple[str, tuple[str, ...], int]], before: int) -> list[Series]:
    """Their series in which there is something to cut."""
    with closing(files.open_reader(path)) as db:
        return [
            Series(*subject, line)
            for subject in subjects
            for line in tiers.lines_of(db, subject[2])
            if tiers.line_of(db, line).time is TimeKind.OBSERVED
            and fetch_value(db, _SQL["has_older"], {"subject": subject[2], "line": line, "before": before})
        ]


# --- in the writer's thread


def cut(timeline: Timeline, series: Sequence[Series], before: int) -> Cut:
    """Delete what these series have before a time, as far as the portion goes."""
    timeline.db.execute(_SQL["spoil_until"], (months.month_of(before - 1),))
    found = Cut()
    room = _MOST
    for one in series:
        end = _end(timeline.db, one, before, room)
        gone = _cut(timeline.db, one, end)
        if gone:
            found.lost.append((one, gone))
            timeline.lose(one.entity_id, one.subject, gone)
        if end < before:
            break
        found.done += 1
        room -= gone
        if room <= 0:
            break
    return found


def _end(db: apsw.Connection, one: Series, before: int, room: int) -> int:
    where = {"subject": one.subject, "line": one.line, "before": before, "most": room}
    found: list[tuple[int]] = fetch_all(db, _SQL["edge"], where)
    return found[0][0] if found else before


def _cut(db: apsw.Connection, one: Series, end: int) -> int:
    """Delete the points of a series before a time in both tiers; how many there were."""
    where = {"subject": one.subject, "line": one.line, "before": end}
    table: dict[int, int] = dict(fetch_all(db, _SQL["older"], where))
    gone: int = sum(kind != GONE for kind in table.values())
    for piece in tiers.pieces(db, (one.subject, one.line), (EVER[0], end)):
        gone += _cut_piece(db, one, piece, end, table)
        db.execute(_SQL["make_stale"], (piece.file,))
    db.execute(_SQL["drop_older"], where)
    db.execute(_SQL["unlist_older"], where)
    return gone


def _cut_piece(db: apsw.Connection, one: Series, piece: Piece, end: int, table: dict[int, int]) -> int:
    """Shorten an archived month that goes on; how many points it has before a time that the table has not."""
    over = [at for at in table if piece.first <= at <= piece.last]
    if piece.last < end and not over:
        return piece.count
    path = tiers.path_of(db, piece.month, piece.file)
    times, _ = tiers.shelf().values(path, piece.start, piece.count)
    gone = int(np.searchsorted(times, end))
    if 0 < gone < piece.count:
        shorter = {"gone": gone, "first": int(times[gone]), "month": piece.month, "file": piece.file}
        db.execute(_SQL["shorten"], {"subject": one.subject, "line": one.line, **shorter})
    return gone - sum(_has(times, at) for at in over)


def _has(times: Any, at: int) -> bool:
    place = int(np.searchsorted(times, at))
    return place < len(times) and bool(times[place] == at)
