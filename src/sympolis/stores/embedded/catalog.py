"""What a file has numbers, columns and indexes for: read by queries, kept by the writer.

Columns and indexes come on demand (decision 0009): nothing but an entity's body, its types and its points is indexed
until a query asks. What the catalog promises was committed before it was published, so a reader that looks here first
and begins its snapshot then never sees less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import apsw

from sympolis.stores import sql

_SQL: Final = sql.load("sympolis.stores.embedded", "catalog.sql")
SLOTS: Final = 16
"""Columns that a type's list has for attributes that are asked for."""


class Kept(Enum):
    """What an attribute that is asked for can have."""

    COLUMN = "a column of its type's listing"
    INDEX = "an index of its own"
    BESIDE = "a column beside the points"
    PATCHES = "its points as columns, cell by cell"


@dataclass(frozen=True, slots=True)
class Asked:
    """An attribute of a type that has a column (``slot``) or an index (None) of its own.

    ``ready``: it is filled, so that queries may rely on it.
    """

    key: int
    slot: int | None
    ready: bool


AskedFor = Mapping[int, Mapping[str, Asked]]
"""By type key and name."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What queries have asked for: columns of listings, indexes, columns ``beside`` the points, ``patches`` of them."""

    columns: AskedFor = field(default_factory=dict)
    indexes: AskedFor = field(default_factory=dict)
    beside: AskedFor = field(default_factory=dict)
    patches: AskedFor = field(default_factory=dict)

    @classmethod
    def load(cls, db: apsw.Connection) -> Needs:
        """As the file has them now."""
        found: dict[Kept, dict[int, dict[str, Asked]]] = {kept: {} for kept in Kept}
        for key, type_key, iri, slot, beside, upto in db.execute(_SQL["asked"]):
            kept = _BESIDE.get(beside) or (Kept.INDEX if slot is None else Kept.COLUMN)
            found[kept].setdefault(type_key, {})[iri] = Asked(key, slot, upto is None)
        return cls(found[Kept.COLUMN], found[Kept.INDEX], found[Kept.BESIDE], found[Kept.PATCHES])

    def has(self, type_key: int, name: str, kept: Kept) -> bool:
        """Whether this is kept, ready or not."""
        return name in self._of(kept).get(type_key, {})

    def room(self, type_key: int) -> bool:
        """Whether a listing has a column left."""
        return len(self.columns.get(type_key, {})) < SLOTS

    def all_ready(self) -> bool:
        """Whether everything is filled in."""
        everything = (self.columns, self.indexes, self.beside, self.patches)
        return all(
            asked.ready for kept in everything for by_name in kept.values() for asked in by_name.values()
        )

    def _of(self, kept: Kept) -> AskedFor:
        return {
            Kept.COLUMN: self.columns,
            Kept.INDEX: self.indexes,
            Kept.BESIDE: self.beside,
            Kept.PATCHES: self.patches,
        }[kept]


_BESIDE: Final = {1: Kept.BESIDE, 2: Kept.PATCHES}
"""What ``asked.beside`` says."""
SLOTLESS: Final = (Kept.INDEX, Kept.PATCHES)
"""What needs no column of a listing."""


@dataclass(slots=True)
class Catalog:
    """The names of a file, the types that entities have, and what its queries have asked for."""

    names: dict[str, int] = field(default_factory=dict)
    types: dict[int, None] = field(default_factory=dict)
    needs: Needs = field(default_factory=Needs)

    @classmethod
    def load(cls, db: apsw.Connection) -> Catalog:
        """The catalog as the file has it now."""
        types = dict.fromkeys(key for (key,) in db.execute(_SQL["types"]))
        return cls(dict(db.execute(_SQL["names"])), types, Needs.load(db))


Wish = tuple[int, str, Kept]
"""Type key, attribute name, and what is wanted."""


def unmet(catalog: Catalog, wishes: Iterable[Wish]) -> list[Wish]:
    """The wishes that have not been noted yet and can be."""
    return [wish for wish in dict.fromkeys(wishes) if not _noted(catalog.needs, *wish)]


def _noted(needs: Needs, type_key: int, name: str, kept: Kept) -> bool:
    if needs.has(type_key, name, kept):
        return True
    own = needs.has(type_key, name, Kept.COLUMN)
    return kept not in SLOTLESS and not own and not needs.room(type_key)
