"""Reads from the twin what a dashboard's figures are bound to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeGuard
from urllib.parse import quote

from sympolis.analysis.dashboards.figures import BASES, Found
from sympolis.analysis.dashboards.plan import DashboardPlan, FigurePlan, ModelOf, PeersPlan, SumOf, ValueOf
from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Entity
from sympolis.orchestration import gather
from sympolis.orchestration.run import Run

_MOST_OBSERVATIONS = 10_000


class DashboardReader:
    """One city's broker, asked in the words of dashboards."""

    def __init__(self, broker: Broker, names: gather.Names, city: str) -> None:
        self._broker = broker
        self._names = names
        self._city = city

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
            else _dated(await self._figure(one, until, runs), one, plan, until)
            for one in plan.figures
            if one.product is None
        }

    async def past(self, bound: ValueOf) -> list[tuple[datetime, float]]:
        """All that was observed of a value, oldest first."""
        points = await self._observed(bound)
        return sorted((point.at, float(point.value)) for point in points if _is_number(point.value))

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

    async def _figure(self, one: FigurePlan, until: date, runs: Mapping[str, Run | None]) -> Found:
        if one.value is not None:
            return await self._value(one.value, until)
        if one.sum is not None:
            return await self._sum(one.sum, until, one.source)
        assert one.model is not None
        return _modelled(one.model, runs.get(one.model.model))

    def _id(self, bound: ValueOf) -> str:
        return f"urn:ngsi-ld:{bound.entity_type}:{self._city}:{bound.entity}"

    async def _value(self, bound: ValueOf, until: date) -> Found:
        end = datetime.combine(until, time(), UTC) + timedelta(days=1)
        observed = await self.past(bound)
        lineage = (f"/api/lineage/value?entity={quote(self._id(bound))}&attribute={bound.attribute}",)
        if observed:
            before = [point for point in observed if point[0] < end]
            latest = observed[-1][1]
            if not before:
                return Found(lineage=lineage, latest=latest, undated=True)
            return Found(before[-1][1], at=before[-1][0], lineage=lineage, latest=latest)
        entity = await self._broker.store.get(self._id(bound))
        value = None if entity is None else entity.value(self._names.expand(bound.attribute))
        return Found(float(value), lineage=lineage) if _is_number(value) else Found(lineage=lineage)

    async def _observed(self, bound: ValueOf) -> list[Observation]:
        query = HistoryQuery(
            Query(ids=(self._id(bound),), limit=1),
            names=(self._names.expand(bound.attribute),),
            max_instances=_MOST_OBSERVATIONS,
        )
        history = await self._broker.history(query)
        return [point for series in history.series for point in series.observations]

    async def _sum(self, bound: SumOf, until: date, source: str) -> Found:
        total, count = 0.0, 0
        async for entity in gather.entities(self._broker, self._names.expand(bound.entity_type)):
            if not self._counts(entity, bound, until):
                continue
            value = entity.value(self._names.expand(bound.attribute)) if bound.attribute else 1
            if _is_number(value):
                total, count = total + float(value), count + 1
        lineage = (f"/api/lineage/{quote(source)}",) if source else ()
        return Found(total, count=count, lineage=lineage)

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


def _dated(found: Found, one: FigurePlan, plan: DashboardPlan, day: date) -> Found:
    """Before the dashboard's own key date, only what has a history, or a date of its own, is known."""
    if found.value is None or found.latest is not None or (one.sum is not None and one.sum.since):
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
    return Found(
        figure.value,
        figure.low,
        figure.high,
        figure.level,
        run.finished_at,
        (f"/api/lineage/{quote(run.id)}",),
        run.id,
        basis=BASES["model"],
    )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
