"""What a file has numbers, columns and indexes for: read by queries, kept by the writer.

Columns and indexes come on demand (decision 0009): nothing but an entity's body, its types and its points is indexed
until a query asks. What the catalog promises was committed before it was published, so a reader that looks here first
and begins its snapshot then never sees less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import apsw

from sympolis.stores import sql

_SQL: Final = sql.load("sympolis.stores.embedded", "catalog.sql")
SLOTS: Final = 16
"""Columns that a type's list has for attributes that are asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An attribute of a type that has a column (``slot``) or an index (None) of its own.

    ``ready``: it is filled, so that queries may rely on it.
    """

    key: int
    slot: int | None
    ready: bool


@dataclass(slots=True)
class Catalog:
    """The names of a file, and what its queries have asked for, by type key and name."""

    names: dict[str, int] = field(default_factory=dict)
    types: dict[int, None] = field(default_factory=dict)
    columns: Mapping[int, Mapping[str, Asked]] = field(default_factory=dict)
    indexes: Mapping[int, Mapping[str, Asked]] = field(default_factory=dict)

    @classmethod
    def load(cls, db: apsw.Connection) -> Catalog:
        """The catalog as the file has it now."""
        found = cls(
            dict(db.execute(_SQL["names"])), dict.fromkeys(key for (key,) in db.execute(_SQL["types"]))
        )
        found.columns, found.indexes = asked_for(db)
        return found

    def all_ready(self) -> bool:
        """Whether everything that was asked for is filled in."""
        kept = (*self.columns.values(), *self.indexes.values())
        return all(asked.ready for by_name in kept for asked in by_name.values())


AskedFor = Mapping[int, Mapping[str, Asked]]


def asked_for(db: apsw.Connection) -> tuple[AskedFor, AskedFor]:
    """The columns and the indexes of a file, by type key and name."""
    columns: dict[int, dict[str, Asked]] = {}
    indexes: dict[int, dict[str, Asked]] = {}
    for key, type_key, iri, slot, upto in db.execute(_SQL["asked"]):
        kept = indexes if slot is None else columns
        kept.setdefault(type_key, {})[iri] = Asked(key, slot, upto is None)
    return columns, indexes


Wish = tuple[int, str, bool]
"""Type key, attribute name, and whether an index is wanted (else a column)."""


def unmet(catalog: Catalog, wishes: Iterable[Wish]) -> list[Wish]:
    """The wishes that have not been noted yet and can be."""
    return [wish for wish in dict.fromkeys(wishes) if not _noted(catalog, *wish)]


def _noted(catalog: Catalog, type_key: int, name: str, indexed: bool) -> bool:
    columns = catalog.columns.get(type_key, {})
    if indexed:
        return name in catalog.indexes.get(type_key, {})
    return name in columns or len(columns) >= SLOTS
