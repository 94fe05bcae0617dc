"""Learns one model with several cities: asks each for gradients round by round, under its agreement, and judges it.

Whoever coordinates is one of the cities; its own data are asked by the same package in the same jail. A partner's
steward approves the package once; every round after that is a use that counts, is metered and is on record at both.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.analysis.computing.declaration import weights_of
from sympolis.dataspace.computing.asking import Asking
from sympolis.dataspace.computing.computation import Asked, State
from sympolis.dataspace.computing.package import DECLARATION, make_package
from sympolis.dataspace.computing.providing import Frames, Providing
from sympolis.dataspace.contracts.exchange import new_id, now
from sympolis.dataspace.learning import handing
from sympolis.dataspace.learning.gradients import Descent
from sympolis.dataspace.learning.judging import judged
from sympolis.dataspace.learning.plan import Member, Plan, read_plan
from sympolis.dataspace.records import Records
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.analysis.computing.declaration import ForecastLearning

log = logging.getLogger(__name__)

KIND: Final = "learning"
ENOUGH: Final = 1e-6
"""The residual at which weights are as good as found."""
MOST_AT_ONCE: Final = 4
_LOOKS_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
_MOST_LOOKS: Final = 10_000
"""A steward may take a week."""

HandIn = Callable[[bytes, str, str], Awaitable[dict[str, Any]]]
"""Keeps a package as a draft and has it validated: its content, by whom, why."""


class Stage(StrEnum):
    """How far it has come."""

    WAITING = "waiting"
    """For a partner's steward."""
    LEARNING = "learning"
    DONE = "done"
    FAILED = "failed"


class Learning(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is learnt, as it is kept. ``members`` hold agreements, computations and errors city by city."""

    id: str
    at: datetime
    changed: datetime
    by: str
    plan: dict[str, Any]
    state: Stage = Stage.WAITING
    why: str = ""
    rounds: int = 0
    residual: float = 1.0
    weights: list[float] = []
    members: list[dict[str, Any]] = []
    model: dict[str, Any] | None = None


class Coordinator:
    """See the module. ``hand_in`` takes the model; None where there is no place for learned models."""

    def __init__(
        self,
        asking: Asking,
        providing: Providing,
        frames: Frames,
        records: Records,
        *,
        hand_in: HandIn | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._asking = asking
        self._providing = providing
        self._frames = frames
        self._records = records
        self._hand_in = hand_in
        self._sleep = sleep
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def all(self) -> list[Learning]:
        """Newest first."""
        return sorted(self._records.all(KIND, Learning), key=lambda one: one.at, reverse=True)

    def get(self, learning_id: str) -> Learning:
        """One of them. Raises ``NotFound``."""
        found = self._records.find(KIND, learning_id, Learning)
        if found is None:
            raise errors.NotFound("there is no such learning", where=learning_id)
        return found

    async def wait(self, learning_id: str, timeout_s: float) -> Learning:
        """It, once it is over, or as it is when the time is."""
        task = self._under_way.get(learning_id)
        if task is not None and timeout_s > 0:
            await asyncio.wait([task], timeout=timeout_s)
        return self.get(learning_id)

    def begin(self, document: dict[str, Any], *, by: str) -> Learning:
        """Begin to learn. Raises ``BadRequestData`` for a plan with a mistake, ``Conflict`` where enough is learnt."""
        plan = read_plan(document)
        if len(self._under_way) >= MOST_AT_ONCE:
            raise errors.Conflict(
                f"{MOST_AT_ONCE} models are being learnt already", hint="wait for one of them"
            )
        at = now()
        members = [
            {"partner": one.partner, "dataset": one.asset, "agreement": one.agreement, "computations": []}
            for one in plan.members
        ]
        one = Learning(id=new_id(), at=at, changed=at, by=by, plan=msgspec.to_builtins(plan), members=members)
        self._keep(one)
        task = asyncio.ensure_future(self._learnt(one, plan))
        self._under_way[one.id] = task
        task.add_done_callback(lambda _: self._under_way.pop(one.id, None))
        return one

    def open(self) -> None:
        """What was being learnt when the server ended is not gone on with."""
        for one in self._records.all(KIND, Learning):
            if one.state in (Stage.WAITING, Stage.LEARNING):
                self._keep(msgspec.structs.replace(one, state=Stage.FAILED, why="the server ended meanwhile"))

    async def close(self) -> None:
        """Stop."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- learning

    async def _learnt(self, one: Learning, plan: Plan) -> None:
        try:
            weights = await self._rounds(one, plan)
            done = await self._judged(self.get(one.id), plan, weights[:-1])
            self._keep(await self._handed_in(done, plan))
        except (errors.SympolisError, OSError, KeyError, TypeError, ValueError) as problem:
            why = problem.message if isinstance(problem, errors.SympolisError) else f"{problem}"
            log.warning("learning failed: %s", why, extra={"action": "learn", "learning": one.id})
            self._keep(msgspec.structs.replace(self.get(one.id), state=Stage.FAILED, why=why[:2000]))

    async def _rounds(self, one: Learning, plan: Plan) -> list[list[float]]:
        """The common weights for each origin, and last those of the whole history."""
        import numpy as np

        algorithm = _algorithm(plan)
        count = weights_of(algorithm)
        descent = Descent(plan.origins + 1, count, plan.ridge)
        most = 2 * count + 2
        while descent.residual > ENOUGH and descent.rounds < most:
            parameters = {"step": "round", "weights": descent.at}
            answers = await self._everybody(one, plan, parameters)
            one = self.get(one.id)
            gradients = [
                [[row[f"g{place}"] for place in range(count)] for row in said["gradients"]]
                for said in answers
            ]
            if any(len(rows) != plan.origins + 1 for rows in gradients):
                raise errors.SourceFailed("a city left origins out", where="gradients")
            descent.take(np.asarray(gradients).sum(axis=0))
            one = msgspec.structs.replace(
                one, state=Stage.LEARNING, rounds=descent.rounds, residual=descent.residual
            )
            self._keep(one)
        found: list[list[float]] = descent.weights.tolist()
        self._keep(msgspec.structs.replace(one, weights=found[-1]))
        return found

    async def _judged(self, one: Learning, plan: Plan, weights: list[list[float]]) -> Learning:
        """With every city's errors on days that no model had seen."""
        parameters = {"step": "errors", "weights": weights}
        answers = await self._everybody(one, plan, parameters)
        one = self.get(one.id)
        members = [
            {**member, "evaluation": judged(said["errors"])}
            for member, said in zip(one.members, answers, strict=True)
        ]
        found = msgspec.structs.replace(one, members=members)
        self._keep(found)
        return found

    async def _handed_in(self, one: Learning, plan: Plan) -> Learning:
        if self._hand_in is None:
            return msgspec.structs.replace(
                one, state=Stage.DONE, why="there is no place for learned models here"
            )
        content = handing.package(plan, one.weights, msgspec.to_builtins(one), owner=one.by or "the city")
        partners = sum(bool(member["partner"]) for member in one.members)
        why = (
            f"learnt with {partners} partners: {one.id}" if partners else f"learnt of our own data: {one.id}"
        )
        try:
            model = await self._hand_in(content, one.by, why)
        except errors.SympolisError as problem:
            return msgspec.structs.replace(
                one, state=Stage.DONE, why=f"not handed in: {problem.message}"[:2000]
            )
        return msgspec.structs.replace(one, state=Stage.DONE, model=model)

    # --- asking

    async def _everybody(
        self, one: Learning, plan: Plan, parameters: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Each city's outputs, in the plan's order; all are asked at once."""
        return await asyncio.gather(
            *(self._asked(one.id, number, plan, parameters) for number in range(len(plan.members)))
        )

    async def _asked(
        self, learning: str, number: int, plan: Plan, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        member = plan.members[number]
        files = {DECLARATION: msgspec.json.encode(plan.declaration(member))}
        if not member.partner:
            package = make_package(files)
            frame = await self._frames.frame(member.asset, package.declaration, "")
            checked, _ = await self._providing.computed(package, frame, parameters)
            return checked.tables
        asked = await self._asking.submit(
            member.partner,
            member.asset,
            files,
            parameters=parameters,
            agreement=member.agreement,
            by="learning",
        )
        self._noted(learning, number, asked)
        return await self._released(asked, member)

    async def _released(self, asked: Asked, member: Member) -> dict[str, Any]:
        """The outputs, once they are there. Raises ``Conflict`` where the partner does not let them out."""
        for look in range(_MOST_LOOKS):
            if asked.state.is_over:
                break
            await self._sleep(_LOOKS_S[min(look, len(_LOOKS_S) - 1)])
            asked = await self._asking.look(asked.id)
        if asked.state is not State.RELEASED or asked.outputs is None:
            raise errors.Conflict(f"the computation is {asked.state}: {asked.why}", where=member.partner)
        return asked.outputs

    # --- keeping

    def _noted(self, learning: str, number: int, asked: Asked) -> None:
        one = self.get(learning)
        members = list(one.members)
        mine = members[number]
        members[number] = {
            **mine,
            "agreement": asked.agreement,
            "computations": [*mine["computations"], asked.id],
        }
        self._keep(msgspec.structs.replace(one, members=members))

    def _keep(self, one: Learning) -> None:
        self._records.keep(KIND, one.id, msgspec.structs.replace(one, changed=now()))


def _algorithm(plan: Plan) -> ForecastLearning:
    found: ForecastLearning = plan.declaration(plan.members[0]).algorithm  # type: ignore[assignment]
    return found
