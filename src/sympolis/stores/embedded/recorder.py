"""What one write does to the tables. Runs in the writer's thread, inside its transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import apsw

from sympolis.context import effects, geometry, profiles
from sympolis.context.store import Retraction, Write
from sympolis.domain.changes import Change, Observation, Outcome
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import SympolisError
from sympolis.stores import sql
from sympolis.stores.embedded import bodies
from sympolis.stores.embedded.facts import Fact, facts
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.embedded.timeline import Mark, Timeline
from sympolis.stores.observed import observed_changes
from sympolis.stores.outlines import encode_outline

_SQL = sql.load("sympolis.stores.embedded", "store.sql")

Counts = tuple[int, dict[profiles.Outline, int], Mark]
"""Counts that are not written down yet: entities, entities by outline, and what the timeline counts."""

Wanted = Callable[[Change, Entity | None, Entity | None], bool]
"""Whether the states around a change are to be kept."""

_Changed = tuple[int, Sequence[Attribute], Sequence[Attribute]]
"""Name key, instances before, instances after."""
_FactRow = tuple[int, Fact, int]
"""Name key, value, entity key."""
_NO_FACTS: frozenset[Fact] = frozenset()


class Recorder:
    """Applies decisions to the tables and keeps what the writer alone may keep in memory: names, position."""

    def __init__(
        self, connection: apsw.Connection, wanted: Wanted = lambda _change, _before, _after: False
    ) -> None:
        self._db = connection
        self._wanted = wanted
        self._names: dict[str, int] = {}
        self._facts: dict[_FactRow, bool] = {}
        self._timeline = Timeline(connection, self._name)
        self._entities = 0
        self._profiles: dict[profiles.Outline, int] = {}
        self.position = 0
        self.reload()
        if fetch_value(self._db, _SQL["unprofiled"]):
            self._profile_all()

    def tallies(self) -> Counts:
        """The counts not written down yet, to go back to."""
        return self._entities, dict(self._profiles), self._timeline.mark()

    def reload(self, counts: Counts | None = None) -> None:
        """Forget what a rolled-back transaction or savepoint has put into memory."""
        self._names = dict(fetch_all(self._db, _SQL["names"]))
        self._facts.clear()
        self._entities, self._profiles, mark = counts or (0, {}, None)
        self._timeline.reload(mark)
        self.position = fetch_value(self._db, _SQL["position"])

    def write(self, writes: Sequence[Write], at: datetime, cause: str) -> list[Outcome]:
        """Decide and record each write in order."""
        outcomes = [self._one(write, at, cause) for write in writes]
        self._write_facts()
        self._timeline.write()
        self._log([outcome.change for outcome in outcomes if outcome.change is not None])
        return outcomes

    def observe(self, observations: Sequence[Observation], at: datetime, cause: str) -> int:
        """Add points; one change per entity whose history grew."""
        grown, accepted = self._timeline.observe(observations, at)
        changes = list(observed_changes(grown, self.position, at, cause))
        self.position += len(changes)
        self._log(changes)
        return accepted

    def retract(self, retraction: Retraction, at: datetime, cause: str) -> int:
        """Delete points; one change where there were any."""
        gone, total = self._timeline.retract(retraction, at)
        changes = list(observed_changes(gone, self.position, at, cause))
        self.position += len(changes)
        self._log(changes)
        return total

    def flush(self) -> None:
        """Write the counts down, once per transaction."""
        self._timeline.flush()
        if self._entities:
            self._db.execute(_SQL["add_to_tally"], (self._entities, "entities"))
            self._entities = 0
        for outline, count in self._profiles.items():
            if count:
                text = encode_outline(outline)
                self._db.execute(_SQL["add_to_profile"], (text, count))
                if count < 0:
                    self._db.execute(_SQL["drop_empty_profile"], (text,))
        self._profiles.clear()

    # --- one entity

    def _one(self, write: Write, at: datetime, cause: str) -> Outcome:
        row = self._db.execute(_SQL["entity_by_id"], (write.entity_id,)).fetchone()
        before = bodies.decode_entity(row[1]) if row else None
        try:
            after = write.decide(before, at)
        except SympolisError as error:
            return Outcome(write.entity_id, error=error)
        if after is before:
            return Outcome(write.entity_id, entity=before)
        self.position += 1
        change = effects.change(before, after, number=self.position, at=at, cause=cause)
        self._store(row[0] if row else None, before, after, change.attributes)
        if self._wanted(change, before, after):
            self._keep_states(change.number, row[1] if row else None, after)
        if write.recorded:
            self._timeline.note(before, after, change.attributes, at)
        return Outcome(write.entity_id, change, entity=after)

    def _store(
        self, key: int | None, before: Entity | None, after: Entity | None, names: Iterable[str]
    ) -> None:
        if after is None:
            self._db.execute(_SQL["drop_entity"], (key,))
            self._entities -= 1
        elif key is None:
            [(key,)] = self._db.execute(_SQL["add_entity"], (after.id, bodies.encode_entity(after)))
            self._entities += 1
        else:
            self._db.execute(_SQL["change_entity"], (bodies.encode_entity(after), key))
        assert key is not None
        self._profile(before, after, names)
        self._index_types(key, before, after)
        old = before.attributes if before is not None else {}
        new = after.attributes if after is not None else {}
        self._index_values(key, [(self._name(name), old.get(name, ()), new.get(name, ())) for name in names])

    def _profile(self, before: Entity | None, after: Entity | None, names: Iterable[str]) -> None:
        if before is not None and after is not None and profiles.same_outline(before, after, names):
            return
        for entity, step in ((before, -1), (after, 1)):
            if entity is not None:
                outline = profiles.outline(entity)
                self._profiles[outline] = self._profiles.get(outline, 0) + step

    def _profile_all(self) -> None:
        """Profiles for a file that was written before there were any."""
        with self._db:
            for (body,) in self._db.execute(_SQL["all_bodies"]):
                self._profile(None, bodies.decode_entity(body), ())
            self.flush()

    def _index_types(self, key: int, before: Entity | None, after: Entity | None) -> None:
        old = before.types if before is not None else ()
        new = after.types if after is not None else ()
        if old == new:
            return
        subject = after if after is not None else before
        assert subject is not None
        for name in set(old) - set(new):
            self._db.execute(_SQL["drop_type"], (self._name(name), subject.id))
        for name in set(new) - set(old):
            self._db.execute(_SQL["add_type"], (self._name(name), subject.id, key))

    def _index_values(self, key: int, changed: Sequence[_Changed]) -> None:
        """Bring the fact index and the R*Tree from the old to the new instances of some attributes."""
        for name, old, new in changed:
            before = facts(old) if old else _NO_FACTS
            after = facts(new) if new else _NO_FACTS
            for value in before - after:
                self._change_fact((name, value, key), there=False)
            for value in after - before:
                self._change_fact((name, value, key), there=True)
            places, shapes = _geometries(old), _geometries(new)
            if shapes != places:
                self._place(key, name, len(places), shapes)

    def _change_fact(self, row: _FactRow, *, there: bool) -> None:
        """Note a row to come or to go; one that comes and goes within the same job is neither."""
        if self._facts.pop(row, there) is there:
            self._facts[row] = there

    def _write_facts(self) -> None:
        """What a job changes in the index: one statement for all that goes, one for all that comes."""
        gone = [row for row, there in self._facts.items() if not there]
        come = [row for row, there in self._facts.items() if there]
        self._facts.clear()
        if gone:
            self._db.executemany(_SQL["drop_fact"], gone)
        if come:
            self._db.executemany(_SQL["add_fact"], come)

    def _place(self, key: int, name: int, count: int, shapes: Sequence[Any]) -> None:
        """Let the R*Tree know the geometries of one geo-property; rows that are there are moved, which is cheaper."""
        present = [row for (row,) in fetch_all(self._db, _SQL["shapes_of"], (key, name))] if count else []
        for row in present[len(shapes) :]:
            self._db.execute(_SQL["drop_shape"], (row,))
            self._db.execute(_SQL["drop_place"], (row,))
        for place, shape in enumerate(shapes):
            wkb, (west, south, east, north) = geometry.to_wkb(shape)
            if place < len(present):
                self._db.execute(_SQL["move_shape"], (wkb, present[place]))
                self._db.execute(_SQL["move_place"], (west, east, south, north, present[place]))
            else:
                row = fetch_value(self._db, _SQL["add_shape"], (key, name, wkb))
                self._db.execute(_SQL["add_place"], (row, west, east, south, north))

    def _keep_states(self, number: int, before: bytes | None, after: Entity | None) -> None:
        state = None if after is None else bodies.encode_entity(after)
        self._db.execute(_SQL["keep_states"], (number, before, state))

    def forget_states(self, up_to: int) -> None:
        """Let go of the states kept for changes up to this number."""
        self._db.execute(_SQL["forget_states"], (up_to,))

    # --- the log and the names

    def _log(self, changes: Sequence[Change]) -> None:
        if changes:
            self._db.executemany(_SQL["add_change"], [bodies.encode_change(change) for change in changes])

    def _name(self, iri: str) -> int:
        key = self._names.get(iri)
        if key is None:
            [(key,)] = self._db.execute(_SQL["add_name"], (iri,))
            self._names[iri] = key
        return key


def _geometries(instances: Iterable[Attribute]) -> list[Any]:
    return [one.value for one in instances if one.kind is AttributeKind.GEO_PROPERTY]
