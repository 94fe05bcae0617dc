"""Reads from the twin what a dashboard's figures are bound to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeGuard
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sympolis.analysis.dashboards import periods
from sympolis.analysis.dashboards.figures import BASES, Found
from sympolis.analysis.dashboards.periods import Point
from sympolis.analysis.dashboards.plan import (
    DashboardPlan,
    FigurePlan,
    HistoryOf,
    ModelOf,
    PeersPlan,
    SumOf,
    ValueOf,
)
from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Entity
from sympolis.orchestration import gather
from sympolis.orchestration.run import Run

_MOST_OBSERVATIONS: Final = 600_000
"""Of one attribute of one entity: a year of minutes, 68 years of hours."""


class DashboardReader:
    """One city's broker, asked in the words of dashboards."""

    def __init__(self, broker: Broker, names: gather.Names, city: str, timezone: str = "UTC") -> None:
        self._broker = broker
        self._names = names
        self._city = city
        self._timezone = timezone

    async def found(
        self,
        plan: DashboardPlan,
        until: date,
        runs: Mapping[str, Run | None],
        problems: Mapping[str, str],
    ) -> dict[str, Found]:
        """What every bound figure gives on a day.

        ``runs``: the baseline of each model, None where there is none; ``problems``: why there will be none.
        """
        return {
            one.id: Found(problem=problems[one.model.model])
            if one.model is not None and runs.get(one.model.model) is None and one.model.model in problems
            else _dated(await self._figure(one, plan, until, runs), one, plan, until)
            for one in plan.figures
            if one.product is None
        }

    async def past(self, figure: FigurePlan) -> list[Point]:
        """All that was observed of a value, oldest first; of sums and of calendar years the number of each year."""
        if figure.sum is not None:
            return await self._past_of_sum(figure.sum)
        if figure.history is None:
            return await self._observed(figure.value) if figure.value is not None else []
        found = periods.yearly(
            figure.history, await self._observed(figure.history), self._zone(figure.history)
        )
        return [(_end(day), value) for day, value in found]

    async def values(self, plan: PeersPlan) -> dict[str, dict[str, float]]:
        """Attribute → code → value, of all entities that are compared."""
        found: dict[str, dict[str, float]] = {one.attribute: {} for one in plan.fields}
        terms = {one.attribute: self._names.expand(one.attribute) for one in plan.fields}
        code_term = self._names.expand(plan.code)
        async for entity in gather.entities(self._broker, self._names.expand(plan.entity_type)):
            code = entity.value(code_term)
            for name, term in terms.items():
                value = entity.value(term)
                if code is not None and _is_number(value):
                    found[name][str(code)] = float(value)
        return found

    async def _figure(
        self, one: FigurePlan, plan: DashboardPlan, until: date, runs: Mapping[str, Run | None]
    ) -> Found:
        if one.value is not None:
            return await self._value(one.value, until, plan.key_date)
        if one.history is not None:
            return await self._history(one.history, until)
        if one.sum is not None:
            return await self._sum(one.sum, until, one.source)
        assert one.model is not None
        return _modelled(one.model, runs.get(one.model.model))

    def _id(self, bound: ValueOf | HistoryOf) -> str:
        return f"urn:ngsi-ld:{bound.entity_type}:{self._city}:{bound.entity}"

    def _zone(self, bound: HistoryOf) -> ZoneInfo:
        return ZoneInfo(bound.timezone or self._timezone)

    def _lineage(self, bound: ValueOf | HistoryOf) -> tuple[str, ...]:
        return (f"/api/lineage/value?entity={quote(self._id(bound))}&attribute={bound.attribute}",)

    async def _value(self, bound: ValueOf, until: date, key_date: date) -> Found:
        lineage = self._lineage(bound)
        newest = await self._observed(bound, last=1)
        if not newest:
            entity = await self._broker.store.get(self._id(bound))
            value = None if entity is None else entity.value(self._names.expand(bound.attribute))
            return Found(float(value), lineage=lineage) if _is_number(value) else Found(lineage=lineage)
        before = TimeRange(TimeRelation.BEFORE, _after(until))
        found = newest if bound.newest and until >= key_date else await self._observed(bound, before, last=1)
        if not found:
            return Found(lineage=lineage, latest=newest[0][1], undated=True)
        return Found(found[0][1], at=found[0][0], lineage=lineage, latest=newest[0][1])

    async def _history(self, bound: HistoryOf, until: date) -> Found:
        zone = self._zone(bound)
        begin, end = periods.needed(bound, until, zone)
        points = await self._observed(bound, TimeRange(TimeRelation.BETWEEN, begin, end))
        found = periods.number(bound, points, until, zone)
        return Found(
            found.value,
            at=found.at,
            lineage=self._lineage(bound),
            days=(found.days, found.of),
            undated=found.days == 0,
        )

    async def _observed(
        self, bound: ValueOf | HistoryOf, when: TimeRange | None = None, *, last: int | None = None
    ) -> list[Point]:
        """What was observed of an attribute, oldest first."""
        query = HistoryQuery(
            Query(ids=(self._id(bound),), limit=1),
            range=when,
            names=(self._names.expand(bound.attribute),),
            last_n=last,
            max_instances=_MOST_OBSERVATIONS,
        )
        history = await self._broker.history(query)
        return _numbers(point for series in history.series for point in series.observations)

    async def _sum(self, bound: SumOf, until: date, source: str) -> Found:
        lineage = (f"/api/lineage/{quote(source)}",) if source else ()
        if not bound.observed:
            value, count = await self._added(bound, until)
            return Found(value, count=count, lineage=lineage)
        series = await self._series(bound)
        at = max((at for one in series.values() for at, _ in one if at < _after(until)), default=None)
        if at is None:
            return Found(lineage=lineage, undated=bool(series))
        value, count = await self._added(bound, until, _as_of(series, until))
        newest = await self._added(bound, date.max, _as_of(series, None))
        return Found(value, at=at, count=count, lineage=lineage, latest=newest[0])

    async def _past_of_sum(self, bound: SumOf) -> list[Point]:
        """The last number of each year in which something was observed."""
        series = await self._series(bound)
        years = sorted(
            {at.astimezone(ZoneInfo(self._timezone)).year for one in series.values() for at, _ in one}
        )
        found = [
            (end, (await self._added(bound, end, _as_of(series, end)))[0])
            for end in map(_new_years_eve, years)
        ]
        return [(_end(day), value) for day, value in found if value is not None]

    async def _added(
        self, bound: SumOf, until: date, observed: Mapping[str, float] | None = None
    ) -> tuple[float | None, int]:
        """The sum, or the mean where entities weigh, and of how many; ``observed``: entity → what counts of it."""
        total, weights, count = 0.0, 0.0, 0
        async for entity in gather.entities(self._broker, self._names.expand(bound.entity_type)):
            if not self._counts(entity, bound, until):
                continue
            value = self._of(entity, bound) if observed is None else observed.get(entity.id)
            weight = entity.value(self._names.expand(bound.weight)) if bound.weight else 1
            if _is_number(value) and _is_number(weight):
                total, weights, count = total + float(value) * weight, weights + weight, count + 1
        if not bound.weight:
            return total, count
        return (total / weights if weights else None), count

    def _of(self, entity: Entity, bound: SumOf) -> object:
        return entity.value(self._names.expand(bound.attribute)) if bound.attribute else 1

    async def _series(self, bound: SumOf) -> dict[str, list[Point]]:
        """Entity → all that was observed of the attribute, oldest first."""
        kind = self._names.expand(bound.entity_type)
        ids = [entity.id async for entity in gather.entities(self._broker, kind)]
        found: dict[str, list[Point]] = {}
        for start in range(0, len(ids), gather.SERIES_AT_ONCE):
            together = tuple(ids[start : start + gather.SERIES_AT_ONCE])
            query = HistoryQuery(
                Query(ids=together, limit=len(together)),
                names=(self._names.expand(bound.attribute),),
                max_instances=_MOST_OBSERVATIONS,
            )
            for one in (await self._broker.history(query)).series:
                found[one.entity_id] = _numbers(one.observations)
        return found

    def _counts(self, entity: Entity, bound: SumOf, until: date) -> bool:
        given_up = entity.value(self._names.expand(bound.until)) if bound.until else None
        if given_up is not None and str(given_up)[:10] <= until.isoformat():
            return False
        alike = all(entity.value(self._names.expand(name)) == value for name, value in bound.where.items())
        if not alike and given_up is None:
            return False
        if not bound.since:
            return True
        since = entity.value(self._names.expand(bound.since))
        return since is not None and str(since)[:10] <= until.isoformat()


def _after(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def _end(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _new_years_eve(year: int) -> date:
    return date(year, 12, 31)


def _as_of(series: Mapping[str, list[Point]], until: date | None) -> dict[str, float]:
    """Entity → its last value by the end of a day; None: the newest."""
    kept = {
        name: [value for at, value in one if until is None or at < _after(until)]
        for name, one in series.items()
    }
    return {name: values[-1] for name, values in kept.items() if values}


def _dated(found: Found, one: FigurePlan, plan: DashboardPlan, day: date) -> Found:
    """Before the dashboard's own key date, only what has a history, or a date of its own, is known."""
    if found.value is None or found.latest is not None or (one.sum is not None and one.sum.since):
        return found
    if one.history is not None or (one.sum is not None and one.sum.observed):
        return found
    if one.model is not None and one.model.scales_with:
        return found
    if one.as_of is not None:
        start = datetime.combine(one.as_of, time(), UTC)
        return replace(found, at=start) if one.as_of <= day else replace(found, value=None, undated=True)
    return found if day >= plan.key_date else replace(found, value=None, low=None, high=None, undated=True)


def _modelled(bound: ModelOf, run: Run | None) -> Found:
    if run is None:
        return Found(working=True)
    figure = next((one for one in run.indicators if one.name == bound.indicator), None)
    if figure is None:
        return Found(run=run.id)
    found = Found(figure.value, at=run.finished_at, lineage=(f"/api/lineage/{quote(run.id)}",), run=run.id)
    if figure.low == figure.high:
        return (
            found  # no uncertain input of the model moves it: no interval is known, rather than one of nought
        )
    return replace(found, low=figure.low, high=figure.high, level=figure.level, basis=BASES["model"])


def _numbers(observations: Iterable[Observation]) -> list[Point]:
    """The numbers among them, oldest first."""
    return sorted((one.at, float(one.value)) for one in observations if _is_number(one.value))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
