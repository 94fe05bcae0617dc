"""Scenarios as they are reviewed: who sees which version, which steps were taken, and taking the next.

Those who work on scenarios see the present version of each. Everybody else sees the newest version that was approved,
also while its next one is being written; a scenario without one is not there for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import msgspec

from sympolis.decision import review
from sympolis.decision.review import KEEPERS, Record, Saved, Step
from sympolis.domain import errors
from sympolis.domain.scenario import Scenario, ScenarioStatus
from sympolis.orchestration.documents import instant
from sympolis.orchestration.review_book import ReviewBook, content_of
from sympolis.orchestration.scenario_desk import ScenarioDesk

Json = dict[str, Any]


class Shown(Protocol):
    """Makes JSON of a scenario; ``exact``: with a run of this very version, not of a later one."""

    def __call__(self, scenario: Scenario, *, exact: bool) -> Json: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, as far as it matters here: a subject's id and their rights."""

    id: str
    rights: frozenset[str]

    @property
    def keeps(self) -> bool:
        """Whether they work on scenarios."""
        return not self.rights.isdisjoint(KEEPERS)


class ReviewDesk:
    """See the module. ``known`` says whether people are asked who they are; ``shown`` is a scenario as JSON."""

    def __init__(
        self,
        scenarios: ScenarioDesk,
        book: ReviewBook,
        shown: Shown,
        now: Callable[[], datetime],
    ) -> None:
        self._scenarios = scenarios
        self._book = book
        self._shown = shown
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        self.known = False

    # --- looking ------------------------------------------------------------------------------------------------------

    async def list(self, asking: Asking, statuses: Collection[ScenarioStatus] = ()) -> list[Json]:
        """Every scenario as ``asking`` may see it, the city's own first; only those in ``statuses``, if any."""
        pairs = [(one, self._seen(one, asking)) for one in await self._scenarios.list_scenarios()]
        return [
            self._shown(seen, exact=seen is not present)
            for present, seen in pairs
            if seen is not None and (not statuses or seen.status in statuses)
        ]

    async def get(self, scenario_id: str, asking: Asking) -> Json:
        """One scenario as ``asking`` may see it. Raises ``NotFound``, also for what is kept from them."""
        present = await self._scenarios.get(scenario_id)
        seen = await self._visible(scenario_id, asking)
        return self._shown(seen, exact=seen.version != present.version)

    async def version(self, scenario_id: str, number: int, asking: Asking) -> Json:
        """A version as it was. Raises ``NotFound``; who only reads sees those that are approved."""
        await self._visible(scenario_id, asking)
        present = await self._scenarios.get(scenario_id)
        found = present if number == present.version else self._as_it_was(scenario_id, number)
        if found is None or not (asking.keeps or found.status.is_approved):
            raise errors.NotFound(f"{scenario_id} has no version {number} here", where="version")
        return self._shown(found, exact=True)

    async def review(self, scenario_id: str, asking: Asking) -> Json:
        """The steps so far, the versions, and where ``asking`` may take it. Raises ``NotFound``."""
        seen = await self._visible(scenario_id, asking)
        record = self._book.find(scenario_id)
        return {
            "scenario": seen.id,
            "title": dict(seen.title),
            "status": str(seen.status),
            "version": seen.version,
            "approved_version": record.approved_version,
            "mine": bool(record.owner) and record.owner == asking.id,
            "next": [str(one) for one in self._next(seen, asking)],
            "steps": [_step(one, asking) for one in record.steps if asking.keeps or one.status.is_approved],
            "versions": [_saved(one, record) for one in self._book.versions(scenario_id)]
            if asking.keeps
            else [],
        }

    # --- taking a step ------------------------------------------------------------------------------------------------

    async def move(
        self, scenario_id: str, to: ScenarioStatus, *, why: str, asking: Asking, version: int | None = None
    ) -> Json:
        """Take a step with the present version; the review after it.

        ``version``: the one that was looked at. Raises ``NotFound``, ``Conflict`` (no such step from here, another
        version, a scenario of the city package), ``Forbidden``.
        """
        async with self._one_at_a_time:
            present = await self._movable(scenario_id, asking, version)
            record = self._book.find(scenario_id)
            review.check_step(
                present.status,
                to,
                rights=asking.rights,
                by=asking.id,
                makers=self._makers(present, record),
                known=self.known,
            )
            await self._scenarios.mark(present, to)
            at, content = self._now(), content_of(present)
            step = Step(status=to, version=present.version, at=at, by=asking.id, why=why, content=content)
            self._book.save(present, by=record.owner, at=present.modified_at or at)
            record = self._book.find(scenario_id)
            self._book.keep(msgspec.structs.replace(record, steps=(*record.steps, step)))
        return await self.review(scenario_id, asking)

    # ------------------------------------------------------------------------------------------------------------------

    async def _movable(self, scenario_id: str, asking: Asking, version: int | None) -> Scenario:
        await self._visible(scenario_id, asking)
        if not asking.keeps:
            said = f"steps of scenarios need one of the rights {', '.join(KEEPERS)}"
            raise errors.Forbidden(said, where="status", hint="see /api/identity/roles")
        self._scenarios.refuse_builtin(scenario_id)
        present = await self._scenarios.get(scenario_id)
        if version is not None and version != present.version:
            said = f"you looked at version {version}, it is now {present.version}"
            raise errors.Conflict(said, where="version", hint="look at it again, then decide")
        return present

    async def _visible(self, scenario_id: str, asking: Asking) -> Scenario:
        found = self._seen(await self._scenarios.get(scenario_id), asking)
        if found is None:
            raise errors.NotFound(f"there is no scenario {scenario_id!r}", where="scenario")
        return found

    def _seen(self, scenario: Scenario, asking: Asking) -> Scenario | None:
        """What ``asking`` sees of a scenario: the present version, the approved one, or nothing."""
        if asking.keeps or scenario.status.is_approved:
            return scenario
        approved = self._book.find(scenario.id).approved_version
        return None if approved is None else self._as_it_was(scenario.id, approved)

    def _as_it_was(self, scenario_id: str, number: int) -> Scenario | None:
        saved = self._book.version(scenario_id, number)
        if saved is None:
            return None
        found = msgspec.convert(saved.scenario, Scenario)
        return replace(found, status=self._book.status(found))

    def _next(self, scenario: Scenario, asking: Asking) -> Sequence[ScenarioStatus]:
        """Where ``asking`` may take it: nowhere for a scenario of the package, which is read-only."""
        if self._scenarios.is_builtin(scenario.id) or not asking.keeps:
            return []
        makers = self._makers(scenario, self._book.find(scenario.id))
        own = self.known and asking.id in makers
        ways = review.next_statuses(scenario.status, asking.rights)
        return [one for one in ways if not (own and one in review.SECOND)]

    def _makers(self, scenario: Scenario, record: Record) -> frozenset[str]:
        """Who wrote or submitted the present version."""
        saved = self._book.version(scenario.id, scenario.version)
        writer = saved.by if saved is not None else record.owner
        return record.makers(scenario.version) | ({writer} - {""})


def _step(step: Step, asking: Asking) -> Json:
    """Who took it is told to those who work on scenarios."""
    return {
        "status": str(step.status),
        "version": step.version,
        "at": instant(step.at),
        "by": step.by if asking.keeps else None,
        "why": step.why,
    }


def _saved(one: Saved, record: Record) -> Json:
    last = next((step for step in reversed(record.steps) if step.version == one.version), None)
    return {
        "version": one.version,
        "at": instant(one.at),
        "by": one.by,
        "status": str(last.status if last is not None else ScenarioStatus.DRAFT),
        "title": one.scenario["title"],
    }
