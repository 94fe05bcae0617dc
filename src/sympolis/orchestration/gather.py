"""Collects what a model needs from the broker, in the simple form the simulator contract promises, and names the state.

The *data version* is a hash over exactly these values: it changes when anything the model reads changes, and only then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query, TypeIs
from sympolis.domain import errors
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Entity
from sympolis.orchestration import files, fitting
from sympolis.orchestration.cells import CELLS, GridReader, grid_of, no_grids
from sympolis.orchestration.tabled import TABLE, TableReader, no_tables, table_of
from sympolis.plugins.simulator import Need

PAGE = 1000
SERIES_AT_ONCE = 25
"""Entities whose history is read together: a year of hours each, some 200,000 points."""
MOST_INSTANCES = 5_000_000
VERSION_LENGTH = 16

Simple = dict[str, Any]


class Names(Protocol):
    """The part of ``context.terms.Terms`` that is needed here."""

    def expand(self, term: str) -> str:
        """The IRI of a short name."""
        ...

    def compact(self, iri: str) -> str:
        """The short name of an IRI."""
        ...


async def gather(
    broker: Broker,
    names: Names,
    needs: Sequence[Need],
    read_grid: GridReader = no_grids,
    read_table: TableReader = no_tables,
) -> dict[str, list[Simple]]:
    """Entities by need, ordered by id, as ``plugins.simulator.Inputs`` has them.

    Raises ``ModelFailed`` where there are fewer than the model must have, or where a unit is one of another quantity.
    """
    read = [need for need in needs if not need.linked]
    found = {need.name: await _need(broker, names, need, read_grid, read_table) for need in read}
    for need in read:
        fitting.refuse_gaps(need, found[need.name])
        if len(found[need.name]) < need.minimum:
            raise errors.ModelFailed(
                f"the model needs at least {need.minimum} {need.type} entities, the twin has {len(found[need.name])}",
                where=f"needs: {need.name}",
                hint="run the source that brings them (sympolis source run)",
            )
    return found


def data_version(inputs: Mapping[str, Sequence[Simple]]) -> str:
    """Names these inputs: equal values, equal name."""
    return files.key(inputs)[:VERSION_LENGTH]


async def entities(broker: Broker, type_iri: str) -> AsyncIterator[Entity]:
    """Every entity of a type, ordered by id."""
    offset = 0
    while True:
        page = await broker.query(Query(types=TypeIs(type_iri), limit=PAGE, offset=offset))
        for entity in page.entities:
            yield entity
        if len(page.entities) < PAGE:
            return
        offset += PAGE


async def entities_of(broker: Broker, names: Names, need: Need) -> AsyncIterator[Entity]:
    """The entities that a need is about, ordered by id; where there are none, the best of those that stand in."""
    met = False
    for asked in (need, *fitting.substitutes(need)):
        async for entity in entities(broker, names.expand(need.type)):
            if fitting.wanted(entity, asked, names.expand):
                met = True
                yield entity
        if met:
            return


async def _need(
    broker: Broker, names: Names, need: Need, read_grid: GridReader, read_table: TableReader
) -> list[Simple]:
    found: list[Simple] = []
    async for entity in entities_of(broker, names, need):
        simple = fitting.simplify(entity, need, names.expand)
        if need.grid:
            simple[CELLS] = await grid_of(entity, need, names.compact, read_grid)
        if need.table:
            simple[TABLE] = await table_of(entity, names.compact, read_table)
        found.append(simple)
    if need.history:
        for start in range(0, len(found), SERIES_AT_ONCE):
            await _add_series(broker, names, need, found[start : start + SERIES_AT_ONCE])
    return found


async def _add_series(broker: Broker, names: Names, need: Need, batch: Sequence[Simple]) -> None:
    ids = tuple(simple["id"] for simple in batch)
    selected = Query(ids=ids, limit=len(ids))
    short = {
        names.expand(used): name
        for name in need.attributes
        for used in (*reversed(need.proxies.get(name, ())), name)
    }
    history = await broker.history(HistoryQuery(selected, names=tuple(short), max_instances=MOST_INSTANCES))
    if not history.complete:
        raise errors.ModelFailed(
            f"the history of {ids[0]} and its neighbours is too long to read", where="history"
        )
    series: dict[str, dict[str, Any]] = defaultdict(dict)
    rank = {iri: place for place, iri in enumerate(short)}
    for one in sorted(history.series, key=lambda one: rank[one.name]):
        if one.dataset_id is None and one.observations:
            series[one.entity_id][short[one.name]] = _points(need, short[one.name], one.observations)
    for simple in batch:
        simple["series"] = series[simple["id"]]


def _points(need: Need, name: str, observations: Sequence[Observation]) -> dict[str, Any]:
    converters = {code: fitting.converter(need, name, code) for code in {p.unit_code for p in observations}}
    return {
        "times": [_instant(point.at) for point in observations],
        "values": [fitting.converted(point.value, converters[point.unit_code]) for point in observations],
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
