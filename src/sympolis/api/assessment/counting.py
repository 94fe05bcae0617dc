"""What indicators of the city are worked out from: entities and a year's means, read at the moment of the question."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.vocabulary import city_terms
from sympolis.assessment.indicators import Rows, averaged, wanted
from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeRange, TimeRelation, TypeIs
from sympolis.context.store import Bucket
from sympolis.domain.entity import Entity

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.context.terms import Terms

PAGE: Final = 1000
MOST: Final = 100_000
"""Entities of a type that are read; of more, nothing is said."""
YEAR: Final = timedelta(days=365)
MOST_STATIONS: Final = 1000
_LOCATION: Final = "location"


async def count(parts: ApiParts) -> Rows:
    """Everything that the shipped catalogues read of the city."""
    terms = city_terms(parts)
    rows = {kind: await _rows(parts, terms, kind, names) for kind, names in wanted().items()}
    means: dict[tuple[str, str], float] = {}
    for kind in sorted({kind for kind, _ in averaged()}):
        attributes = sorted(name for each, name in averaged() if each == kind)
        for name, mean in (await _means(parts, terms, kind, attributes)).items():
            means[kind, name] = mean
    return Rows(rows, means)


async def _rows(parts: ApiParts, terms: Terms, kind: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async for entity in _entities(parts, terms.expand(kind)):
        if len(found) == MOST:
            return []
        found.append(_row(entity, terms, names))
    return found


async def _entities(parts: ApiParts, type_iri: str) -> AsyncIterator[Entity]:
    offset = 0
    while True:
        page = await parts.broker.query(Query(types=TypeIs(type_iri), limit=PAGE, offset=offset))
        for entity in page.entities:
            yield entity
        if len(page.entities) < PAGE:
            return
        offset += PAGE


def _row(entity: Entity, terms: Terms, names: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {"place": _place(entity.value(_LOCATION))}
    for name, unit in names.items():
        found = entity.attribute(terms.expand(name))
        if found is not None and (not unit or found.unit_code in (None, unit)):
            row[name] = found.value
    return row


def _place(geometry: Any) -> tuple[float, float] | None:
    """The middle of the box around a geometry; None where there is none."""
    if not isinstance(geometry, Mapping) or "coordinates" not in geometry:
        return None
    points = list(_points(geometry["coordinates"]))
    if not points:
        return None
    lons, lats = [one[0] for one in points], [one[1] for one in points]
    return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2


def _points(coordinates: Any) -> list[tuple[float, float]]:
    if coordinates and isinstance(coordinates[0], int | float):
        return [(float(coordinates[0]), float(coordinates[1]))]
    return [point for part in coordinates for point in _points(part)]


async def _means(parts: ApiParts, terms: Terms, kind: str, attributes: Sequence[str]) -> dict[str, float]:
    """By attribute, the mean over stations of each one's mean in the year before the newest value of any."""
    names = {terms.expand(one): one for one in attributes}
    stations = Query(types=TypeIs(terms.expand(kind)), limit=MOST_STATIONS)
    newest = await parts.broker.history(HistoryQuery(stations, names=tuple(names), last_n=1))
    last = max((one.at for series in newest.series for one in series.observations), default=None)
    if last is None:
        return {}
    year = TimeRange(TimeRelation.BETWEEN, last - YEAR, last + timedelta(microseconds=1))
    asked = HistoryQuery(stations, range=year, names=tuple(names), methods=(Aggregation.AVG,))
    found: dict[str, list[float]] = {}
    for series in (await parts.broker.history(asked)).series:
        found.setdefault(names[series.name], []).extend(_figures(series.buckets))
    return {name: math.fsum(means) / len(means) for name, means in found.items() if means}


def _figures(buckets: Sequence[Bucket]) -> list[float]:
    figures = [one.figures.get(Aggregation.AVG) for one in buckets]
    return [float(one) for one in figures if isinstance(one, int | float)]
