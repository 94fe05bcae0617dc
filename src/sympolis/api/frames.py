"""Columns of a dataset for computations: its own rows, as far as the dataset gave them, without names.

What of an entity came from other sources is no part of the dataset (``exporting.belonging``), and no part of a frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sympolis.acquisition import units
from sympolis.analysis.computing.columns import Frame
from sympolis.analysis.computing.declaration import Column, Declaration
from sympolis.api.exporting.belonging import Own
from sympolis.api.exporting.dataset_rows import DatasetRows
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import city_terms
from sympolis.context.gated import everything
from sympolis.context.query import HistoryQuery, Query
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.governance.policy.assets import AssetKind, asset_of

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.city.schema import City

MOST_ROWS: Final = 2_000_000
_AT_ONCE: Final = 1000
_SERIES_AT_ONCE: Final = 25
_MOST_INSTANCES: Final = 5_000_000
_LONGEST_TEXT: Final = 100


@dataclass(slots=True)
class _Building:
    """A frame that grows row by row."""

    columns: Sequence[tuple[str, Column]]
    values: dict[str, list[Any]] = field(default_factory=dict)
    entity: list[int] = field(default_factory=list)
    time: list[float] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def add(self, entity_id: str, time: float, row: dict[str, Any]) -> None:
        """One more row. Raises ``BadRequestData`` where there are too many."""
        if len(self.entity) >= MOST_ROWS:
            raise errors.BadRequestData(f"the dataset has more than {MOST_ROWS:,} rows", where="columns")
        self.entity.append(self.numbers.setdefault(entity_id, len(self.numbers)))
        self.time.append(time)
        for _, column in self.columns:
            missing: Any = math.nan if column.type == "number" else ""
            self.values.setdefault(column.name, []).append(row.get(column.name, missing))

    def frame(self) -> Frame:
        """The whole."""
        return Frame(
            {column.name: self.values.get(column.name, []) for _, column in self.columns},
            self.entity,
            self.time,
        )


class DatasetFrames:
    """See the module; it is ``dataspace.computing.providing.Frames``."""

    def __init__(self, parts: ApiParts, city: City, coordinator: Coordinator) -> None:
        self._broker = parts.broker
        self._rows = DatasetRows(parts, city, coordinator)
        self._terms = city_terms(parts)

    async def frame(self, dataset: str, declaration: Declaration, agreement: str) -> Frame:  # noqa: ARG002
        """See ``Frames``. Raises ``BadRequestData`` for a column that the dataset does not give, ``NotFound``."""
        asset = asset_of(dataset)
        if asset is None or asset.kind is not AssetKind.DATASET:
            raise errors.BadRequestData("only a dataset has columns", where=dataset)
        own = self._rows.own(asset.id)
        building = _Building([(self._expanded(own, one), one) for one in declaration.columns])
        with everything():
            async for entities in self._entities(own):
                if declaration.history:
                    await self._add_history(building, own, entities)
                else:
                    for one in entities:
                        building.add(one.id, 0.0, _row(building.columns, one))
        return building.frame()

    def _expanded(self, own: Own, column: Column) -> str:
        iri = self._terms.expand(column.attribute)
        if iri not in own.attributes:
            known = ", ".join(sorted(map(self._terms.compact, own.attributes)))
            raise errors.BadRequestData(
                f"the dataset has no attribute {column.attribute}",
                where=f"columns.{column.name}",
                hint=f"it gives {known}",
            )
        return iri

    async def _entities(self, own: Own) -> Any:
        offset = 0
        while True:
            asked = Query(types=own.entities().types, limit=_AT_ONCE, offset=offset)
            page = (await self._broker.query(asked)).entities
            yield own.parts(page)
            if len(page) < _AT_ONCE:
                return
            offset += _AT_ONCE

    async def _add_history(self, building: _Building, own: Own, entities: Sequence[Entity]) -> None:
        for start in range(0, len(entities), _SERIES_AT_ONCE):
            batch = {one.id: one for one in entities[start : start + _SERIES_AT_ONCE]}
            asked = HistoryQuery(
                Query(ids=tuple(batch), limit=len(batch)),
                names=tuple({iri for iri, _ in building.columns}),
                max_instances=_MOST_INSTANCES,
            )
            found = await self._broker.history(asked)
            if not found.complete:
                raise errors.BadRequestData("the dataset's history is too long to read", where="history")
            rows: dict[tuple[str, float], dict[str, Any]] = {}
            for series in found.series:
                if series.dataset_id is None and own.has(series, batch[series.entity_id]):
                    _fill(rows, building.columns, series)
            for (entity_id, time), row in sorted(rows.items()):
                building.add(entity_id, time, row)


def _fill(
    rows: dict[tuple[str, float], dict[str, Any]], columns: Sequence[tuple[str, Column]], series: Any
) -> None:
    """Each column that reads this series, at each of its times."""
    for column in (one for iri, one in columns if iri == series.name):
        for point in series.observations:
            row = rows.setdefault((series.entity_id, point.at.timestamp()), {})
            row[column.name] = _value(column, point.value, point.unit_code)


def _row(columns: Sequence[tuple[str, Column]], entity: Entity) -> dict[str, Any]:
    found = {}
    for iri, column in columns:
        instance = entity.attribute(iri)
        if instance is not None:
            found[column.name] = _value(column, instance.value, instance.unit_code)
    return found


def _value(column: Column, value: Any, unit: str | None) -> Any:
    if column.type == "text":
        return str(value)[:_LONGEST_TEXT]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    convert = _converter(column, unit)
    return float(value) if convert is None else float(convert(value))


def _converter(column: Column, unit: str | None) -> Callable[[float], float] | None:
    try:
        return units.converter(column.unit or None, unit)
    except units.UnitMistake as wrong:
        raise errors.BadRequestData(wrong.message, where=f"columns.{column.name}", hint=wrong.hint) from wrong
