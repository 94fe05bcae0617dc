"""What one write does to the tables. Runs in the writer's thread, inside its transaction.

Decisions are taken one by one, each on what those before it have left; rows are written together at the end of a group
(``flush``), all of a table at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import apsw
import msgspec

from sympolis.context import effects, profiles
from sympolis.context.store import Retraction, Write
from sympolis.domain.changes import Change, Observation, Outcome
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import SympolisError
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, filling, patching, trimming
from sympolis.stores.embedded.catalog import Catalog, Needs, Wish
from sympolis.stores.embedded.files import fetch_value
from sympolis.stores.embedded.indexing import Indexing
from sympolis.stores.embedded.presence import Presence
from sympolis.stores.embedded.timeline import Timeline
from sympolis.stores.embedded.together import insert
from sympolis.stores.observed import observed_changes
from sympolis.stores.outlines import encode_outline

_SQL: Final = sql.load("sympolis.stores.embedded", "store.sql")
_MOST_LISTS: Final = 20_000
"""So many lists of names get a number; a store with more of them writes them out."""

Wanted = Callable[[Change, Entity | None, Entity | None], bool]
"""Whether the states around a change are to be kept."""

_Shape = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[AttributeKind, ...], ...]]
"""What makes an outline (``context.profiles``), in the order in which it comes: types, names, kinds."""
_encode = msgspec.json.Encoder().encode


class Recorder:
    """Applies decisions to the tables and keeps what the writer alone may keep in memory: names, position.

    ``catalog`` is what readers may rely on; ``committed`` brings it up to date. ``timeline`` keeps the history.
    """

    def __init__(
        self, connection: apsw.Connection, wanted: Wanted = lambda _change, _before, _after: False
    ) -> None:
        self._db = connection
        self._wanted = wanted
        self._presence = Presence(connection)
        self._indexing = Indexing(connection, self._name)
        self.timeline = Timeline(connection, self._name)
        self._shapes: dict[_Shape, int] = {}
        self._lists: dict[tuple[str, ...], str] = {}
        self._log_rows: list[tuple[Any, ...]] = []
        self._state_rows: list[tuple[int, bytes | None, bytes | None]] = []
        self._last_name = 0
        self._at: datetime | None = None
        self._now = 0
        """The time of the last change, in microseconds."""
        self.catalog = Catalog()
        self.position = 0
        self.reload()
        self.committed()
        if fetch_value(self._db, _SQL["unprofiled"]):
            self._profile_all()

    def reload(self) -> None:
        """Forget what a rolled-back transaction or savepoint has put into memory."""
        fresh = Catalog.load(self._db)
        fresh.needs = self.catalog.needs
        self.catalog = fresh
        self._last_name = max(self._last_name, fetch_value(self._db, _SQL["last_name"]))
        self._lists.clear()
        self._log_rows.clear()
        self._state_rows.clear()
        self._shapes.clear()
        self._presence.reload()
        self._indexing.forget()
        self._indexing.types = fresh.types
        self._indexing.needs = Needs.load(self._db)
        self.timeline.reload()
        self.position = fetch_value(self._db, _SQL["position"])

    def committed(self) -> None:
        """What was written is durable: readers may rely on it."""
        self.catalog.needs = self._indexing.needs

    def expect(self, ids: Sequence[str]) -> None:
        """Look these entities up together: they are about to be written, in this transaction."""
        self._presence.read_ahead(ids)
        self.timeline.read_ahead(ids)

    def write(self, writes: Sequence[Write], at: datetime, cause: str) -> list[Outcome]:
        """Decide and record each write in order."""
        outcomes = [self._one(write, at, cause) for write in writes]
        self.timeline.write()
        return outcomes

    def observe(self, observations: Sequence[Observation], at: datetime, cause: str) -> int:
        """Add points; one change per entity whose history grew."""
        grown, accepted = self.timeline.observe(observations, at)
        self._log_all(list(observed_changes(grown, self.position, at, cause)))
        return accepted

    def retract(self, retraction: Retraction, at: datetime, cause: str) -> int:
        """Delete points; one change where there were any."""
        gone, total = self.timeline.retract(retraction, at)
        self._log_all(list(observed_changes(gone, self.position, at, cause)))
        return total

    def trim(self, series: Sequence[trimming.Series], before: int, at: datetime, cause: str) -> trimming.Cut:
        """Delete what these series have before a time, or the first of it; one change per entity that lost some."""
        self.flush()
        found = trimming.cut(self.timeline, series, before)
        lost = found.stand_ins(self._db, at)
        self._log_all(list(observed_changes(lost, self.position, at, cause)))
        return found

    def ask(self, wishes: Iterable[Wish]) -> None:
        """Begin to keep columns and indexes; ``fill`` does the rest."""
        self.flush()
        known = self.catalog.names
        filling.ask(self._db, [(key, known[name], kept) for key, name, kept in wishes if name in known])
        self._indexing.needs = Needs.load(self._db)

    def fill(self) -> bool:
        """Fill in a piece of what was asked for; False where nothing is left to do."""
        self.flush()
        more = filling.fill(self._db)
        self._indexing.needs = Needs.load(self._db)
        return more

    def mend(self, cells: Sequence[patching.Cell]) -> None:
        """Keep patches anew that readers have found spoiled."""
        self.flush()
        patching.mend(self._db, cells)

    def flush(self) -> None:
        """Write everything down, once per transaction."""
        growth, self._presence.growth = self._presence.growth, 0
        self._presence.write()
        self._indexing.write()
        self._write_rows("add_change", self._log_rows)
        self._write_rows("keep_states", self._state_rows)
        self.timeline.flush()
        if growth:
            self._db.execute(_SQL["add_to_tally"], (growth, "entities"))
        if self._shapes:
            self._write_profiles()

    def _write_rows(self, statement: str, rows: list[Any]) -> None:
        if rows:
            insert(self._db, _SQL[statement], rows)
            rows.clear()

    # --- one entity

    def _one(self, write: Write, at: datetime, cause: str) -> Outcome:
        entity_id = write.entity_id
        known = self._presence.find(entity_id)
        before = None if known is None else known.state
        try:
            after = write.decide(before, at)
        except SympolisError as error:
            return Outcome(entity_id, error=error.with_traceback(None))  # its frames would hold the outcome
        if after is before:
            return Outcome(entity_id, entity=before)
        self.position += 1
        told = getattr(write.decide, "changed", None)  # see ``Telling``
        change = effects.change(before, after, number=self.position, at=at, cause=cause, names=told)
        names = change.attributes
        body = None if known is None else known.body
        known = self._presence.change(known, entity_id, after)
        self._profile(before, after, names)
        self._indexing.note(known.key, before, after, names)
        self._log(change)
        if self._wanted(change, before, after):
            self._state_rows.append((change.number, body, known.body))
        if write.recorded:
            self.timeline.note(before, after, names, at)
        else:  # what is restored can be asked for like anything else: wishes for unknown names are dropped
            for name in names:
                self._name(name)
        return Outcome(entity_id, change, None, after)

    # --- profiles

    def _profile(self, before: Entity | None, after: Entity | None, names: Sequence[str]) -> None:
        if before is not None and after is not None and profiles.same_outline(before, after, names):
            return
        for entity, step in ((before, -1), (after, 1)):
            if entity is not None:
                shape = _shape(entity)
                self._shapes[shape] = self._shapes.get(shape, 0) + step

    def _write_profiles(self) -> None:
        counts: dict[profiles.Outline, int] = {}
        for (types, names, kinds), count in self._shapes.items():
            outline = (types, tuple(sorted(zip(names, kinds, strict=True))))
            counts[outline] = counts.get(outline, 0) + count
        self._shapes.clear()
        for outline, count in counts.items():
            if count:
                text = encode_outline(outline)
                self._db.execute(_SQL["add_to_profile"], (text, count))
                if count < 0:
                    self._db.execute(_SQL["drop_empty_profile"], (text,))

    def _profile_all(self) -> None:
        """Profiles for a file that was written before there were any."""
        with self._db:
            for (body,) in self._db.execute(_SQL["all_bodies"]):
                self._profile(None, bodies.decode_entity(body), ())
            self.flush()

    # --- log and names

    def forget_states(self, up_to: int) -> None:
        """Let go of the states kept for changes up to this number."""
        self.flush()
        self._db.execute(_SQL["forget_states"], (up_to,))

    def _log_all(self, changes: Sequence[Change]) -> None:
        self.position += len(changes)
        for change in changes:
            self._log(change)

    def _log(self, change: Change) -> None:
        types, attributes = self._listed(change.types), self._listed(change.attributes)
        if change.at is not self._at:
            self._at, self._now = change.at, bodies.microseconds(change.at)
        self._log_rows.append(bodies.change_row(change, self._now, types, attributes))

    def _listed(self, names: tuple[str, ...]) -> str:
        """A list of names as the log has it: the number of its JSON, which the same lists share."""
        known = self._lists.get(names)
        if known is None:
            if len(self._lists) >= _MOST_LISTS:
                self._lists.clear()
            text = _encode(names).decode()
            few = text in self.catalog.names or len(self.catalog.names) < _MOST_LISTS
            known = self._lists[names] = str(self._name(text)) if few else text
        return known

    def _name(self, iri: str) -> int:
        key = self.catalog.names.get(iri)
        if key is None:
            key = self._last_name = self._last_name + 1
            self._db.execute(_SQL["add_name"], (iri, key))
            self.catalog.names[iri] = key
        return key


def _shape(entity: Entity) -> _Shape:
    attributes = entity.attributes
    return entity.types, tuple(attributes), tuple([_kinds(found) for found in attributes.values()])


def _kinds(instances: Sequence[Attribute]) -> tuple[AttributeKind, ...]:
    return (instances[0].kind,) if len(instances) == 1 else tuple([one.kind for one in instances])
