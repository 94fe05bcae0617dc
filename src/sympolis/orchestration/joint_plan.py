"""A joint plan: one set of lever values and measures that several departments work on, and who changed what.

It is an entity of the twin (``JointPlan``) and keeps its whole story: each edit says who made it, for which department,
what stood there before, and which run answers for the state after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from sympolis.domain.entity import Entity
from sympolis.orchestration.twin_entities import SIMULATION_RUN, Maker, urn

JOINT_PLAN = "JointPlan"
KEPT_EDITS = 200
"""Older edits than these are let go of."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that an edit changed: a lever by name, or a measure (``lever`` empty) that came or went."""

    lever: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a plan: who, for which department, when, what, and the run of the state that it led to."""

    version: int
    at: str
    by: str
    department: str
    moves: tuple[Move, ...]
    note: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class JointPlan:
    """``levers`` hold what was moved away from the service's own values; ``measures`` are overrides beside them."""

    id: str
    service: str
    title: Mapping[str, str]
    levers: Mapping[str, Any] = field(default_factory=dict)
    measures: tuple[Mapping[str, Any], ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def version(self) -> int:
        """Of the newest edit."""
        return self.edits[-1].version

    @property
    def run(self) -> str:
        """The run that answers for the present state."""
        return self.edits[-1].run

    def edit(self, version: int) -> Edit | None:
        """An edit by its version."""
        return next((one for one in self.edits if one.version == version), None)

    def before(self, version: int) -> Edit | None:
        """The edit before one."""
        return self.edit(version - 1)


def moves(before: JointPlan, levers: Mapping[str, Any], measures: Sequence[Mapping[str, Any]]) -> list[Move]:
    """What changes from a plan's state to another."""
    names = sorted({*before.levers, *levers})
    moved = [
        Move(name, before.levers.get(name), levers.get(name))
        for name in names
        if before.levers.get(name) != levers.get(name)
    ]
    gone = [Move("", dict(one), None) for one in before.measures if one not in measures]
    come = [Move("", None, dict(one)) for one in measures if one not in before.measures]
    return [*moved, *gone, *come]


def document(plan: JointPlan) -> Json:
    """A plan as ``twin-api.md`` has it."""
    return {
        "id": plan.id,
        "service": plan.service,
        "title": dict(plan.title),
        "levers": dict(plan.levers),
        "measures": [dict(one) for one in plan.measures],
        "version": plan.version,
        "run": plan.run,
        "edits": [_edit(one) for one in reversed(plan.edits)],
    }


def _edit(one: Edit) -> Json:
    return {**asdict(one), "moves": [asdict(move) for move in one.moves]}


def entity(plan: JointPlan, city: str, expand: Callable[[str], str]) -> Entity:
    """The entity that holds a plan."""
    made = Maker(expand)
    made.text("title", plan.title)
    made.value("service", plan.service)
    made.json("levers", dict(plan.levers))
    made.json("measures", [dict(one) for one in plan.measures])
    made.json("edits", [_edit(one) for one in plan.edits[-KEPT_EDITS:]])
    made.value("documentVersion", plan.version)
    if plan.run:
        made.link("refRun", urn(SIMULATION_RUN, city, plan.run))
    return Entity(urn(JOINT_PLAN, city, plan.id), (expand(JOINT_PLAN),), made.attributes)


def plan_of(found: Entity, expand: Callable[[str], str]) -> JointPlan | None:
    """The plan that an entity holds; None where a client wrote something else under that type."""

    def value(name: str, default: Any = None) -> Any:
        return found.value(expand(name), default)

    try:
        plan = JointPlan(
            id=found.id.rsplit(":", 1)[-1],
            service=msgspec.convert(value("service"), str),
            title=msgspec.convert(value("title"), dict[str, str]),
            levers=msgspec.convert(value("levers", {}), dict[str, Any]),
            measures=tuple(msgspec.convert(value("measures", []), list[dict[str, Any]])),
            edits=tuple(msgspec.convert(value("edits", []), list[Edit])),
        )
    except msgspec.ValidationError:
        return None
    return plan if plan.edits else None
