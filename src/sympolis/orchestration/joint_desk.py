"""Departments at one table: joint plans made, changed by version, run, and judged by each in its own figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sympolis.analysis import departments
from sympolis.context import merge
from sympolis.context.broker import Broker
from sympolis.context.store import Write
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.domain.reading import did_you_mean
from sympolis.orchestration import documents, files, gather, joint_plan
from sympolis.orchestration.comparison_desk import ComparisonDesk
from sympolis.orchestration.joint_people import JointPeople
from sympolis.orchestration.joint_plan import JOINT_PLAN, Edit, JointPlan
from sympolis.orchestration.request import Request
from sympolis.orchestration.run_desk import RunDesk
from sympolis.orchestration.service import ServiceSetup
from sympolis.orchestration.service_desk import ServiceDesk
from sympolis.orchestration.twin_entities import urn

Json = dict[str, Any]

CAUSE = "joint plan"
MOST_PLANS = 100
"""Of one service; whoever wants another deletes one first."""
MOST_MEASURES = 50
MOST_TEXT = 300
MOST_LANGUAGES = 24
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MEMBERS = ("title", "levers", "measures", "department", "note", "version")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request wants of a plan; None: as it is."""

    title: Mapping[str, str] | None
    levers: Mapping[str, Any] | None
    measures: tuple[Mapping[str, Any], ...] | None
    department: str
    note: str
    version: int | None


class JointDesk:
    """Keeps joint plans in the broker and answers for them with runs of their services."""

    def __init__(
        self,
        broker: Broker,
        names: gather.Names,
        *,
        city: str,
        services: ServiceDesk,
        runs: RunDesk,
        comparisons: ComparisonDesk,
        now: Callable[[], datetime],
    ) -> None:
        self._broker = broker
        self._names = names
        self._city = city
        self._services = services
        self._runs = runs
        self._comparisons = comparisons
        self._now = now
        self.people = JointPeople(broker, names, city)

    async def plans(self, service_id: str) -> list[Json]:
        """The plans of a service, by id. Raises ``NotFound``."""
        return [joint_plan.document(one) for one in await self._all(self._services.setup(service_id))]

    async def plan(self, service_id: str, plan_id: str) -> Json:
        """One plan. Raises ``NotFound``."""
        return joint_plan.document(await self._get(service_id, plan_id))

    async def create(self, service_id: str, document: Any, by: str) -> Json:
        """Make a plan and run it. Raises ``BadRequestData``, ``OverrideRefused``, ``Conflict`` (too many)."""
        service = self._services.setup(service_id)
        asked = _read(document, service)
        if not asked.title:
            raise errors.BadRequestData("a plan needs a title", where="title")
        if len(await self._all(service)) >= MOST_PLANS:
            raise errors.Conflict(
                f"the service has {MOST_PLANS} plans already", where="plans", hint="delete one"
            )
        fresh = JointPlan(self._fresh_id(service, asked.title), service.id, asked.title)
        plan = await self._answered(fresh, asked, by, version=1)
        await self._broker.create(self._entity(plan), cause=CAUSE)
        return joint_plan.document(plan)

    async def change(self, service_id: str, plan_id: str, document: Any, by: str) -> Json:
        """Change a plan whose present version is ``document["version"]``, and run it again.

        Raises ``Conflict`` where somebody has changed it meanwhile, ``BadRequestData``, ``OverrideRefused``.
        """
        service = self._services.setup(service_id)
        before = await self._get(service_id, plan_id)
        asked = _read(document, service)
        if asked.version is None:
            raise errors.BadRequestData(
                "is missing", where="version", hint="send the version that you loaded"
            )
        if asked.version != before.version:
            raise _changed(asked.version, before.version)
        after = await self._answered(before, asked, by, version=before.version + 1)
        await self._replace(after, before.version)
        return joint_plan.document(after)

    async def delete(self, service_id: str, plan_id: str) -> None:
        """Forget a plan; its runs stay."""
        await self._get(service_id, plan_id)
        await self._broker.delete(urn(JOINT_PLAN, self._city, plan_id), cause=CAUSE)

    async def effects(self, service_id: str, plan_id: str, version: int | None = None) -> Json:
        """What the plan (or, with ``version``, one edit of it alone) means to each department, and the conflicts.

        Raises ``NotFound``, ``Conflict`` where a run is not finished.
        """
        service = self._services.setup(service_id)
        plan = await self._get(service_id, plan_id)
        base, with_run = self._pair(plan, version)
        found = await self._comparisons.compare(base, with_run)
        views = [(one.id, one.title, one.indicators) for one in service.departments]
        return {
            "plan": plan.id,
            "version": plan.version if version is None else version,
            "of": "plan" if version is None else "edit",
            "base": base,
            "with": with_run,
            "members": found["members"],
            "text": found["text"],
            **departments.side_by_side(found["indicators"], views),
        }

    # --- steps --------------------------------------------------------------------------------------------------------

    async def _answered(self, before: JointPlan, asked: _Asked, by: str, *, version: int) -> JointPlan:
        """The plan in its new state, with the edit that led there and the run that answers for it."""
        levers = dict(before.levers if asked.levers is None else asked.levers)
        measures = before.measures if asked.measures is None else asked.measures
        started = await self._services.start(before.service, levers, Request(), measures)
        moves = joint_plan.moves(before, levers, measures)
        edit = Edit(
            version,
            documents.instant(self._now()) or "",
            by,
            asked.department,
            tuple(moves),
            asked.note,
            started.id,
        )
        return replace(
            before,
            title=asked.title or before.title,
            levers=levers,
            measures=measures,
            edits=(*before.edits, edit),
        )

    def _pair(self, plan: JointPlan, version: int | None) -> tuple[str, str]:
        """(base, with): the world as it is and the plan, or the states before and after one edit."""
        if version is None:
            run = self._runs.board.get(plan.run)
            return run.baseline or run.id, run.id
        edit, earlier = plan.edit(version), plan.before(version)
        if edit is None:
            raise errors.NotFound(f"the plan has no edit {version}", where="version")
        run = self._runs.board.get(edit.run)
        return (earlier.run if earlier is not None else run.baseline or run.id), run.id

    async def _all(self, service: ServiceSetup) -> list[JointPlan]:
        found = [
            joint_plan.plan_of(one, self._names.expand)
            async for one in gather.entities(self._broker, self._names.expand(JOINT_PLAN))
        ]
        return [one for one in found if one is not None and one.service == service.id]

    async def _get(self, service_id: str, plan_id: str) -> JointPlan:
        service = self._services.setup(service_id)
        found = None
        if _ID.fullmatch(plan_id):
            stored = await self._broker.store.get(urn(JOINT_PLAN, self._city, plan_id))
            found = joint_plan.plan_of(stored, self._names.expand) if stored is not None else None
        if found is None or found.service != service.id:
            known = [one.id for one in await self._all(service)]
            hint = did_you_mean(plan_id, known)
            raise errors.NotFound(f"there is no plan {plan_id!r} of {service.id}", where="plan", hint=hint)
        return found

    def _fresh_id(self, service: ServiceSetup, title: Mapping[str, str]) -> str:
        return f"{service.id[:48].rstrip('-')}-{files.key([dict(title), self._now().isoformat()])[:8]}"

    def _entity(self, plan: JointPlan) -> Entity:
        return joint_plan.entity(plan, self._city, self._names.expand)

    async def _replace(self, plan: JointPlan, seen: int) -> None:
        """Write the plan if it is still in the version that was seen: nobody overwrites unseen work."""
        made = self._entity(plan)
        then = merge.upsert_replace(made)

        def decide(before: Entity | None, at: datetime) -> Entity | None:
            found = joint_plan.plan_of(before, self._names.expand) if before is not None else None
            if found is None or found.version != seen:
                raise _changed(seen, found.version if found is not None else None)
            return then(before, at)

        [outcome] = await self._broker.store.write([Write(made.id, decide)], cause=CAUSE)
        if outcome.error is not None:
            raise outcome.error


def _changed(seen: int, now: int | None) -> errors.Conflict:
    return errors.Conflict(
        f"your change is to version {seen}, it is now {now if now is not None else 'deleted'}",
        where="version",
        hint="load it again, then repeat your change",
    )


def _read(document: Any, service: ServiceSetup) -> _Asked:
    """A request's document. Raises ``BadRequestData`` naming the member."""
    if not isinstance(document, Mapping):
        raise errors.BadRequestData("a plan is a JSON object", where="body")
    for name in document:
        if name not in _MEMBERS:
            hint = did_you_mean(str(name), _MEMBERS)
            raise errors.BadRequestData("is not a member of a plan", where=str(name)[:MOST_TEXT], hint=hint)
    return _Asked(
        title=_title(document.get("title")),
        levers=_levers(document.get("levers")),
        measures=_measures(document.get("measures")),
        department=_department(document.get("department", ""), service),
        note=_text(document.get("note", ""), "note"),
        version=_version(document.get("version")),
    )


def _title(value: Any) -> Mapping[str, str] | None:
    if value is None:
        return None
    texts = {"en": value} if isinstance(value, str) else value
    if not isinstance(texts, Mapping) or not 0 < len(texts) <= MOST_LANGUAGES:
        raise errors.BadRequestData("expected a text, or a text by language", where="title")
    return {str(language)[:8]: _text(text, "title") for language, text in texts.items()}


def _levers(value: Any) -> Mapping[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise errors.BadRequestData("expected an object", where="levers")
    return {name: moved for name, moved in value.items() if moved is not None}


def _measures(value: Any) -> tuple[Mapping[str, Any], ...] | None:
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MOST_MEASURES:
        raise errors.BadRequestData(f"expected a list of at most {MOST_MEASURES} measures", where="measures")
    for number, one in enumerate(value):
        if not isinstance(one, Mapping):
            raise errors.BadRequestData("expected an object", where=f"measures[{number}]")
    return tuple(value)


def _department(value: Any, service: ServiceSetup) -> str:
    known = [one.id for one in service.departments]
    if value in ("", *known):
        return str(value)
    hint = did_you_mean(str(value)[:MOST_TEXT], known)
    raise errors.BadRequestData("is not a department of this service", where="department", hint=hint)


def _text(value: Any, where: str) -> str:
    if isinstance(value, str) and len(value) <= MOST_TEXT:
        return value
    raise errors.BadRequestData(f"expected a text of at most {MOST_TEXT} characters", where=where)


def _version(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise errors.BadRequestData("expected a whole number of 1 or more", where="version")
