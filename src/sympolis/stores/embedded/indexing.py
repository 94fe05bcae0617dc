"""Keeping the indexes to the entities: the types' listings with their columns, the facts, the points and places.

Only what a change touches is compared. As in ``presence``, rows are collected and written once per group; what comes
and goes within it leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import apsw

from sympolis.context import geometry
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores import sql
from sympolis.stores.embedded import grid, patching
from sympolis.stores.embedded.catalog import Asked, Needs
from sympolis.stores.embedded.facts import Fact, facts, single_fact
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.embedded.together import insert

_SQL: Final = sql.load("sympolis.stores.embedded", "store.sql")
_CATALOG_SQL: Final = sql.load("sympolis.stores.embedded", "catalog.sql")

_Attributes = Mapping[str, tuple[Attribute, ...]]
_Place = tuple[int, str]
"""Type key, entity id."""
_Spot = tuple[int, int, int, str, int]
"""Name key, type key, cell, entity id, number among the entity's points of this name."""
_Point = tuple[float, float, int]
"""Longitude, latitude, entity key."""
_FactRow = tuple[int, Fact, str]
"""Key of the index, value, entity id."""
_Columns = dict[int, Any]
"""Values by slot."""
_NONE: Final[_Attributes] = {}
_NO_FACTS: Final[frozenset[Fact]] = frozenset()
_GEO: Final = AttributeKind.GEO_PROPERTY
_MOST_TYPINGS_KEPT: Final = 1024
_Stood = tuple[Entity | None, Sequence[Attribute]]
"""A state of an entity, and what it has of one attribute."""


class _Kind(NamedTuple):
    """What is kept for entities of one type, taken apart once and not for each of them."""

    key: int
    columns: tuple[tuple[str, int], ...]
    """Attribute and slot of each column of the listing."""
    indexes: Mapping[str, Asked]
    beside: tuple[tuple[str, int], ...]
    """The same of the columns beside the points."""
    beside_names: frozenset[str]


class Indexing:
    """What the indexes have to learn from a group of writes. ``name`` gives the number that stands for an IRI.

    ``types`` are those that entities have, ``needs`` what is kept for queries, ready or not.
    """

    def __init__(self, connection: apsw.Connection, name: Callable[[str], int]) -> None:
        self._db = connection
        self._name = name
        self.types: dict[int, None] = {}
        self._kinds: dict[tuple[str, ...], tuple[_Kind, ...]] = {}
        self.needs = Needs()
        self._listed: dict[_Place, tuple[int, _Columns] | None] = {}
        self._columns: dict[_Place, _Columns] = {}
        self._facts: dict[_FactRow, bool] = {}
        self._spots: dict[_Spot, tuple[_Point, _Columns] | None] = {}
        self._spoiled: set[patching.Cell] = set()

    @property
    def needs(self) -> Needs:
        """What is kept for queries, ready or not; to set it forgets what followed from names and from the last."""
        return self._needs

    @needs.setter
    def needs(self, needs: Needs) -> None:
        self._needs = needs
        self._kinds.clear()

    def forget(self) -> None:
        """Let go of what is not written."""
        self._listed.clear()
        self._columns.clear()
        self._facts.clear()
        self._spots.clear()
        self._spoiled.clear()

    def note(self, key: int, before: Entity | None, after: Entity | None, names: Sequence[str]) -> None:
        """An entity has changed in attributes of these names."""
        subject = after if after is not None else before
        assert subject is not None
        old = before.attributes if before is not None else _NONE
        new = after.attributes if after is not None else _NONE
        self._list(key, subject.id, before, after, names)
        if self._needs.patches:
            self._spoil(before)
            self._spoil(after)
        anew = self._stands_anew(before, after, names)
        for name in {**old, **new} if anew else names:
            past, present = old.get(name, ()), new.get(name, ())
            if _may_stand(present) or _may_stand(past):
                self._place(key, name, (before, past), (after, present), anew=anew)

    def _kinds_of(self, types: tuple[str, ...]) -> tuple[_Kind, ...]:
        known = self._kinds.get(types)
        if known is None:
            if len(self._kinds) >= _MOST_TYPINGS_KEPT:
                self._kinds.clear()
            known = self._kinds[types] = tuple([self._kind(self._name(iri)) for iri in types])
        return known

    def _kind(self, key: int) -> _Kind:
        needs = self._needs
        columns, beside = (_slots(some.get(key, _NOTHING)) for some in (needs.columns, needs.beside))
        names = frozenset(needs.beside.get(key, _NOTHING))
        return _Kind(key, columns, needs.indexes.get(key, _NOTHING), beside, names)

    # --- types, columns, facts

    def _list(
        self, key: int, entity_id: str, before: Entity | None, after: Entity | None, names: Sequence[str]
    ) -> None:
        types = after.types if after is not None else ()
        known = before.types if before is not None else ()
        if types == known:
            for kind in self._kinds_of(types):
                if kind.columns:
                    self._change_columns(kind, entity_id, before, after, names)
            return
        for iri, kind in zip(known, self._kinds_of(known), strict=True):
            if iri not in types:
                assert before is not None
                self._unlist(kind, entity_id, before)
        for iri, kind in zip(types, self._kinds_of(types), strict=True):
            assert after is not None
            if iri in known:
                self._change_columns(kind, entity_id, before, after, names)
            else:
                self._add_to_list(kind, key, entity_id, after)

    def _unlist(self, kind: _Kind, entity_id: str, before: Entity) -> None:
        self._listed[kind.key, entity_id] = None
        self._columns.pop((kind.key, entity_id), None)
        for name, index in kind.indexes.items():
            self._change_facts(index.key, entity_id, before.attributes.get(name, ()), ())

    def _add_to_list(self, kind: _Kind, key: int, entity_id: str, after: Entity) -> None:
        attributes = after.attributes
        self._listed[kind.key, entity_id] = (key, _values(kind.columns, attributes))
        self.types[kind.key] = None
        for name, index in kind.indexes.items():
            self._change_facts(index.key, entity_id, (), attributes.get(name, ()))

    def _change_columns(
        self, kind: _Kind, entity_id: str, before: Entity | None, after: Entity | None, names: Sequence[str]
    ) -> None:
        if after is None:
            return
        found: _Columns = {}
        for name, slot in kind.columns:
            if name not in names:
                continue
            instances = after.attributes.get(name, ())
            found[slot] = single_fact(instances) if instances else None
            if name in kind.indexes:
                old = before.attributes.get(name, ()) if before is not None else ()
                self._change_facts(kind.indexes[name].key, entity_id, old, instances)
        if found:
            self._put_columns((kind.key, entity_id), found)

    def _put_columns(self, place: _Place, found: _Columns) -> None:
        listed = self._listed.get(place)
        if listed is not None:
            listed[1].update(found)
        else:
            self._columns.setdefault(place, {}).update(found)

    def _change_facts(
        self, index: int, entity_id: str, old: Sequence[Attribute], new: Sequence[Attribute]
    ) -> None:
        before = facts(old) if old else _NO_FACTS
        after = facts(new) if new else _NO_FACTS
        for value in before - after:
            self._facts[index, value, entity_id] = False
        for value in after - before:
            self._facts[index, value, entity_id] = True

    # --- places

    def _stands_anew(self, before: Entity | None, after: Entity | None, names: Sequence[str]) -> bool:
        """Whether all points of an entity change, wherever they are: its types have, or what stands beside them."""
        if before is None or after is None:
            return False
        if before.types != after.types:
            return True
        if not self._needs.beside:
            return False
        return any([not kind.beside_names.isdisjoint(names) for kind in self._kinds_of(after.types)])

    def _place(self, key: int, name: str, old: _Stood, new: _Stood, *, anew: bool) -> None:
        """Bring the grid and the R*Tree from the old to the new geometries of one geo-property."""
        (before, past), (after, present) = old, new
        old_spots, old_shapes = _geometries(past)
        new_spots, new_shapes = _geometries(present)
        name_key = self._name(name)
        if anew or old_spots != new_spots:
            if before is not None and old_spots:
                self._leave(name_key, before, old_spots)
            if after is not None and new_spots:
                self._enter(name_key, key, after, new_spots)
        if old_shapes != new_shapes:
            self._plant(key, name_key, len(old_shapes), new_shapes)

    def _leave(self, name: int, before: Entity, spots: Sequence[grid.Position]) -> None:
        for kind in self._kinds_of(before.types):
            for nr, place in enumerate(spots):
                self._spots[name, kind.key, grid.cell(*place), before.id, nr] = None

    def _enter(self, name: int, key: int, after: Entity, spots: Sequence[grid.Position]) -> None:
        for kind in self._kinds_of(after.types):
            values = _values(kind.beside, after.attributes)
            for nr, place in enumerate(spots):
                self._spots[name, kind.key, grid.cell(*place), after.id, nr] = ((*place, key), values)

    def _plant(self, key: int, name: int, count: int, shapes: Sequence[Any]) -> None:
        """Let the R*Tree know the other geometries; rows that are there are moved, which is cheaper."""
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

    def _spoil(self, entity: Entity | None) -> None:
        """What stands where this entity does has to be packed anew."""
        for iri in entity.types if entity is not None else ():
            assert entity is not None
            type_key = self._name(iri)
            for name in self._needs.patches.get(type_key, _NOTHING):
                for place in _geometries(entity.attributes.get(name, ()))[0]:
                    self._spoiled.add((self._name(name), type_key, grid.cell(*place)))

    # --- rows

    def write(self) -> None:
        """Write down what was noted."""
        if self._listed:
            self._write_listed()
        if self._columns:
            self._write_columns()
        if self._facts:
            rows = [row for row, there in self._facts.items() if not there]
            self._all(_CATALOG_SQL["drop_fact"], rows)
            self._all(_CATALOG_SQL["add_fact"], [row for row, there in self._facts.items() if there])
        if self._spots:
            self._write_spots()
        if self._spoiled:
            patching.spoil(self._db, self._spoiled)
        self.forget()

    def _write_listed(self) -> None:
        self._all(_SQL["drop_listing"], [place for place, row in self._listed.items() if row is None])
        by_slots: dict[tuple[int, ...], list[tuple[Any, ...]]] = {}
        for place, row in self._listed.items():
            if row is not None:
                key, values = row
                slots = tuple(values)
                by_slots.setdefault(slots, []).append((*place, key, *values.values()))
        for slots, rows in by_slots.items():
            insert(self._db, _listing_statement(slots), rows)

    def _write_spots(self) -> None:
        self._all(_SQL["drop_spot"], [spot for spot, row in self._spots.items() if row is None])
        by_slots: dict[tuple[int, ...], list[tuple[Any, ...]]] = {}
        for spot, row in self._spots.items():
            if row is not None:
                point, values = row
                by_slots.setdefault(tuple(values), []).append((*spot, *point, *values.values()))
        for slots, rows in by_slots.items():
            insert(self._db, _spot_statement(slots), rows)

    def _write_columns(self) -> None:
        by_slots: dict[tuple[int, ...], list[tuple[Any, ...]]] = {}
        for place, values in self._columns.items():
            by_slots.setdefault(tuple(values), []).append((*values.values(), *place))
        for slots, rows in by_slots.items():
            self._all(_columns_statement(slots), rows)

    def _all(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._db.executemany(statement, rows)


_NOTHING: Final[Mapping[str, Any]] = {}


def _listing_statement(slots: Iterable[int]) -> str:
    """A row of a listing with these columns; it may stand in the place of one that went before."""
    columns = "".join([f", v{slot}" for slot in slots])
    return f"REPLACE INTO listing (type, id, entity{columns}) VALUES (?, ?, ?{', ?' * columns.count('v')})"  # noqa: S608


def _spot_statement(slots: Iterable[int]) -> str:
    """A point with these columns; it may stand in the place of one that went before."""
    columns = "".join([f", v{slot}" for slot in slots])
    return (
        f"REPLACE INTO spot (name, type, cell, id, nr, longitude, latitude, entity{columns})"  # noqa: S608
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?{', ?' * columns.count('v')})"
    )


def _columns_statement(slots: Iterable[int]) -> str:
    """New values in these columns of a row of a listing."""
    return f"UPDATE listing SET {', '.join([f'v{slot} = ?' for slot in slots])} WHERE type = ? AND id = ?"  # noqa: S608


def _slots(columns: Mapping[str, Asked]) -> tuple[tuple[str, int], ...]:
    return tuple([(name, asked.slot) for name, asked in columns.items() if asked.slot is not None])


def _values(columns: Iterable[tuple[str, int]], attributes: _Attributes) -> _Columns:
    """What these columns hold of an entity; those of attributes that it does not have are left out."""
    return {slot: single_fact(attributes[name]) for name, slot in columns if name in attributes}


def _may_stand(instances: Sequence[Attribute]) -> bool:
    """Whether there may be a geo-property among the instances: cheap, as most have one instance that is none."""
    return bool(instances) and (instances[0].kind is _GEO or len(instances) > 1)


def _geometries(instances: Sequence[Attribute]) -> tuple[Sequence[grid.Position], Sequence[Any]]:
    """The points of a geo-property, and the geometries that are none."""
    if not instances:
        return _NOWHERE
    spots: list[grid.Position] = []
    shapes: list[Any] = []
    for one in instances:
        if one.kind is _GEO:
            place = grid.position(one.value)
            if place is None:
                shapes.append(one.value)
            else:
                spots.append(place)
    return spots, shapes


_NOWHERE: Final[tuple[Sequence[grid.Position], Sequence[Any]]] = ([], [])
