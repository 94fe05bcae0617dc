"""Measures of a plan as they stand now: declared by the city, then kept as entities whose progress has a history."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query
from sympolis.domain import errors
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Entity
from sympolis.orchestration import gather
from sympolis.orchestration.documents import instant
from sympolis.orchestration.planning.plan import IDENTIFIER, STATUSES, MeasurePlan, Plan
from sympolis.orchestration.twin_entities import Maker, urn

PLAN_MEASURE: Final = "PlanMeasure"
PROGRESS: Final = "progress"
MOST: Final = 500
"""Measures of a plan."""
_LONGEST: Final = 300
_KNOWN: Final = frozenset(
    ("id", "title", "responsible", "cost_meur", "start", "end", "status", "progress", "indicator", "source")
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A measure, whether the city's package declares it, and when it was last changed."""

    measure: MeasurePlan
    declared: bool
    changed_at: datetime | None = None


class Measures:
    """Reads and writes the measures of plans."""

    def __init__(
        self, broker: Broker, names: gather.Names, *, city: str, now: Callable[[], datetime]
    ) -> None:
        self._broker = broker
        self._names = names
        self._city = city
        self._now = now

    async def of(self, plan: Plan) -> list[Json]:
        """Every measure, by start."""
        found = (await self._kept(plan)).values()
        ordered = sorted(found, key=lambda one: (one.measure.start, one.measure.end, one.measure.id))
        return [document(one) for one in ordered]

    async def get(self, plan: Plan, measure_id: str) -> Json:
        """One measure with its progress over time. Raises ``NotFound``."""
        found = (await self._kept(plan)).get(measure_id)
        if found is None:
            raise errors.NotFound(f"the plan has no measure {measure_id[:60]!r}", where="measure")
        return {**document(found), "history": await self._history(plan, measure_id)}

    async def create(self, plan: Plan, given: Mapping[str, Any]) -> Json:
        """Keep a new measure. Raises ``BadRequestData``, ``AlreadyExists``, ``Conflict`` (too many)."""
        present = await self._kept(plan)
        measure = read(given)
        if measure.id in present:
            raise errors.AlreadyExists(f"the plan has a measure {measure.id!r}", where="id")
        if len(present) >= MOST:
            raise errors.Conflict(f"a plan has at most {MOST} measures", where="measures")
        return await self._write(plan, measure)

    async def change(self, plan: Plan, measure_id: str, given: Mapping[str, Any]) -> Json:
        """Change what ``given`` names of a measure. Raises ``NotFound``, ``BadRequestData``."""
        present = (await self._kept(plan)).get(measure_id)
        if present is None:
            raise errors.NotFound(f"the plan has no measure {measure_id[:60]!r}", where="measure")
        if given.get("id", measure_id) != measure_id:
            raise errors.BadRequestData("cannot be changed", where="id")
        return await self._write(plan, read({**_plain(present.measure), **given}))

    async def delete(self, plan: Plan, measure_id: str) -> None:
        """Take a measure out of the plan. Raises ``NotFound``; one that the city declares is given up, not deleted."""
        present = (await self._kept(plan)).get(measure_id)
        if present is None:
            raise errors.NotFound(f"the plan has no measure {measure_id[:60]!r}", where="measure")
        if present.declared:
            await self._write(plan, replace(present.measure, status="given up"))
        else:
            await self._broker.delete(self._urn(plan, measure_id), cause=f"plan:{plan.id}")

    # --- as entities --------------------------------------------------------------------------------------------------

    def _urn(self, plan: Plan, measure_id: str) -> str:
        return urn(PLAN_MEASURE, self._city, f"{plan.id}-{measure_id}")

    async def _kept(self, plan: Plan) -> dict[str, Kept]:
        found = {one.id: Kept(one, declared=True) for one in plan.measures}
        start = self._urn(plan, "")
        async for entity in gather.entities(self._broker, self._names.expand(PLAN_MEASURE)):
            if entity.id.startswith(start) and (measure := self._measure(entity)) is not None:
                found[measure.id] = Kept(measure, measure.id in found, entity.modified_at)
        return found

    def _measure(self, entity: Entity) -> MeasurePlan | None:
        stored = entity.value(self._names.expand("parameters"))
        progress = entity.value(self._names.expand(PROGRESS))
        try:
            return read({**stored, PROGRESS: progress}) if isinstance(stored, Mapping) else None
        except errors.BadRequestData:  # somebody else's entity under that name
            return None

    async def _write(self, plan: Plan, measure: MeasurePlan) -> Json:
        made = Maker(self._names.expand)
        made.text("title", measure.title)
        made.value("responsible", measure.responsible)
        made.value("measureStatus", measure.status)
        made.value("startYear", measure.start)
        made.value("endYear", measure.end)
        made.value(PROGRESS, measure.progress, unit_code="P1")
        made.value("refPlan", plan.id)
        made.json("parameters", {k: v for k, v in _plain(measure).items() if k != PROGRESS})
        entity_id = self._urn(plan, measure.id)
        entity = Entity(entity_id, (self._names.expand(PLAN_MEASURE),), made.attributes)
        await self._broker.upsert([entity], cause=f"plan:{plan.id}")
        observed = Observation(
            entity_id, entity.types, self._names.expand(PROGRESS), self._now(), measure.progress, "P1"
        )
        await self._broker.observe([observed], cause=f"plan:{plan.id}")
        return document((await self._kept(plan))[measure.id])

    async def _history(self, plan: Plan, measure_id: str) -> list[Json]:
        name = self._names.expand(PROGRESS)
        asked = HistoryQuery(Query(ids=(self._urn(plan, measure_id),), limit=1), names=(name,))
        found = await self._broker.history(asked)
        points = [point for series in found.series for point in series.observations]
        return [{"at": instant(p.at), "progress": p.value} for p in sorted(points, key=lambda p: p.at)]


def _plain(measure: MeasurePlan) -> Json:
    return {name: getattr(measure, name) for name in sorted(_KNOWN)} | {"title": dict(measure.title)}


def document(kept: Kept) -> Json:
    """A measure as it is shown."""
    return {**_plain(kept.measure), "declared": kept.declared, "changed_at": instant(kept.changed_at)}


def read(given: Mapping[str, Any]) -> MeasurePlan:
    """A measure from what a client sent. Raises ``BadRequestData`` naming the member."""
    for name in given:
        if name not in _KNOWN:
            raise errors.BadRequestData("is not known", where=str(name)[:60])
    measure = MeasurePlan(
        id=_id(given.get("id")),
        title=_texts(given.get("title")),
        responsible=_text(given, "responsible", required=True),
        cost_meur=_number(given, "cost_meur", 0.0, 1e6, None),
        start=_year(given, "start"),
        end=_year(given, "end"),
        status=_status(given.get("status", "proposed")),
        progress=_number(given, "progress", 0.0, 100.0, 0.0) or 0.0,
        indicator=_text(given, "indicator"),
        source=_text(given, "source"),
    )
    if measure.end < measure.start:
        raise errors.BadRequestData("it ends before it starts", where="end")
    return measure


def _id(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 60 or not re.fullmatch(IDENTIFIER, value):
        raise errors.BadRequestData("expected lower-case letters, digits and hyphens", where="id")
    return value


def _texts(value: Any) -> Mapping[str, str]:
    found = {"en": value} if isinstance(value, str) else value
    fine = isinstance(found, Mapping) and found and all(
        isinstance(k, str) and len(k) <= 10 and isinstance(v, str) and 0 < len(v) <= _LONGEST
        for k, v in found.items()
    )  # fmt: skip
    if not fine:
        raise errors.BadRequestData(
            f"expected texts by language of at most {_LONGEST} characters", where="title"
        )
    return dict(found)


def _text(given: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST or (required and not value.strip()):
        raise errors.BadRequestData(f"expected a text of at most {_LONGEST} characters", where=name)
    return value


def _number(
    given: Mapping[str, Any], name: str, low: float, high: float, default: float | None
) -> float | None:
    value = given.get(name, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise errors.BadRequestData(f"expected a number from {low:g} to {high:g}", where=name)
    return float(value)


def _year(given: Mapping[str, Any], name: str) -> int:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1990 <= value <= 2200:
        raise errors.BadRequestData("expected a year from 1990 to 2200", where=name)
    return value


def _status(value: Any) -> str:
    if value not in STATUSES:
        raise errors.BadRequestData(f"expected one of {', '.join(STATUSES)}", where="status")
    return str(value)
