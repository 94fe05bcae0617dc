"""What a citizen builds, computed: within the planner's bounds, by the city's own services, under a quota of its own.

The planner opens a service to the participants of a project; each of them has one run under way and some CPU seconds a
day (``quotas``), behind everybody who works here. What they may see besides stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sympolis.context import gated
from sympolis.context.allowance import Allowance
from sympolis.decision.participation.bounds import checked_levers
from sympolis.decision.participation.project import ProjectPlan
from sympolis.domain import errors
from sympolis.orchestration.desk import Desk

Json = dict[str, Any]
_BEHIND: Final = 3
"""Priority in the queue for workers: after every role's."""
_OF_A_RUN: Final = (
    "id",
    "status",
    "progress",
    "model",
    "model_version",
    "finished_at",
    "warnings",
    "warning_texts",
)
_OF_A_FIGURE: Final = ("name", "title", "unit", "decimals", "base", "with", "change", "verdict")


class WhatIfs:
    """See the module."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def start(self, plan: ProjectPlan, levers: Any, *, author: str) -> tuple[str, dict[str, float]]:
        """Begin (or find) the run of these levers; its id and the levers as they count.

        Raises ``BadRequestData`` beyond the bounds, ``QuotaExceeded``, ``Conflict`` where the project opens none.
        """
        if plan.what_if is None:
            raise errors.Conflict("this project opens no what-if", where="project")
        found = checked_levers(plan.what_if, levers)
        with _for(Allowance(f"voice:{author}", 1, plan.what_if.cpu_s_per_day, _BEHIND)):
            run = await self._desk.start_service(plan.what_if.service, found)
        return str(run["id"]), found

    async def told(self, run: str, *, service: str = "") -> Json | None:
        """A run and what it changes against today, as everybody reads it; None where it is gone, or no ``service``'s.

        Other runs are for those who may read results.
        """
        try:
            document = await self._desk.run(run)
        except errors.NotFound:
            return None
        if service and document["service"] != service:
            return None
        base = document.get("baseline")
        found = {name: document.get(name) for name in _OF_A_RUN}
        if document["status"] != "done" or base in (None, run):
            return {**found, "figures": [], "text": {}}
        compared = await self._desk.compare(base, run)
        figures = [{name: one.get(name) for name in _OF_A_FIGURE} for one in compared["indicators"]]
        return {**found, "figures": figures, "text": compared["text"]}

    async def levers(self, plan: ProjectPlan) -> list[Json]:
        """The levers that are open, with their titles and units, within the project's bounds."""
        if plan.what_if is None:
            return []
        service = await self._desk.service(plan.what_if.service)
        known: Mapping[str, Json] = {one["name"]: one for one in service["levers"]}
        return [
            {**known[one.name], "low": one.low, "high": one.high}
            for one in plan.what_if.levers
            if one.name in known
        ]


@contextmanager
def _for(allowance: Allowance) -> Iterator[None]:
    before = gated.current()
    gated.read_as(_Participant(before, allowance))
    try:
        yield
    finally:
        gated.read_as(before)


class _Participant:
    """Whoever asks, with an allowance of the project in place of that of their roles."""

    def __init__(self, reading: gated.Reading, allowance: Allowance) -> None:
        self._reading = reading
        self.allowance = allowance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reading, name)
