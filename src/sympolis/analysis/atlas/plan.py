"""What a city declares about an atlas (``atlas/<id>.toml``): layers of things, and what is missing.

A layer's things are entities of a type, or rows of a table that one of the city's models leaves (potentials). Whatever
they are, each has the same few columns: carrier, status, capacity, area, place. Nothing here knows of energy or a city.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sympolis.domain.reading import Texts, option

TERM: Final = "[A-Za-z][A-Za-z0-9_]*"
NAME: Final = "[a-z0-9]+(-[a-z0-9]+)*"
KINDS: Final = ("existing", "planned", "potential", "other")
"""What stands, what is decided, what would be possible; what is none of these."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """What is known of one of the common columns: a field to read, or the same word for all."""

    field: str = option("", pattern=f"({TERM})?")
    word: str = ""
    scale: float = 1.0
    """From the unit of the field to that of the column."""


@dataclass(frozen=True, kw_only=True)
class AtlasField:
    """A further property that table and files show."""

    name: str = option(pattern=TERM)
    title: Texts
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class AtlasLayer:
    """Things of one kind: entities (``entity_type``, narrowed by ``q``), or rows of a model's ``table``."""

    id: str = option(pattern=NAME)
    title: Texts
    kind: str = option("existing", choices=KINDS)
    entity_type: str = option("", pattern=f"({TERM})?")
    q: str = ""
    """NGSI-LD query, e.g. ``operatingStatus=="In Planung"``."""
    geometry: str = option("location", pattern=f"({TERM})?")
    """Empty: things of the city as a whole, without a place; only in table and files."""
    model: str = option("", pattern=f"({NAME})?")
    table: str = option("", pattern=f"({TERM})?")
    name: str = option("name", pattern=TERM)
    """The field that names a thing."""
    carrier: Column = Column()
    status: Column = Column()
    capacity: Column = Column()
    """In the atlas's unit."""
    fields: tuple[AtlasField, ...] = ()
    source: str = ""
    """Id of the source: licence, attribution, lineage."""
    note: Texts = option({})
    default: bool = True


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What the atlas should show and cannot: what it is, and where the city would connect it."""

    id: str = option(pattern=NAME)
    title: Texts
    text: Texts
    connect: Texts
    """Who has it, and how it comes in."""


@dataclass(frozen=True, kw_only=True)
class AtlasAreas:
    """The areas by which things are found and summed."""

    entity_type: str = option("StatisticalArea", pattern=TERM)
    name: str = option("name", pattern=TERM)


@dataclass(frozen=True, kw_only=True)
class AtlasPlan:
    """An atlas."""

    id: str = option(pattern=NAME)
    title: Texts
    question: Texts
    unit: str = "kW"
    """Of every capacity."""
    areas: AtlasAreas = AtlasAreas()
    layers: tuple[AtlasLayer, ...]
    missing: tuple[Missing, ...] = ()
    words: Mapping[str, Texts] = option({})
    """Words of carriers, states and further fields as the sources have them → for people."""
    order: int = 100

    @property
    def types(self) -> tuple[str, ...]:
        """The types of entities it reads, by short name."""
        found = [one.entity_type for one in self.layers if one.entity_type]
        return tuple(dict.fromkeys([*found, self.areas.entity_type]))


def mistakes(plan: AtlasPlan) -> list[tuple[str, str]]:
    """What does not fit together within the file: (where, what)."""
    names = [one.id for one in plan.layers]
    found = [
        ("layers", f"{name!r} is there twice") for name in sorted({n for n in names if names.count(n) > 1})
    ]
    for one in plan.layers:
        if bool(one.entity_type) == bool(one.model and one.table):
            found.append((f"layers.{one.id}", "needs either entity_type, or model and table"))
        for name in ("carrier", "status", "capacity"):
            column = getattr(one, name)
            if column.field and column.word:
                found.append((f"layers.{one.id}.{name}", "is either a field or a word"))
    return found
