"""Why is this value odd? Candidates drawn from neighbours, weather, calendar, units and deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sympolis.acquisition.tracing import Wanted
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import MomentParameter, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.reading import check_listed, is_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import reference
from sympolis.api.twin.anomalies import read_group
from sympolis.context import gated
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.acquisition.mapping import EntityMapping
    from sympolis.governance.diagnosis.causes import Calendar, Delivered
    from sympolis.governance.diagnosis.observing import Position, Sight
    from sympolis.governance.quality.baseline import Series

ENTITY = Parameter(name="entity", text="The entity's id.", required=True, max_length=500)
ATTRIBUTE = Parameter(
    name="attribute", text="Short name of the attribute, such as `intensity`.", required=True, max_length=200
)
AT = MomentParameter(name="at", text="When the value was observed, or should have been.", required=True)
WEATHER: Final = "WeatherObserved"
BEFORE: Final = timedelta(days=84)
AFTER: Final = timedelta(days=28)
WEATHER_SPAN: Final = timedelta(days=730)
_MOST_SENSORS: Final = 500
_MOST_WEATHER_STATIONS: Final = 20
_MOST_WEATHER: Final = 200_000
_MOST_WAITING: Final = 8


class DiagnosisPages:
    """Handler of ``/api/diagnosis``."""

    def __init__(self, parts: ApiParts, coordinator: Coordinator, terms: Terms) -> None:
        self._broker = parts.broker
        self._city = parts.city
        self._coordinator = coordinator
        self._terms = terms
        self._busy = asyncio.Semaphore(1)
        """One at a time: each reads a quarter of a year of all sensors of a kind."""
        self._waiting = 0

    async def get(self, request: Request) -> Reply:
        """Candidates, most plausible first. Raises ``NotFound``, ``InvalidRequest``, ``TooManyAttempts``."""
        entity, attribute = ENTITY.raw(request) or "", ATTRIBUTE.raw(request) or ""
        at = AT.of(request)
        assert at is not None, "the parameter is required"
        source = await self._source(entity, attribute)
        zone = ZoneInfo(self._coordinator.planned(source).source.timezone or self._coordinator.timezone)
        async with self._turn():
            sight = await self._seen(source, entity, attribute, at, zone)
            delivered = await self._delivered(source, entity, attribute, at, sight)
        from sympolis.governance.diagnosis.causes import candidates
        from sympolis.governance.diagnosis.observing import as_json

        found = candidates(sight, self._calendar(at), delivered)
        return json_reply(
            {
                "entity": entity,
                "attribute": attribute,
                "at": at,
                "source": source,
                **as_json(sight),
                "candidates": [one.to_json() for one in found],
            }
        )

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for one's turn; anybody may ask, so only a few may wait. Raises ``TooManyAttempts``."""
        if self._waiting >= _MOST_WAITING:
            raise errors.TooManyAttempts(
                "too many others ask at this moment", where="path", hint="try again in a minute"
            )
        self._waiting += 1
        try:
            async with self._busy:
                yield
        finally:
            self._waiting -= 1

    # --- what is looked at --------------------------------------------------------------------------------------------

    async def _source(self, entity_id: str, attribute: str) -> str:
        """The source that observes the attribute of the entity."""
        entity = await self._broker.retrieve(entity_id)
        kinds = {self._terms.compact(kind) for kind in entity.types}
        for one in self._coordinator.sources():
            mapping = one.planned.mapping
            if mapping.entity_type in kinds and attribute in _observed(mapping):
                check_listed(one.planned.source.id)
                return one.planned.source.id
        raise errors.NotFound(f"no source observes {attribute} of {entity_id}", where="attribute")

    async def _seen(self, source: str, entity: str, attribute: str, at: datetime, zone: ZoneInfo) -> Sight:
        kind = self._terms.expand(self._coordinator.planned(source).mapping.entity_type)
        gated.ask_for(kind)
        group = await read_group(self._broker, kind, self._terms.expand(attribute), (at - BEFORE, at + AFTER))
        if entity not in {one.feature for one in group}:
            raise errors.NotFound(
                "it has no observations within months of that time", where="at", hint="see its history"
            )
        positions, weather = await self._positions(kind), await self._weather(at)
        from sympolis.governance.diagnosis.observing import seen

        return await asyncio.to_thread(seen, group, entity, at, zone, positions=positions, weather=weather)

    async def _positions(self, kind: str) -> dict[str, Position]:
        page = await self._broker.query(Query(types=TypeIs(kind), limit=_MOST_SENSORS))
        found = {}
        for entity in page.entities:
            place = entity.value(self._terms.expand("location"))
            if isinstance(place, dict) and place.get("type") == "Point":
                found[entity.id] = (float(place["coordinates"][0]), float(place["coordinates"][1]))
        return found

    async def _weather(self, at: datetime) -> dict[str, Series]:
        """The twin's own weather by attribute: two years, what is usual and what is rare."""
        names = {
            name
            for one in self._coordinator.sources()
            if one.planned.mapping.entity_type == WEATHER and is_listed(one.planned.source.id)
            for name in _observed(one.planned.mapping)
        }
        if not names:
            return {}
        asked = HistoryQuery(
            Query(types=TypeIs(self._terms.expand(WEATHER)), limit=_MOST_WEATHER_STATIONS),
            TimeRange(TimeRelation.BETWEEN, at - WEATHER_SPAN, at + WEATHER_SPAN),
            names=tuple(self._terms.expand(name) for name in sorted(names)),
            max_instances=_MOST_WEATHER,
        )
        return _longest((await self._broker.history(asked)).series, self._terms)

    def _calendar(self, at: datetime) -> Calendar:
        from sympolis.analysis.forecasting.holidays import is_free
        from sympolis.governance.diagnosis.causes import Calendar

        zone = ZoneInfo(self._coordinator.timezone)
        day = at.astimezone(zone).date()
        plans = () if self._city is None else self._city.forecasts
        off = day.weekday() < 5 and any(is_free(plan, day) for plan in plans)
        return Calendar(day=day, holiday=off, clock_changed=_clock_changed(day, zone))

    async def _delivered(
        self, source: str, entity: str, attribute: str, at: datetime, sight: Sight
    ) -> Delivered | None:
        """The deliveries of the value and of the one a day before; None where neither is kept."""
        if sight.value is None:
            return None
        from sympolis.governance.diagnosis.causes import Delivered

        name = self._terms.expand(attribute)
        traces = [
            await self._coordinator.trace(source, Wanted(entity=entity, attribute=name, at=moment))
            for moment in (at, at - timedelta(days=1))
        ]
        now, before = ((None if one is None else one.delivery["id"]) for one in traces)
        if traces[0] is None or now is None:
            return None
        link = f"/api/sources/{quote(source)}/deliveries/{quote(now)}/rows/{traces[0].row.record.number}"
        return Delivered(now=now, before=before, link=link)


def _observed(mapping: EntityMapping) -> list[str]:
    observed = [one.attribute for one in mapping.series]
    return observed + [one.name for one in mapping.attributes if one.observed]


def _longest(histories: Sequence[Any], terms: Terms) -> dict[str, Series]:
    """By attribute the series of the station that has most of it."""
    from sympolis.governance.quality.baseline import series_of

    found: dict[str, Series] = {}
    for one in sorted(histories, key=lambda one: len(one.observations)):
        points = [(point.at, point.value) for point in one.observations]
        found[terms.compact(one.name)] = series_of(one.entity_id, points)
    return found


def _clock_changed(day: date, zone: ZoneInfo) -> bool:
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    after = start + timedelta(days=1)
    return start.utcoffset() != after.utcoffset()


def operations(parts: ApiParts, coordinator: Coordinator, terms: Terms) -> tuple[Operation, ...]:
    """The routes."""
    pages = DiagnosisPages(parts, coordinator, terms)
    answer: dict[int, Any] = {
        200: Answer("Candidates with their evidence.", {"application/json": reference("Diagnosis")})
    }
    return (
        Operation(
            method="GET",
            path="/api/diagnosis",
            handle=pages.get,
            name="getDiagnosis",
            title="Why a value is odd",
            tag="Datasets",
            parameters=(ENTITY, ATTRIBUTE, AT),
            answers=answer,
        ),
    )
