"""Computes the members of an ensemble in worker processes, block after block, none of them twice."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sympolis.analysis import ensemble
from sympolis.domain import errors
from sympolis.orchestration.member_library import MemberLibrary
from sympolis.orchestration.model_desk import Ready
from sympolis.orchestration.quotas import Quotas, priority
from sympolis.orchestration.workers import Executor, Progress
from sympolis.plugins.simulator import Member, MemberResult

PRIORITY: Mapping[str, int] = {"interactive": 0, "job": 1}

Report = Callable[[float, int, int], None]
"""Called with (share done 0..1, members done, members planned so far)."""

Grown = Callable[[Sequence[MemberResult]], None]
"""Called with all results there are so far."""

_Done = tuple[MemberResult, float | None]
"""A member's result, and its cost if it had to be computed."""

WORKER_DIED = "worker"
"""Where a failure lies that is the process's, not the model's: such a member is tried once more."""

ALMOST = 0.99
"""As far as a model's own progress goes: done is only what is kept."""


@dataclass(slots=True)
class Computed:
    """An ensemble's members in order; ``costs`` [CPU-s] are of those that were not in the library."""

    keys: list[str] = field(default_factory=list)
    results: list[MemberResult] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


class Execution:
    """Runs ensembles. Two that need the same member at the same time compute it once."""

    def __init__(self, pool: Executor, library: MemberLibrary, quotas: Quotas) -> None:
        self._pool = pool
        self._library = library
        self._quotas = quotas
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    def key(self, ready: Ready, member: Member) -> str:
        """What a member's result is called: by this name others are fed by it."""
        return self._library.key(ready, member)

    async def compute(
        self,
        ready: Ready,
        plan: ensemble.Design,
        policy: ensemble.Policy,
        report: Report,
        grown: Grown = lambda _: None,
    ) -> Computed:
        """Run until the ensemble is precise enough; ``grown`` hears of each member that is finished.

        The first member to fail stops the others and is raised.
        """
        made = Computed()
        while not made.results or not ensemble.enough(made.results, policy):
            indices = ensemble.next_members(len(made.results), policy)
            members = [ensemble.member(plan, index) for index in indices]
            keys = [self._library.key(ready, member) for member in members]
            meter = _Meter(report, before=indices.start, total=indices.stop)
            there = dict(enumerate(made.results))
            block = [
                self._heard(partial(self._member, ready, member, key, meter.of(index)), index, there, grown)
                for index, member, key in zip(indices, members, keys, strict=True)
            ]
            for result, cost in await _all(block):
                made.results.append(result)
                made.costs += [] if cost is None else [cost]
            made.keys += keys
        return made

    async def _heard(
        self,
        work: Callable[[], Coroutine[Any, Any, _Done]],
        index: int,
        there: dict[int, MemberResult],
        grown: Grown,
    ) -> _Done:
        """The member, once ``grown`` was told of all there are, in their order."""
        result, cost = await work()
        there[index] = result
        grown([there[number] for number in sorted(there)])
        return result, cost

    async def figures(
        self, ready: Ready, members: Sequence[Member], report: Report
    ) -> list[tuple[Mapping[str, float], float | None]]:
        """The indicators of members in any order, and each one's cost [CPU-s] where it had to be computed."""
        meter = _Meter(report, before=0, total=len(members))

        async def one(index: int, member: Member) -> tuple[Mapping[str, float], float | None]:
            key = self._library.key(ready, member)
            result, cost = await self._member(ready, member, key, meter.of(index))
            return result.indicators, cost

        return await _all([one(index, member) for index, member in enumerate(members)])

    async def _member(self, ready: Ready, member: Member, key: str, progress: Progress) -> _Done:
        """One member's result and cost."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            result, cost = await self._library.find(key), None
            if result is None:
                cost = await self._compute(ready, member, key, progress)
                result = await self._library.find(key)
        if result is None:
            raise errors.ModelFailed("the member's result could not be read back", where=key)
        progress(1.0, "")
        return result, cost

    async def _compute(self, ready: Ready, member: Member, key: str, progress: Progress) -> float:
        task = {
            "do": "run",
            "simulator": ready.reference,
            "folder": str(ready.folder),
            "member": member,
            "stem": str(self._library.stem(key)),
            "linked": {need: str(self._library.stem(link.member)) for need, link in member.links.items()},
        }

        def under_way(share: float, text: str) -> None:
            progress(min(share, ALMOST), text)

        place = PRIORITY[member.mode] + priority()
        try:
            answer = await self._pool.run(task, priority=place, progress=under_way)
        except errors.ModelFailed as lost:
            if lost.where != WORKER_DIED:
                raise
            # The machine may have been short of memory for a moment; a model that kills its worker does so again.
            answer = await self._pool.run(task, priority=place, progress=under_way)
        self._quotas.charge(answer.cost_cpu_s)
        return answer.cost_cpu_s


class _Meter:
    """Adds up the progress of members that run side by side."""

    def __init__(self, report: Report, *, before: int, total: int) -> None:
        self._report = report
        self._before = before
        self._total = total
        self._shares: dict[int, float] = {}

    def of(self, index: int) -> Progress:
        """The progress callback of member ``index``."""

        def heard(share: float, _text: str) -> None:
            self._shares[index] = share
            done = self._before + sum(part >= 1.0 for part in self._shares.values())
            whole = (self._before + sum(self._shares.values())) / self._total
            self._report(min(whole, ALMOST), done, self._total)

        return heard


async def _all(work: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """All results in order; the first failure stops the others and is raised, once they have stopped."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
