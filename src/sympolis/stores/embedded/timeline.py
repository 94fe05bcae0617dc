"""Writing histories: which points a change adds, and taking points back. Runs in the writer's thread.

The recorder hands over what changes and is told what to log; tables and statements of the history are known here and
where they are read (``history``) alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import apsw
import msgspec

from sympolis.context import effects
from sympolis.context.store import Retraction
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Attribute, Entity
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, months, tiers
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.embedded.points import (
    GONE,
    TIMES,
    Line,
    encode_end,
    encode_instance,
    encode_point,
    replacing,
    time_code,
)
from sympolis.stores.embedded.together import insert

_SQL = sql.load("sympolis.stores.embedded", "timeline.sql")
_ARCHIVE = sql.load("sympolis.stores.embedded", "archive.sql")
_MOST_SUBJECTS_KEPT = 5_000
_TRIED_TOGETHER = 64
"""Points that are looked at one by one where any of them is not new."""

_Line = tuple[str, str, int]
PointRow = tuple[Any, ...]
"""Subject, line, and a ``Row``: it begins with the point's place in the table."""
_of_subject = itemgetter(0)
_place = itemgetter(0, 1, 2)
_series = itemgetter(0, 1)
_SAME, _NEW, _OTHER = range(3)
_GONE = (0, None, None, GONE)
NEVER = -(2**62)
"""The end of an archive that there is not."""
_OBSERVED, _RECORDED, _DELETED = map(time_code, TIMES)
_encode = msgspec.json.Encoder().encode


class Timeline:
    """The history's tables. ``name`` gives the number that stands for an IRI in the file."""

    def __init__(self, connection: apsw.Connection, name: Callable[[str], int]) -> None:
        self.db = connection
        self._name = name
        self._typings: dict[tuple[str, ...], int] = {}
        self._lines: dict[_Line, int] = {}
        self._subjects: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._without: set[str] = set()
        """Entities that have no history, as far as that is known."""
        self._come: list[tuple[str, int, int]] = []
        """Subjects that are to be added."""
        self._seen: list[PointRow] = []
        self._told: list[PointRow] = []
        self._at: datetime | None = None
        self._now = 0
        self._months: set[int] = set()
        self._this_month = (0, 0)
        self._archived_until = NEVER
        self._last = self._kept = 0
        self._tally = 0

    def reload(self) -> None:
        """Forget what a rolled-back transaction or savepoint has put into memory."""
        self._seen.clear()
        self._told.clear()
        self._come.clear()
        self._without.clear()
        self._subjects.clear()
        self._typings = {
            tuple(msgspec.json.decode(types)): key for types, key in fetch_all(self.db, _SQL["typings"])
        }
        self._lines = {
            (iri, dataset, time): key for iri, dataset, time, key in fetch_all(self.db, _SQL["lines"])
        }
        self._last = self._kept = fetch_value(self.db, _SQL["last_subject"])
        self._tally = 0
        self.reload_months()

    def reload_months(self) -> None:
        """Which months the table has points of, and how far the archive reaches."""
        self._months = {month for (month,) in fetch_all(self.db, _ARCHIVE["hot_months"])}
        self._this_month = (0, 0)
        newest = fetch_value(self.db, _ARCHIVE["newest_month"])
        self._archived_until = NEVER if newest is None else months.bounds(newest)[1]

    def read_ahead(self, ids: Sequence[str]) -> None:
        """Look the subjects of these entities up together: they are about to be noted."""
        subjects = self._subjects
        missing = [entity_id for entity_id in ids if entity_id not in subjects]
        if len(subjects) + len(missing) > _MOST_SUBJECTS_KEPT:
            subjects.clear()
            missing = list(ids)
        if not missing:
            return
        types = {key: typed for typed, key in self._typings.items()}
        found: Any = self.db.execute(_SQL["subjects_by_id"], (_encode(missing),)).fetchall()
        for entity_id, key, typing in found:
            subjects[entity_id] = (key, types[typing])
        self._without = set(missing)
        self._without.difference_update([row[0] for row in found])

    def note(self, before: Entity | None, after: Entity | None, names: Sequence[str], at: datetime) -> None:
        """Remember what the step of an entity, in attributes of these names, adds to the history."""
        step = effects.step(before, after, names)
        if at is not self._at:
            self._at, self._now = at, bodies.microseconds(at)
        if step.written:
            subject = self._subject(step.subject.id, step.subject.types, known=before is not None)
            self._note_written(subject, step.written)
        if step.deleted or step.scope is not None:
            self._note_ends(step, at)

    def _note_written(self, subject: int, written: Sequence[tuple[str, Attribute]]) -> None:
        lines, now, seen, told = self._lines, self._now, self._seen, self._told
        time, observed_at = None, 0
        for name, instance in written:
            observed = instance.observed_at
            if observed is None:
                line = (name, instance.dataset_id or "", _RECORDED)
                key = lines.get(line) or self._line(line)
                told.append(encode_instance(subject, key, now, None, instance))
                continue
            if observed is not time:  # what is measured together has one time
                time, observed_at = observed, bodies.microseconds(observed)
            line = (name, instance.dataset_id or "", _OBSERVED)
            key = lines.get(line) or self._line(line)
            seen.append(encode_instance(subject, key, observed_at, now - observed_at, instance))

    def _note_ends(self, step: effects.Step, at: datetime) -> None:
        subject = self._subject(step.subject.id, step.subject.types)
        for name, instance in step.deleted:
            line = self._line((name, instance.dataset_id or "", _DELETED))
            self._told.append((subject, line, *encode_end(instance.kind, self._now)))
        if step.scope is not None:
            self._take(effects.scope_point(step.subject, step.scope, at))

    def _take_all(self, points: Sequence[Observation]) -> None:
        """Note the points of one series."""
        last, now = points[-1], self._now
        subject = self._subject(last.entity_id, last.types)
        places = {
            time: (subject, self._line((last.name, last.dataset_id or "", time_code(time))))
            for time in {point.time for point in points}
        }
        for point in points:
            rows = self._seen if point.time is TimeKind.OBSERVED else self._told
            rows.append((*places[point.time], *encode_point(point, now)))

    def _take(self, point: Observation) -> None:
        subject = self._subject(point.entity_id, point.types)
        line = self._line((point.name, point.dataset_id or "", time_code(point.time)))
        rows = self._seen if point.time is TimeKind.OBSERVED else self._told
        rows.append((subject, line, *encode_point(point, self._now)))

    def write(self) -> None:
        """A job has ended. What it noted is written down with that of others, by ``flush``."""

    def _write(self, now: int | None = None) -> int:
        """Write down what was noted; returns how many points were new or different.

        ``now``: the time of all, if some may say themselves when they were created.
        """
        self._add_subjects()
        seen, self._seen = self._seen, []
        told, self._told = self._told, []
        added, changed = self._insert(seen, now) if seen else (0, 0)
        self._tally += added
        return added + changed + (sum(self._insert(told, now)) if told else 0)

    def observe(self, observations: Sequence[Observation], at: datetime) -> tuple[list[Observation], int]:
        """The first new point of each (entity, name), and how many points were new or different."""
        self._write()
        self._at, self._now = at, bodies.microseconds(at)
        grown: list[Observation] = []
        accepted = 0
        for points in _by_series(observations):
            self._take_all(points)
            if changed := self._write(self._now):
                accepted += changed
                grown.append(points[0])
        return grown, accepted

    def retract(self, retraction: Retraction, at: datetime) -> tuple[list[Observation], int]:
        """One point for each series that lost some, and how many points are gone."""
        self._write()
        row = self.db.execute(_SQL["subject"], (retraction.entity_id,)).fetchone()
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
        self.db.execute(_SQL["drop_subject"], {"id": retraction.entity_id, "subject": row[0]})
        self._subjects.pop(retraction.entity_id, None)
        return list(gone.values()), total

    def lose(self, entity_id: str, subject: int, count: int) -> None:
        """So many observations of a subject are gone, and it too if they were all it had."""
        self._tally -= count
        self.db.execute(_SQL["drop_subject"], {"id": entity_id, "subject": subject})
        self._subjects.pop(entity_id, None)

    def flush(self) -> None:
        """Write everything down, once per transaction."""
        self._write()
        self._without.clear()
        if self._tally:
            self.db.execute(_SQL["add_to_tally"], (self._tally,))
            self._tally = 0
        if self._last != self._kept:
            self.db.execute(_SQL["keep_last_subject"], (self._last,))
            self._kept = self._last

    # --- adding

    def _insert(self, rows: list[PointRow], now: int | None) -> tuple[int, int]:
        """How many points were new, and how many others different. Most are new, so many are tried at once first."""
        rows.sort(key=_of_subject)
        times = [row[2] for row in rows]
        first, last = min(times), max(times)
        if not self._this_month[0] <= first <= last < self._this_month[1]:
            self._note_months(rows)
        if first < self._archived_until:
            rows.sort(key=_place)
            return self._insert_late(rows, now)
        added = changed = 0
        for first in range(0, len(rows), _TRIED_TOGETHER):
            some = rows[first : first + _TRIED_TOGETHER]
            before = self.db.total_changes()
            insert(self.db, _SQL["add_point"], some)
            new = self.db.total_changes() - before
            added += new
            changed += sum(self._put(row, now) for row in some) if new < len(some) else 0
        return added, changed

    def _insert_late(self, rows: list[PointRow], now: int | None) -> tuple[int, int]:
        """The same where some may be in the archive, which is not written to: what differs is laid over it."""
        added = changed = 0
        for (subject, line), group in groupby(rows, key=_series):
            own = list(group)
            times = (own[0][2], own[-1][2] + 1)
            if not tiers.pieces(self.db, (subject, line), times):
                before = self.db.total_changes()
                self.db.executemany(_SQL["add_point"], own)
                new = self.db.total_changes() - before
                changed += sum(self._put(row, now) for row in own) if new < len(own) else 0
            else:
                put = [self._lay(row, now) for row in own]
                new = put.count(_NEW)
                changed += put.count(_OTHER)
            added += new
        return added, changed

    def _lay(self, row: PointRow, now: int | None) -> int:
        """Put one point where the archive may have another."""
        known: Any = self.db.execute(_SQL["point_at"], row[:3]).fetchone()
        if known is None:
            known = tiers.archived_at(self.db, row[:2], row[2])
        if known is None or known[3] == GONE:
            self.db.execute(_SQL["put_point"], row)
            return _NEW
        found = replacing(row[2:], known, _time_of(row) if now is None else now)
        if found is None:
            return _SAME
        self.db.execute(_SQL["put_point"], (*row[:2], *found))
        return _OTHER

    def _put(self, row: PointRow, now: int | None) -> bool:
        """Let a point replace the one that stands at its place, unless that says the same."""
        known: Any = self.db.execute(_SQL["point_at"], row[:3]).fetchone()
        found = replacing(row[2:], known, _time_of(row) if now is None else now)
        if found is not None:
            self.db.execute(_SQL["put_point"], (*row[:2], *found))
        return found is not None

    def _note_months(self, rows: Iterable[PointRow]) -> None:
        """The table has points of these months: some day they are to be archived."""
        low, high = self._this_month
        for row in rows:
            if not low <= row[2] < high:
                month = months.month_of(row[2])
                low, high = self._this_month = months.bounds(month)
                if month not in self._months:
                    self.db.execute(_ARCHIVE["add_hot_month"], (month,))
                    self._months.add(month)

    def _subject(self, entity_id: str, types: tuple[str, ...], *, known: bool = True) -> int:
        """The key of a subject, made or brought up to date where needed; ``known``: it is likely to be there."""
        kept = self._subjects.get(entity_id)
        if kept is not None and kept[1] == types:
            return kept[0]
        typing = self._typing(types)
        key = self._kept_subject(entity_id, typing) if known else self._new_subject(entity_id, typing)
        if key is None:
            key = self._new_subject(entity_id, typing) if known else self._kept_subject(entity_id, typing)
        assert key is not None
        if len(self._subjects) >= _MOST_SUBJECTS_KEPT:
            self._subjects.clear()
        self._subjects[entity_id] = (key, types)
        return key

    def _new_subject(self, entity_id: str, typing: int) -> int | None:
        """The key of a subject that was not there; None where it was."""
        if entity_id in self._without:
            self._without.remove(entity_id)
            self._last += 1
            self._come.append((entity_id, self._last, typing))
            return self._last
        self._add_subjects()
        before = self.db.total_changes()
        self.db.execute(_SQL["add_subject"], (entity_id, self._last + 1, typing))
        if self.db.total_changes() == before:
            return None
        self._last += 1
        return self._last

    def _kept_subject(self, entity_id: str, typing: int) -> int | None:
        """The key of a subject that is there, brought up to date; None where there is none."""
        if entity_id in self._without:
            return None
        self._add_subjects()
        found: Any = self.db.execute(_SQL["subject"], (entity_id,)).fetchone()
        if found is None:
            return None
        if found[1] != typing:
            self.db.execute(_SQL["change_subject"], (typing, entity_id))
        return int(found[0])

    def _add_subjects(self) -> None:
        if self._come:
            insert(self.db, _SQL["add_subject"], self._come)
            self._come.clear()

    def _typing(self, types: tuple[str, ...]) -> int:
        key = self._typings.get(types)
        if key is None:
            [(key,)] = self.db.execute(_SQL["add_typing"], (_encode(types).decode(),))
            self._typings[types] = key
        return key

    def _line(self, line: _Line) -> int:
        """The key of a line: an attribute's IRI, a dataset, the code of a kind of time."""
        key = self._lines.get(line)
        if key is None:
            [(key,)] = self.db.execute(_SQL["add_line"], (self._name(line[0]), *line[1:]))
            self._lines[line] = key
        return key

    # --- taking back

    def _meant(self, subject: int, retraction: Retraction) -> Iterator[tuple[int, Line]]:
        """The lines that a retraction is about."""
        own = set(tiers.lines_of(self.db, subject))
        for (name, dataset, time), key in list(self._lines.items()):
            named = retraction.name in (None, name)
            every = retraction.every or retraction.name is None
            meant = every or dataset == (retraction.dataset_id or "")
            if key in own and named and meant and (retraction.at is None or TIMES[time] is retraction.time):
                yield key, Line(name, dataset, TIMES[time])

    def _drop(self, subject: int, line: int, at: datetime | None) -> int:
        """Delete the points of a line, or the one of this time; returns how many there were."""
        self.db.execute(_ARCHIVE["spoil"])
        if at is not None:
            return self._drop_one((subject, line), bodies.microseconds(at))
        count = tiers.count(self.db, (subject, line))
        self.db.execute(_SQL["drop_points"], {"subject": subject, "line": line, "at": None})
        self.db.execute(_ARCHIVE["make_stale"], (subject, line))
        self.db.execute(_ARCHIVE["forget_line"], (subject, line))
        return count

    def _drop_one(self, place: tiers.Place, at: int) -> int:
        archived = tiers.archived_at(self.db, place, at)
        known: Any = self.db.execute(_SQL["point_at"], (*place, at)).fetchone()
        if archived is None:
            self.db.execute(_SQL["drop_points"], {"subject": place[0], "line": place[1], "at": at})
        else:
            self.db.execute(_SQL["put_point"], (*place, at, None, None, GONE, None, None, None))
            self._note_months([(*place, at)])
            self.db.execute(_ARCHIVE["make_month_stale"], (months.month_of(at),))
        return int((known or archived or _GONE)[3] != GONE)


def _time_of(row: PointRow) -> int:
    """When the step was taken that this row was noted of."""
    at: int = row[2]
    return at + (row[6] or 0)


def _by_series(observations: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Points grouped by series, in order of first appearance."""
    groups: dict[tuple[str, str, str | None], list[Observation]] = {}
    for point in observations:
        groups.setdefault((point.entity_id, point.name, point.dataset_id), []).append(point)
    yield from groups.values()
