"""Writing histories: which points a change adds, and taking points back. Runs in the writer's thread.

The recorder hands over what changes and is told what to log; tables and statements of the history are known here and
where they are read (``history``) alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import apsw
import msgspec

from sympolis.context import effects
from sympolis.context.instances import recorded
from sympolis.context.store import Retraction
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Entity
from sympolis.stores import sql
from sympolis.stores.embedded import bodies
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.embedded.points import TIMES, Line, decode_point, encode_point, time_code

_SQL = sql.load("sympolis.stores.embedded", "timeline.sql")
_MOST_SUBJECTS_KEPT = 5_000

_Place = tuple[Any, ...]
"""Subject, line, at."""
_PointRow = tuple[Any, ...]
"""The place, and the rest of a ``Row``."""
Mark = tuple[int, int]
"""What the timeline has counted."""
_encode = msgspec.json.Encoder().encode


class Timeline:
    """The history's tables. ``name`` gives the number that stands for an IRI in the file.

    ``everything``: also what has no ``observedAt``, scopes and deletions (``effects.history_of``).
    """

    def __init__(
        self, connection: apsw.Connection, name: Callable[[str], int], *, everything: bool = True
    ) -> None:
        self._db = connection
        self._name = name
        self._everything = everything
        self._typings: dict[tuple[str, ...], int] = {}
        self._lines: dict[Line, int] = {}
        self._subjects: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._points: list[Observation] = []
        self._at = datetime.min.replace(tzinfo=UTC)
        self._last = self._kept = 0
        self._tally = 0

    def mark(self) -> Mark:
        """What is not written down yet, to go back to with ``reload``."""
        return self._tally, self._last

    def reload(self, mark: Mark | None = None) -> None:
        """Forget what a rolled-back transaction or savepoint has put into memory."""
        self._points.clear()
        self._subjects.clear()
        self._typings = {
            tuple(msgspec.json.decode(types)): key for types, key in fetch_all(self._db, _SQL["typings"])
        }
        self._lines = {
            Line(iri, dataset, TIMES[time]): key
            for iri, dataset, time, key in fetch_all(self._db, _SQL["lines"])
        }
        self._kept = fetch_value(self._db, _SQL["last_subject"])
        self._tally, self._last = mark or (0, self._kept)

    def note(self, before: Entity | None, after: Entity | None, names: Sequence[str], at: datetime) -> None:
        """Remember what the step of an entity, in attributes of these names, adds to the history."""
        if names or before is None or after is None or before.scope != after.scope:
            self._points += effects.history_of(before, after, at, everything=self._everything)
            self._at = at

    def write(self) -> None:
        """Write down what was noted since the last time, once per job."""
        points, self._points = self._points, []
        if points:
            self._add(points, self._at)

    def observe(self, observations: Sequence[Observation], at: datetime) -> tuple[list[Observation], int]:
        """The first new point of each (entity, name), and how many points were new or different."""
        grown: list[Observation] = []
        accepted = 0
        for points in _by_series(observations):
            if changed := self._add(points, at):
                accepted += changed
                grown.append(points[0])
        return grown, accepted

    def retract(self, retraction: Retraction, at: datetime) -> tuple[list[Observation], int]:
        """One point for each series that lost some, and how many points are gone."""
        row = self._db.execute(_SQL["subject"], (retraction.entity_id,)).fetchone()
        if row is None:
            return [], 0
        types = next(types for types, key in self._typings.items() if key == row[1])
        gone: dict[tuple[str, str], Observation] = {}
        total = 0
        for key, line in self._meant(row[0], retraction):
            if count := self._drop(row[0], key, retraction.at):
                total += count
                self._tally -= count if line.time is TimeKind.OBSERVED else 0
                lost = Observation(retraction.entity_id, types, line.name, at, None)
                gone.setdefault((line.name, line.dataset), lost)
        self._db.execute(_SQL["drop_subject"], {"id": retraction.entity_id, "subject": row[0]})
        self._subjects.pop(retraction.entity_id, None)
        return list(gone.values()), total

    def flush(self) -> None:
        """Write the counts down, once per transaction."""
        if self._tally:
            self._db.execute(_SQL["add_to_tally"], (self._tally,))
            self._tally = 0
        if self._last != self._kept:
            self._db.execute(_SQL["keep_last_subject"], (self._last,))
            self._kept = self._last

    # --- adding

    def _add(self, points: Sequence[Observation], at: datetime) -> int:
        """How many points were new or different."""
        seen = [point for point in points if point.time is TimeKind.OBSERVED]
        if len(seen) == len(points):
            added, changed = self._insert(points, at)
        else:
            added, changed = self._insert(seen, at) if seen else (0, 0)
            changed += sum(
                self._insert([point for point in points if point.time is not TimeKind.OBSERVED], at)
            )
        self._tally += added
        return added + changed

    def _insert(self, points: Sequence[Observation], at: datetime) -> tuple[int, int]:
        """How many points were new, and how many others different. Most are new, so all are tried at once first."""
        rows = list(self._rows(points, at))
        before = self._db.total_changes()
        self._db.executemany(_SQL["add_point"], rows)
        added = self._db.total_changes() - before
        if added == len(rows):
            return added, 0
        places = zip(points, (row[:3] for row in rows), strict=True)
        return added, sum(self._put(point, place, at) for point, place in places)

    def _rows(self, points: Iterable[Observation], at: datetime) -> Iterator[_PointRow]:
        now = bodies.microseconds(at)
        for point in points:
            line = self._line(Line(point.name, point.dataset_id or "", point.time))
            yield (self._subject(point), line, *encode_point(point, now))

    def _put(self, point: Observation, place: _Place, at: datetime) -> bool:
        """Let a point replace the one that stands at its place, unless that says the same."""
        row: Any = self._db.execute(_SQL["point_at"], place).fetchone()
        line = Line(point.name, point.dataset_id or "", point.time)
        found = recorded(point, decode_point(point.entity_id, point.types, line, row), at)
        if found is not None:
            self._db.execute(_SQL["put_point"], (*place[:2], *encode_point(found, bodies.microseconds(at))))
        return found is not None

    def _subject(self, point: Observation) -> int:
        """The key of the point's subject, which is made or brought up to date where needed."""
        known = self._subjects.get(point.entity_id)
        if known is not None and known[1] == point.types:
            return known[0]
        typing = self._typings.get(point.types)
        if typing is None:
            [(typing,)] = self._db.execute(_SQL["add_typing"], (_encode(point.types).decode(),))
            self._typings[point.types] = typing
        key = self._last + 1 if known is None else known[0]
        before = self._db.total_changes()
        self._db.execute(_SQL["add_subject"], (point.entity_id, key, typing))
        if self._db.total_changes() > before:
            self._last = key
        else:
            [(key, kept)] = self._db.execute(_SQL["subject"], (point.entity_id,))
            if kept != typing:
                self._db.execute(_SQL["change_subject"], (typing, point.entity_id))
        if len(self._subjects) >= _MOST_SUBJECTS_KEPT:
            self._subjects.clear()
        self._subjects[point.entity_id] = (key, point.types)
        return key

    def _line(self, line: Line) -> int:
        key = self._lines.get(line)
        if key is None:
            row = (self._name(line.name), line.dataset, time_code(line.time))
            [(key,)] = self._db.execute(_SQL["add_line"], row)
            self._lines[line] = key
        return key

    # --- taking back

    def _meant(self, subject: int, retraction: Retraction) -> Iterator[tuple[int, Line]]:
        """The lines that a retraction is about."""
        own = {key for (key,) in fetch_all(self._db, _SQL["lines_of"], {"subject": subject})}
        for line, key in list(self._lines.items()):
            named = retraction.name in (None, line.name)
            every = retraction.every or retraction.name is None
            dataset = every or line.dataset == (retraction.dataset_id or "")
            if key in own and named and dataset and (retraction.at is None or line.time is retraction.time):
                yield key, line

    def _drop(self, subject: int, line: int, at: datetime | None) -> int:
        """Delete the points of a line, or the one of this time; returns how many there were."""
        before = self._db.total_changes()
        moment = None if at is None else bodies.microseconds(at)
        self._db.execute(_SQL["drop_points"], {"subject": subject, "line": line, "at": moment})
        return self._db.total_changes() - before


def _by_series(observations: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Points grouped by series, in order of first appearance."""
    groups: dict[tuple[str, str, str | None], list[Observation]] = {}
    for point in observations:
        groups.setdefault((point.entity_id, point.name, point.dataset_id), []).append(point)
    yield from groups.values()
