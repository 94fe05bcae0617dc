"""Who is named in joint plans, and taking a name out of them again when somebody is to be forgotten.

An edit says who made it. What it changed stays, as others rely on it; the name goes, now and in the plan's history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sympolis.context import merge
from sympolis.context.broker import Broker
from sympolis.context.store import Retraction, Write
from sympolis.domain.entity import Entity
from sympolis.orchestration import gather, joint_plan
from sympolis.orchestration.joint_plan import JOINT_PLAN, JointPlan

CAUSE = "erasure"
Named = Callable[[str], bool]
"""Whether a name in an edit is somebody's."""


class JointPeople:
    """See the module."""

    def __init__(self, broker: Broker, names: gather.Names, city: str) -> None:
        self._broker = broker
        self._names = names
        self._city = city

    async def named(self, is_them: Named) -> list[str]:
        """The ids of plans with edits by them."""
        return [plan.id for _, plan in await self._found(is_them)]

    async def forget(self, is_them: Named) -> int:
        """Take their name out of every edit; of how many plans."""
        found = await self._found(is_them)
        for entity_id, _ in found:
            write = Write(entity_id, self._without(is_them))
            [outcome] = await self._broker.store.write([write], cause=CAUSE)
            if outcome.error is not None:
                raise outcome.error
            # Older states of the edits say it still; each is contained in the present one.
            edits = Retraction(entity_id, self._names.expand("edits"), every=True)
            await self._broker.retract(edits, cause=CAUSE)
        return len(found)

    async def _found(self, is_them: Named) -> list[tuple[str, JointPlan]]:
        read = [
            (one.id, joint_plan.plan_of(one, self._names.expand))
            async for one in gather.entities(self._broker, self._names.expand(JOINT_PLAN))
        ]
        return [
            (name, plan)
            for name, plan in read
            if plan is not None and any(one.by and is_them(one.by) for one in plan.edits)
        ]

    def _without(self, is_them: Named) -> Callable[[Entity | None, datetime], Entity | None]:
        """From the state at the moment of writing: an edit that somebody makes meanwhile is kept."""

        def decide(before: Entity | None, at: datetime) -> Entity | None:
            plan = None if before is None else joint_plan.plan_of(before, self._names.expand)
            if plan is None:
                return before
            edits = tuple(replace(one, by="") if one.by and is_them(one.by) else one for one in plan.edits)
            made = joint_plan.entity(replace(plan, edits=edits), self._city, self._names.expand)
            return merge.upsert_replace(made)(before, at)

        return decide
