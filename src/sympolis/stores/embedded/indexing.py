"""Keeping the indexes to the entities: the types' listings with their columns, the facts, the points and places.

Only what a change touches is compared. As in ``presence``, rows are collected and written once per group; what comes
and goes within it leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

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


class Indexing:
    """What the indexes have to learn from a group of writes. ``name`` gives the number that stands for an IRI.

    ``types`` are those that entities have, ``needs`` what is kept for queries, ready or not.
    """

    def __init__(self, connection: apsw.Connection, name: Callable[[str], int]) -> None:
        self._db = connection
        self._name = name
        self.types: dict[int, None] = {}
        self.needs = Needs()
        self._listed: dict[_Place, tuple[int, _Columns] | None] = {}
        self._columns: dict[_Place, _Columns] = {}
        self._facts: dict[_FactRow, bool] = {}
        self._spots: dict[_Spot, tuple[_Point, _Columns] | None] = {}
        self._spoiled: set[patching.Cell] = set()

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
        if self.needs.patches:
            self._spoil(before)
            self._spoil(after)
        anew = self._stands_anew(before, after, names)
        for name in {**old, **new} if anew else names:
            present, past = new.get(name), old.get(name)
            if (present and (present[0].kind is _GEO or len(present) > 1)) or (
                past and (past[0].kind is _GEO or len(past) > 1)
            ):
                self._place(key, name, before, after, anew=anew)

    # --- types, columns, facts

    def _list(
        self, key: int, entity_id: str, before: Entity | None, after: Entity | None, names: Sequence[str]
    ) -> None:
        types = after.types if after is not None else ()
        known = before.types if before is not None else ()
        if types == known:
            for iri in types:
                self._change_columns(self._name(iri), entity_id, before, after, names)
            return
        for iri in known:
            if iri not in types:
                assert before is not None
                self._unlist(self._name(iri), entity_id, before)
        for iri in types:
            assert after is not None
            type_key = self._name(iri)
            if iri in known:
                self._change_columns(type_key, entity_id, before, after, names)
            else:
                self._add_to_list(type_key, key, entity_id, after)

    def _unlist(self, type_key: int, entity_id: str, before: Entity) -> None:
        self._listed[type_key, entity_id] = None
        self._columns.pop((type_key, entity_id), None)
        for name, index in self.needs.indexes.get(type_key, _NOTHING).items():
            self._change_facts(index.key, entity_id, before.attributes.get(name, ()), ())

    def _add_to_list(self, type_key: int, key: int, entity_id: str, after: Entity) -> None:
        attributes = after.attributes
        found = _values(self.needs.columns.get(type_key, _NOTHING), attributes)
        self._listed[type_key, entity_id] = (key, found)
        self.types[type_key] = None
        for name, index in self.needs.indexes.get(type_key, _NOTHING).items():
            self._change_facts(index.key, entity_id, (), attributes.get(name, ()))

    def _change_columns(
        self, type_key: int, entity_id: str, before: Entity | None, after: Entity | None, names: Sequence[str]
    ) -> None:
        columns = self.needs.columns.get(type_key)
        if columns is None or after is None:
            return
        indexes = self.needs.indexes.get(type_key, _NOTHING)
        old = before.attributes if before is not None else _NONE
        found: _Columns = {}
        for name in names:
            column = columns.get(name)
            if column is None or column.slot is None:
                continue
            instances = after.attributes.get(name, ())
            found[column.slot] = single_fact(instances) if instances else None
            if name in indexes:
                self._change_facts(indexes[name].key, entity_id, old.get(name, ()), instances)
        if found:
            self._put_columns((type_key, entity_id), found)

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
        beside = self.needs.beside
        if not beside:
            return False
        return any(
            [not beside.get(self._name(iri), _NOTHING).keys().isdisjoint(names) for iri in after.types]
        )

    def _place(self, key: int, name: str, before: Entity | None, after: Entity | None, *, anew: bool) -> None:
        """Bring the grid and the R*Tree from the old to the new geometries of one geo-property."""
        old_spots, old_shapes = _geometries(before, name)
        new_spots, new_shapes = _geometries(after, name)
        name_key = self._name(name)
        if anew or old_spots != new_spots:
            self._leave(name_key, before, old_spots)
            self._enter(name_key, key, after, new_spots)
        if old_shapes != new_shapes:
            self._plant(key, name_key, len(old_shapes), new_shapes)

    def _leave(self, name: int, before: Entity | None, spots: Sequence[grid.Position]) -> None:
        for iri in before.types if before is not None and spots else ():
            type_key = self._name(iri)
            for nr, place in enumerate(spots):
                assert before is not None
                self._spots[name, type_key, grid.cell(*place), before.id, nr] = None

    def _enter(self, name: int, key: int, after: Entity | None, spots: Sequence[grid.Position]) -> None:
        for iri in after.types if after is not None and spots else ():
            assert after is not None
            type_key = self._name(iri)
            values = _values(self.needs.beside.get(type_key, _NOTHING), after.attributes)
            for nr, place in enumerate(spots):
                self._spots[name, type_key, grid.cell(*place), after.id, nr] = ((*place, key), values)

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
            type_key = self._name(iri)
            for name in self.needs.patches.get(type_key, _NOTHING):
                for place in _geometries(entity, name)[0]:
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


def _values(columns: Mapping[str, Asked], attributes: _Attributes) -> _Columns:
    """What these columns hold of an entity; those of attributes that it does not have are left out."""
    found: _Columns = {}
    for name, column in columns.items():
        if name in attributes and column.slot is not None:
            found[column.slot] = single_fact(attributes[name])
    return found


def _geometries(entity: Entity | None, name: str) -> tuple[list[grid.Position], list[Any]]:
    """The points of a geo-property, and the geometries that are none."""
    spots: list[grid.Position] = []
    shapes: list[Any] = []
    for one in entity.attributes.get(name, ()) if entity is not None else ():
        if one.kind is _GEO:
            place = grid.position(one.value)
            if place is None:
                shapes.append(one.value)
            else:
                spots.append(place)
    return spots, shapes
