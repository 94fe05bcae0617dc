"""Giving an attribute that queries ask for its column or its index, a piece at a time between other writes.

The writer keeps a column from the moment it is asked for; what was written before is filled in from the bodies, and
beside the points from the column. How far that has come stands in the file, so that it goes on after a crash.

Whoever takes one step of a statement gives the interpreter away and waits for it again, up to five milliseconds where
others compute. So a piece is read by one step and written by few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from sympolis.domain.entity import Attribute
from sympolis.stores import sql
from sympolis.stores.embedded import patching
from sympolis.stores.embedded.catalog import SLOTLESS, SLOTS, Kept
from sympolis.stores.embedded.facts import Fact, facts, single_fact
from sympolis.stores.embedded.files import fetch_all, fetch_value

_SQL: Final = sql.load("sympolis.stores.embedded", "catalog.sql")
_AT_ONCE: Final = 1000
"""Entities filled in by one piece: ten milliseconds, for which other writes wait."""
_POINTS_AT_ONCE: Final = 1000
_ROWS: Final = 500
"""Rows that are written by one statement."""

_Found = Mapping[str, tuple[Attribute, ...]]
"""Instances of the attribute by entity id."""


class _Unfilled(NamedTuple):
    """A line of ``asked`` that is not filled in yet."""

    key: int
    type: int
    name: str
    slot: int | None
    beside: int
    upto: str

    @property
    def piece(self) -> tuple[int, int, str]:
        """What is filled in together is alike in this."""
        return self.type, self.beside, self.upto


def ask(db: apsw.Connection, wishes: Iterable[tuple[int, int, Kept]]) -> None:
    """Note columns and indexes that are wanted, by type key, name key and kind.

    What is to stand beside the points has a column in the listing, too, from which it is filled in.
    """
    present = set(fetch_all(db, _SQL["all_asked"]))
    for type_key, name, kept in wishes:
        kinds = (Kept.COLUMN, Kept.BESIDE) if kept is Kept.BESIDE else (kept,)
        for kind in kinds:
            _ask(db, present, type_key, name, kind)


_BESIDE: Final = {Kept.BESIDE: 1, Kept.PATCHES: 2}
_Line = tuple[int, int, int | None, int]
"""Type, name, slot, beside."""


def _ask(db: apsw.Connection, present: set[_Line], type_key: int, name: int, kept: Kept) -> None:
    slot = None if kept in SLOTLESS else _slot(present, type_key, name)
    line = (type_key, name, slot, _BESIDE.get(kept, 0))
    if line not in present and (slot is not None or kept in SLOTLESS):
        db.execute(_SQL["ask"], line)
        present.add(line)


def _slot(present: Iterable[_Line], type_key: int, name: int) -> int | None:
    """The column that an attribute has or can have; None where there is none left."""
    taken = {slot: other for kind, other, slot, _ in present if kind == type_key and slot is not None}
    own = (slot for slot, other in taken.items() if other == name)
    return next(own, next((slot for slot in range(SLOTS) if slot not in taken), None))


def fill(db: apsw.Connection) -> bool:
    """Fill in the next piece of all that has come as far as the first; False where nothing is left to do."""
    unfilled = [_Unfilled(*row) for row in fetch_all(db, _SQL["unfilled"])]
    if not unfilled:
        return False
    first = unfilled[0]
    if first.beside == _BESIDE[Kept.PATCHES]:
        db.execute(_SQL["filled"], (_fill_patches(db, first), first.key))
        return True
    together = [one for one in unfilled if one.piece == first.piece]
    upto = _fill_points(db, together) if first.beside else _fill_entities(db, together)
    db.executemany(_SQL["filled"], [(upto, one.key) for one in together])
    return True


# --- from the bodies


def _fill_entities(db: apsw.Connection, asked: Sequence[_Unfilled]) -> str | None:
    """The next entities of a type; gives the last one's id, None where there are no more."""
    bodies, last = fetch_all(db, _SQL["to_fill"], (asked[0].type, asked[0].upto, _AT_ONCE))[0]
    if last is None:
        return None
    names = tuple(dict.fromkeys(one.name for one in asked))
    found = _decoder(names).decode(bodies)
    for one in asked:
        place = f"a{names.index(one.name)}"
        having = {body.id: instances for body in found if (instances := getattr(body.attributes, place))}
        if one.slot is None:
            _fill_index(db, one.key, having)
        else:
            _fill_column(db, one, having)
    return str(last)


@lru_cache(maxsize=32)
def _decoder(names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Reads of stored entities their ids and the attributes ``a0``, ``a1`` … of these names, nothing else."""
    members = [(f"a{place}", tuple[Attribute, ...], ()) for place in range(len(names))]
    renamed = {f"a{place}": name for place, name in enumerate(names)}
    attributes = msgspec.defstruct("Attributes", members, rename=renamed)
    body = msgspec.defstruct(
        "Body", [("id", str), ("attributes", attributes, msgspec.field(default_factory=attributes))]
    )
    return msgspec.json.Decoder(list[body])  # type: ignore[valid-type]


def _fill_column(db: apsw.Connection, asked: _Unfilled, found: _Found) -> None:
    rows = [(entity_id, single_fact(instances)) for entity_id, instances in found.items()]
    for begin in range(0, len(rows), _ROWS):
        some = rows[begin : begin + _ROWS]
        db.execute(_columns_statement(asked.slot, len(some)), (*chain(*some), asked.type))


@lru_cache(maxsize=4)
def _columns_statement(slot: int | None, count: int) -> str:
    values = ", ".join(["(?, ?)"] * count)
    return (
        f"UPDATE listing SET v{slot} = found.column2 FROM (VALUES {values}) AS found"  # noqa: S608
        " WHERE listing.type = ? AND listing.id = found.column1"
    )


def _fill_index(db: apsw.Connection, key: int, found: _Found) -> None:
    rows: list[tuple[int, Fact, str]] = [
        (key, value, entity_id) for entity_id, instances in found.items() for value in facts(instances)
    ]
    for begin in range(0, len(rows), _ROWS):
        some = rows[begin : begin + _ROWS]
        values = ", ".join(["(?, ?, ?)"] * len(some))
        db.execute(f"INSERT OR IGNORE INTO fact (asked, value, id) VALUES {values}", tuple(chain(*some)))  # noqa: S608


# --- beside the points


def _fill_patches(db: apsw.Connection, asked: _Unfilled) -> str | None:
    """The next patches of a type; gives the last one's cell, None where there are no more."""
    name, type_iri = fetch_all(db, _SQL["names_of"], (asked.name, asked.type))[0]
    last = patching.fill(db, name, asked.type, type_iri, int(asked.upto or -1))
    return None if last is None else str(last)


def _fill_points(db: apsw.Connection, asked: Sequence[_Unfilled]) -> str | None:
    """The next points of a type; gives where the last one stands, None where there are no more."""
    type_key, upto = asked[0].type, asked[0].upto
    name, *begin = msgspec.json.decode(upto) if upto else (_next_place(db, -1), *_BEGINNING)
    if name is None:
        return None
    where = (name, type_key, *begin)
    last = fetch_all(db, _SQL["last_spot"], (*where, _POINTS_AT_ONCE - 1))
    slots = [one.slot for one in asked if one.slot is not None]
    if last:
        db.execute(f"{_points_statement(slots)} AND (cell, id, nr) <= (?, ?, ?)", (*where, *last[0]))
        return msgspec.json.encode((name, *last[0])).decode()
    db.execute(_points_statement(slots), where)
    return msgspec.json.encode((_next_place(db, name), *_BEGINNING)).decode()


_BEGINNING: Final = (-1, "", 0)
"""Before all points of a geo-property: cell, id, number."""


def _next_place(db: apsw.Connection, name: int) -> int | None:
    found: int | None = fetch_value(db, _SQL["first_place"], (name,))
    return found


def _points_statement(slots: Sequence[int]) -> str:
    columns = ", ".join([f"v{slot}" for slot in slots])
    listed = ", ".join([f"listing.v{slot}" for slot in slots])
    return (
        f"UPDATE spot SET ({columns}) = (SELECT {listed} FROM listing"  # noqa: S608
        " WHERE listing.type = spot.type AND listing.id = spot.id)"
        " WHERE name = ? AND type = ? AND (cell, id, nr) > (?, ?, ?)"
    )
