"""Observed series behind the map: one feature's history for the chart, and weekday profiles for the time dock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sympolis.api.twin.layers import Layers
from sympolis.api.type_index import TypeIndex
from sympolis.city.schema import City, LayerField, MapLayer
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.context.instants import format_instant
from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.context.store import Series
from sympolis.context.terms import Terms
from sympolis.domain import errors

DEFAULT_SPAN = timedelta(days=7)
PROFILE_SPAN = timedelta(weeks=13)
"""The newest quarter of a year: long enough for a mean weekday, short enough to be today's city."""
MAX_BUCKETS = 20_000
_HOUR_S = 3600
_FEATURES_AT_ONCE = 20

_MOST_PROFILES = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) in UTC."""

    start: datetime
    end: datetime

    @property
    def range(self) -> TimeRange:
        """The same as a temporal query."""
        return TimeRange(TimeRelation.BETWEEN, self.start, self.end)


class ObservedSeries:
    """Reads histories of layer fields, in the city's own time of day."""

    def __init__(self, city: City, broker: Broker, terms: Terms, layers: Layers, index: TypeIndex) -> None:
        self._zone = ZoneInfo(city.facts.timezone)
        self._broker = broker
        self._terms = terms
        self._layers = layers
        self._index = index
        self._profiles: dict[tuple[str, str, object], tuple[int, dict[str, Any]]] = {}

    async def series(
        self,
        layer_id: str,
        feature: str,
        field: str,
        *,
        start: datetime | None,
        end: datetime | None,
        period_s: int,
    ) -> dict[str, Any]:
        """Means of one field of one feature per period. Without a span: the last seven days that have values.

        Raises ``NotFound`` (layer, field) or ``InvalidRequest`` (span).
        """
        layer = self._layers.get(layer_id)
        declared = _field(layer, field)
        span = await self._span(feature, field, start, end, DEFAULT_SPAN)
        buckets = await self._means((feature,), field, span, period_s) if span else []
        points = [
            (bucket.start, bucket.figures.get(Aggregation.AVG)) for one in buckets for bucket in one.buckets
        ]
        return {
            "feature": feature,
            "field": field,
            "unit": declared.unit,
            "times": [format_instant(at) for at, _ in points],
            "values": [_rounded(value) for _, value in points],
            "source": layer.source or None,
            "lineage": f"/api/lineage/{feature}",
            "origin": f"/api/lineage/value?entity={quote(feature, safe='')}&attribute={quote(field)}",
        }

    async def profile(self, layer_id: str, field: str) -> dict[str, Any]:
        """The mean of each local hour over weekdays, per feature; kept until the layer's data change."""
        layer = self._layers.get(layer_id)
        declared = _field(layer, field)
        type_iri = self._terms.expand(layer.entity_type)
        gated.ask_for(type_iri)  # what is kept was counted for somebody else
        newest = await self._index.newest(type_iri)
        key = (layer_id, field, gated.mark())
        known = self._profiles.get(key)
        if known is None or known[0] != newest:
            if len(self._profiles) >= _MOST_PROFILES:
                self._profiles.clear()
            known = self._profiles[key] = (newest, await self._profile(layer, declared))
        return known[1]

    async def _profile(self, layer: MapLayer, field: LayerField) -> dict[str, Any]:
        name = self._terms.expand(field.name)
        ids = [entity.id async for entity in self._layers.entities(layer) if name in entity.attributes]
        newest = await self._newest(ids, field.name)
        span = None if newest is None else Span(newest - PROFILE_SPAN, newest)
        values: dict[str, list[float | None]] = {}
        for start in range(0, len(ids) if span else 0, _FEATURES_AT_ONCE):
            assert span is not None
            for one in await self._means(
                tuple(ids[start : start + _FEATURES_AT_ONCE]), field.name, span, _HOUR_S
            ):
                values[one.entity_id] = weekday_profile(one, self._zone)
        return {
            "field": field.name,
            "unit": field.unit,
            "hours": list(range(24)),
            "features": list(values),
            "values": list(values.values()),
            "period": None
            if span is None
            else {"from": format_instant(span.start), "to": format_instant(span.end)},
            "days": "weekdays",
        }

    async def _span(
        self, feature: str, field: str, start: datetime | None, end: datetime | None, width: timedelta
    ) -> Span | None:
        if end is None:
            end = await self._newest([feature], field)
            if end is None or (start is not None and start >= end):
                return None
        start = _before(end, width) if start is None else start
        if start >= end:
            raise errors.InvalidRequest("the span ends before it starts", where="to")
        return Span(start, end)

    async def _newest(self, ids: Sequence[str], field: str) -> datetime | None:
        """Just after the newest observation, at a full hour."""
        query = HistoryQuery(
            Query(ids=tuple(ids), limit=max(len(ids), 1)), names=(self._terms.expand(field),), last_n=1
        )
        if not ids:
            return None
        found = (await self._broker.history(query)).series
        times = [point.at for one in found for point in one.observations]
        if not times:
            return None
        return max(times).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)

    async def _means(self, ids: tuple[str, ...], field: str, span: Span, period_s: int) -> Sequence[Series]:
        buckets = (span.end - span.start).total_seconds() / period_s if period_s else 1
        if buckets > MAX_BUCKETS:
            raise errors.TooManyResults(
                f"more than {MAX_BUCKETS} periods", where="period", hint="ask a shorter span"
            )
        query = HistoryQuery(
            Query(ids=ids, limit=len(ids)),
            range=span.range,
            names=(self._terms.expand(field),),
            methods=(Aggregation.AVG,),
            period_s=period_s,
        )
        return [one for one in (await self._broker.history(query)).series if one.dataset_id is None]


def weekday_profile(series: Series, zone: ZoneInfo) -> list[float | None]:
    """The mean of each local hour, Monday to Friday; None for hours without observation."""
    by_hour: Mapping[int, list[float]] = defaultdict(list)
    for bucket in series.buckets:
        value = bucket.figures.get(Aggregation.AVG)
        local = bucket.start.astimezone(zone)
        if isinstance(value, int | float) and local.weekday() < 5:
            by_hour[local.hour].append(float(value))
    return [_mean(by_hour.get(hour, ())) for hour in range(24)]


def _before(end: datetime, width: timedelta) -> datetime:
    try:
        return end - width
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return _rounded(sum(found) / len(found)) if found else None


def _rounded(value: object) -> float | None:
    return float(f"{value:.6g}") if isinstance(value, int | float) else None


def _field(layer: MapLayer, name: str) -> LayerField:
    for field in layer.fields:
        if field.name == name:
            return field
    known = ", ".join(field.name for field in layer.fields) or "none"
    raise errors.NotFound(f"layer {layer.id} has no field {name}", where="field", hint=f"fields: {known}")
