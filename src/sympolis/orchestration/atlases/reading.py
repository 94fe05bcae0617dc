"""From entities, and from tables that models leave, to the columns of an atlas."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympolis.analysis.atlas.plan import AtlasLayer, AtlasPlan, Column
from sympolis.analysis.atlas.things import Things
from sympolis.context import qlanguage
from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import shapely

    Array = np.ndarray[Any, Any]
else:
    np = later("numpy")
    shapely = later("shapely")

_PAGE = 1000
_MOST = 250_000
"""Of things in a layer."""


@dataclass(frozen=True, slots=True)
class Areas:
    """The areas by which things are found: ids, names and outlines, in one order."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    outlines: tuple[Mapping[str, Any], ...]
    """GeoJSON geometries."""
    tree: Any

    def of(self, places: Array) -> Array:
        """Index of the area that each place lies in; -1 for none."""
        found = np.full(len(places), -1, dtype=np.int32)
        known = ~np.isnan(places).any(axis=1)
        if len(self.ids) and known.any():
            which, area = self.tree.query(shapely.points(places[known]), predicate="within")
            found[np.flatnonzero(known)[which]] = area
        return found


class AtlasReader:
    """Reads layers from a broker."""

    def __init__(self, broker: Broker, terms: Terms) -> None:
        self._broker = broker
        self._terms = terms

    async def areas(self, plan: AtlasPlan) -> Areas:
        """The atlas's areas, by id."""
        name = self._terms.expand(plan.areas.name)
        found = [
            (entity.id, str(entity.value(name) or _tail(entity.id)), outline)
            async for entity in self._entities(plan.areas.entity_type, "")
            if isinstance(outline := entity.value(self._terms.expand("location")), Mapping)
        ]
        shapes = [shapely.geometry.shape(outline) for _, _, outline in found]
        ids, names, outlines = zip(*found, strict=True) if found else ((), (), ())
        return Areas(ids, names, outlines, shapely.STRtree(shapes))

    async def entities(self, layer: AtlasLayer, areas: Areas) -> Things:
        """A layer of entities."""
        rows = [entity async for entity in self._entities(layer.entity_type, layer.q)]
        places = np.array([self._place(entity, layer.geometry) for entity in rows], dtype=float).reshape(
            -1, 2
        )

        def column(about: Column) -> list[Any]:
            return [
                self._value(entity, about.field) if about.field else about.word or None for entity in rows
            ]

        def field(name: str) -> list[Any]:
            return [self._value(entity, name) for entity in rows]

        names = [name or _tail(entity.id) for name, entity in zip(field(layer.name), rows, strict=True)]
        return Things(
            ids=_objects([entity.id for entity in rows]),
            names=_objects(names),
            carriers=_objects(column(layer.carrier)),
            states=_objects(column(layer.status)),
            capacity=_numbers(column(layer.capacity)) * layer.capacity.scale,
            areas=areas.of(places),
            places=places,
            fields={one.name: _typed(field(one.name)) for one in layer.fields},
        )

    async def _entities(self, kind: str, q: str) -> AsyncIterator[Entity]:
        query = Query(
            types=TypeIs(self._terms.expand(kind)),
            q=qlanguage.parse(q, self._terms) if q else None,
            limit=_PAGE,
        )
        while query.offset <= _MOST:
            page = await self._broker.query(query)
            for entity in page.entities:
                yield entity
            if len(page.entities) < query.limit:
                return
            query = replace(query, offset=query.offset + query.limit)

    def _value(self, entity: Entity, name: str) -> Any:
        return entity.value(self._terms.expand(name))

    def _place(self, entity: Entity, geometry: str) -> tuple[float, float]:
        found = self._value(entity, geometry) if geometry else None
        if not isinstance(found, Mapping):
            return (float("nan"), float("nan"))
        if found["type"] == "Point":
            longitude, latitude = found["coordinates"][:2]
            return longitude, latitude
        inside = shapely.geometry.shape(found).representative_point()
        return inside.x, inside.y


def table(layer: AtlasLayer, file: Path, areas: Areas) -> Things:
    """A layer of rows that a model left. Columns: ``id``, the declared fields, ``longitude``, ``latitude``, ``area``.

    Raises ``ModelFailed`` naming a column that is missing. Blocks: call it in a thread.
    """
    import pyarrow.parquet

    wanted = {one for one in (layer.carrier.field, layer.status.field, layer.capacity.field) if one}
    wanted |= {"id", "longitude", "latitude", *(one.name for one in layer.fields)}
    source = pyarrow.parquet.ParquetFile(file)
    missing = sorted(wanted - set(source.schema_arrow.names))
    if missing:
        raise errors.ModelFailed(f"the table has no column {missing[0]!r}", where=f"layer {layer.id}")
    read = source.read(columns=sorted(wanted))
    columns = {name: read[name].to_numpy() for name in wanted}
    places = np.column_stack([columns["longitude"], columns["latitude"]]).astype(float)

    def words(about: Column) -> Array:
        return columns[about.field] if about.field else np.full(len(places), about.word or None, dtype=object)

    numbers = (
        columns[layer.capacity.field].astype(float) if layer.capacity.field else np.full(len(places), np.nan)
    )
    ids = np.array([str(one) for one in columns["id"]], dtype=object)
    return Things(
        ids=ids,
        names=ids,
        carriers=words(layer.carrier),
        states=words(layer.status),
        capacity=numbers * layer.capacity.scale,
        areas=areas.of(places),
        places=places,
        fields={one.name: columns[one.name] for one in layer.fields},
    )


def _tail(entity_id: str) -> str:
    return entity_id.rpartition(":")[2]


def _objects(values: Sequence[Any]) -> Array:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _numbers(values: Sequence[Any]) -> Array:
    is_number = (int, float)
    return np.array(
        [v if isinstance(v, is_number) and not isinstance(v, bool) else np.nan for v in values], dtype=float
    )


def _typed(values: Sequence[Any]) -> Array:
    """Numbers as numbers, all else as texts."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return _numbers(values)
    return _objects(
        [value if value is None or isinstance(value, str | bool) else str(value) for value in values]
    )
