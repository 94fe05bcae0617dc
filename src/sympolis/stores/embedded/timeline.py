"""Writing histories: which points a change adds, and taking points back. Runs in the writer's thread.

The recorder hands over what changes and is told what to log; tables and statements of the history are known here and
where they are read (``history``) alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import apsw
import msgspec

from sympolis.context import effects
from sympolis.context.store import Retraction
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Attribute, Entity
from sympolis.stores import sql
from sympolis.stores.embedded import bodies
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.embedded.points import (
    TIMES,
    Line,
    encode_end,
    encode_instance,
    encode_point,
    replacing,
    time_code,
)

_SQL = sql.load("sympolis.stores.embedded", "timeline.sql")
_MOST_SUBJECTS_KEPT = 5_000

_Line = tuple[str, str, int]
PointRow = tuple[Any, ...]
"""Subject, line, and a ``Row``: it begins with the point's place in the table."""
_place = itemgetter(0, 1, 2)
_OBSERVED, _RECORDED, _DELETED = map(time_code, TIMES)
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
        self._lines: dict[_Line, int] = {}
        self._subjects: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._seen: list[PointRow] = []
        self._told: list[PointRow] = []
        self._now = 0
        self._last = self._kept = 0
        self._tally = 0

    def mark(self) -> Mark:
        """What is not written down yet, to go back to with ``reload``."""
        return self._tally, self._last

    def reload(self, mark: Mark | None = None) -> None:
        """Forget what a rolled-back transaction or savepoint has put into memory."""
        self._seen.clear()
        self._told.clear()
        self._subjects.clear()
        self._typings = {
            tuple(msgspec.json.decode(types)): key for types, key in fetch_all(self._db, _SQL["typings"])
        }
        self._lines = {
            (iri, dataset, time): key for iri, dataset, time, key in fetch_all(self._db, _SQL["lines"])
        }
        self._kept = fetch_value(self._db, _SQL["last_subject"])
        self._tally, self._last = mark or (0, self._kept)

    def note(self, before: Entity | None, after: Entity | None, names: Sequence[str], at: datetime) -> None:
        """Remember what the step of an entity, in attributes of these names, adds to the history."""
        step = effects.step(before, after, names)
        self._now = bodies.microseconds(at)
        written = step.written if self._everything else [one for one in step.written if one[1].observed_at]
        if written:
            self._note_written(self._subject(step.subject.id, step.subject.types), written)
        if self._everything and (step.deleted or step.scope is not None):
            self._note_ends(step, at)

    def _note_written(self, subject: int, written: Sequence[tuple[str, Attribute]]) -> None:
        lines, now, seen, told = self._lines, self._now, self._seen, self._told
        for name, instance in written:
            if instance.observed_at is None:
                line, rows = (name, instance.dataset_id or "", _RECORDED), told
            else:
                line, rows = (name, instance.dataset_id or "", _OBSERVED), seen
            rows.append((subject, lines.get(line) or self._line(line), *encode_instance(instance, now)))

    def _note_ends(self, step: effects.Step, at: datetime) -> None:
        subject = self._subject(step.subject.id, step.subject.types)
        for name, instance in step.deleted:
            line = self._line((name, instance.dataset_id or "", _DELETED))
            self._told.append((subject, line, *encode_end(instance.kind, self._now)))
        if step.scope is not None:
            self._take(effects.scope_point(step.subject, step.scope, at))

    def _take(self, point: Observation) -> None:
        subject = self._subject(point.entity_id, point.types)
        line = self._line((point.name, point.dataset_id or "", time_code(point.time)))
        rows = self._seen if point.time is TimeKind.OBSERVED else self._told
        rows.append((subject, line, *encode_point(point, self._now)))

    def write(self) -> int:
        """Write down what was noted since the last time, once per job; returns how many points were new or others."""
        seen, self._seen = self._seen, []
        told, self._told = self._told, []
        added, changed = self._insert(seen) if seen else (0, 0)
        self._tally += added
        return added + changed + (sum(self._insert(told)) if told else 0)

    def observe(self, observations: Sequence[Observation], at: datetime) -> tuple[list[Observation], int]:
        """The first new point of each (entity, name), and how many points were new or different."""
        self._now = bodies.microseconds(at)
        grown: list[Observation] = []
        accepted = 0
        for points in _by_series(observations):
            for point in points:
                self._take(point)
            if changed := self.write():
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

    def _insert(self, rows: list[PointRow]) -> tuple[int, int]:
        """How many points were new, and how many others different. Most are new, so all are tried at once first."""
        rows.sort(key=_place)
        before = self._db.total_changes()
        self._db.executemany(_SQL["add_point"], rows)
        added = self._db.total_changes() - before
        return added, sum(map(self._put, rows)) if added < len(rows) else 0

    def _put(self, row: PointRow) -> bool:
        """Let a point replace the one that stands at its place, unless that says the same."""
        known: Any = self._db.execute(_SQL["point_at"], row[:3]).fetchone()
        found = replacing(row[2:], known, self._now)
        if found is not None:
            self._db.execute(_SQL["put_point"], (*row[:2], *found))
        return found is not None

    def _subject(self, entity_id: str, types: tuple[str, ...]) -> int:
        """The key of a subject, which is made or brought up to date where needed."""
        known = self._subjects.get(entity_id)
        if known is not None and known[1] == types:
            return known[0]
        typing = self._typing(types)
        key = self._last + 1 if known is None else known[0]
        before = self._db.total_changes()
        self._db.execute(_SQL["add_subject"], (entity_id, key, typing))
        if self._db.total_changes() > before:
            self._last = key
        else:
            [(key, kept)] = self._db.execute(_SQL["subject"], (entity_id,))
            if kept != typing:
                self._db.execute(_SQL["change_subject"], (typing, entity_id))
        if len(self._subjects) >= _MOST_SUBJECTS_KEPT:
            self._subjects.clear()
        self._subjects[entity_id] = (key, types)
        return key

    def _typing(self, types: tuple[str, ...]) -> int:
        key = self._typings.get(types)
        if key is None:
            [(key,)] = self._db.execute(_SQL["add_typing"], (_encode(types).decode(),))
            self._typings[types] = key
        return key

    def _line(self, line: _Line) -> int:
        """The key of a line: an attribute's IRI, a dataset, the code of a kind of time."""
        key = self._lines.get(line)
        if key is None:
            [(key,)] = self._db.execute(_SQL["add_line"], (self._name(line[0]), *line[1:]))
            self._lines[line] = key
        return key

    # --- taking back

    def _meant(self, subject: int, retraction: Retraction) -> Iterator[tuple[int, Line]]:
        """The lines that a retraction is about."""
        own = {key for (key,) in fetch_all(self._db, _SQL["lines_of"], {"subject": subject})}
        for (name, dataset, time), key in list(self._lines.items()):
            named = retraction.name in (None, name)
            every = retraction.every or retraction.name is None
            meant = every or dataset == (retraction.dataset_id or "")
            if key in own and named and meant and (retraction.at is None or TIMES[time] is retraction.time):
                yield key, Line(name, dataset, TIMES[time])

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
