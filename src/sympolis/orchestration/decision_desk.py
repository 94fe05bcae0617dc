"""Decision files put together from what the twin computed: evidence is gathered when somebody decides, and sealed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from sympolis.decision import dossier
from sympolis.decision.dossier import Decision, Kind, Outcome, Seal, Sealing
from sympolis.decision.shelf import Shelf
from sympolis.domain import errors
from sympolis.orchestration.aftermath import Aftermath
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.evidence import Evidence

Json = dict[str, Any]
Contributions = Callable[[Sequence[str]], Awaitable[list[Json]]]
"""What people said, by id, as it reads now. Raises ``NotFound`` for one that is not there."""


async def no_contributions(ids: Sequence[str]) -> list[Json]:
    """Where nobody can contribute, nothing is to be cited. Raises ``NotFound``."""
    if ids:
        raise errors.NotFound(f"there is no contribution {ids[0][:60]}", where="contributions")
    return []


class DecisionDesk:
    """The decision files of a twin. One change at a time: two who decide at once do not both decide."""

    def __init__(
        self,
        desk: Desk,
        shelf: Shelf,
        sealing: Sealing,
        aftermath: Aftermath,
        *,
        contributions: Contributions = no_contributions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._evidence = Evidence(desk)
        self._shelf = shelf
        self._sealing = sealing
        self._aftermath = aftermath
        self._contributions = contributions
        self._now = now
        self._lock = asyncio.Lock()

    def list(self) -> list[Decision]:
        """Every file, newest first."""
        return self._shelf.all()

    def get(self, decision: str) -> Decision:
        """One file. Raises ``NotFound``."""
        return self._shelf.get(decision)

    async def open(self, draft: Mapping[str, Any], *, by: str) -> Decision:
        """A new draft. ``draft``: ``title``, ``question``, ``runs``, ``contributions``, ``notes``.

        Raises ``NotFound`` for a run or contribution that is not there, ``Conflict`` for a run that is not finished.
        """
        now = self._now()
        found = Decision(
            id=f"decision-{now:%Y%m%d}-{secrets.token_hex(4)}",
            author=by,
            created_at=now,
            modified_at=now,
            **await self._checked(draft),
        )
        self._shelf.keep(found)
        return found

    async def edit(self, decision: str, draft: Mapping[str, Any]) -> Decision:
        """Change a draft. Raises as ``open``, and ``Conflict`` for a file that was decided."""
        async with self._lock:
            found = self._draft(decision)
            changes = await self._checked(draft)
            changed = msgspec.structs.replace(found, modified_at=self._now(), **changes)
            self._shelf.keep(changed)
        return changed

    def discard(self, decision: str) -> None:
        """Throw a draft away. Raises ``NotFound``, ``Conflict`` for a file that was decided."""
        self._shelf.remove(self._shelf.get(decision))

    async def decide(
        self, decision: str, outcome: Outcome, *, run: str | None, reasons: str, by: str
    ) -> Decision:
        """Decide, and seal the file with its evidence as it stands at this moment.

        ``run``: the one whose scenario is adopted. Raises ``NotFound``, ``Conflict`` (decided already),
        ``BadRequestData`` (a run that the file does not compare).
        """
        async with self._lock:
            found = self._draft(decision)
            if run is not None and run not in found.runs:
                raise errors.BadRequestData(
                    "is not one of the runs that this file compares", where="run", hint=", ".join(found.runs)
                )
            if outcome is Outcome.ADOPTED and run is None:
                raise errors.BadRequestData("what is adopted has to be named", where="run")
            content = await self._gathered(found)
            content["decision"] = {"outcome": outcome, "run": run, "reasons": reasons}
            seal = Seal(kind=Kind.DECISION, at=self._now(), by=by, content=content)
            closed = dossier.sealed(found, seal, self._sealing)
            self._shelf.keep(closed)
        return closed

    async def measure(self, decision: str, since: date, until: date | None = None, *, by: str) -> Decision:
        """Hold what was measured since a measure began against what had been computed, and seal it, too.

        Raises ``NotFound``, ``Conflict`` where nothing was adopted, ``BadRequestData`` for days in the future.
        """
        async with self._lock:
            found = self._shelf.get(decision)
            adopted = _adopted(found)
            computed = found.seals[0].content["comparisons"]
            expected: Sequence[Json] = next(
                (one["indicators"] for one in computed if one["with"] == adopted), []
            )
            content = await self._aftermath.measured(expected, since, until, now=self._now())
            seal = Seal(kind=Kind.MEASURED, at=self._now(), by=by, content=content)
            grown = dossier.sealed(found, seal, self._sealing)
            self._shelf.keep(grown)
        return grown

    async def verify(self, decision: str) -> Json:
        """Whether every seal holds, and whether the runs it rests on still say what they said."""
        found = self._shelf.get(decision)
        broken = dossier.faults(found, self._sealing)
        runs = found.seals[0].content["runs"] if found.seals else []
        standing = [
            {"run": one["id"], "results": await self._evidence.standing(one["id"], one["results_sha256"])}
            for one in runs
        ]
        altered = [one["run"] for one in standing if one["results"] == "altered"]
        faults = [*broken, *(f"the results of {run} are not those that were sealed" for run in altered)]
        return {
            "decision": found.id,
            "sealed": found.is_sealed,
            "intact": not faults,
            "faults": faults,
            "runs": standing,
        }

    # ------------------------------------------------------------------------------------------------------------------

    def _draft(self, decision: str) -> Decision:
        found = self._shelf.get(decision)
        if found.is_sealed:
            raise errors.Conflict(
                "this was decided and does not change any more", where="decision", hint="open a new file"
            )
        return found

    async def _checked(self, draft: Mapping[str, Any]) -> Json:
        """The draft's members, all of whose runs are finished and whose contributions are there."""
        runs = tuple(dict.fromkeys(draft["runs"]))
        for run in runs:
            await self._evidence.finished(run)
        contributions = tuple(dict.fromkeys(draft["contributions"]))
        await self._contributions(contributions)
        return {**draft, "runs": runs, "contributions": contributions}

    async def _gathered(self, found: Decision) -> Json:
        return {
            "title": found.title,
            "question": found.question,
            "notes": found.notes,
            "author": found.author,
            "runs": [await self._evidence.cited(run) for run in found.runs],
            "comparisons": [
                one for run in found.runs if (one := await self._evidence.compared(run)) is not None
            ],
            "contributions": await self._contributions(found.contributions),
        }


def _adopted(found: Decision) -> str:
    run = found.seals[0].content["decision"]["run"] if found.seals else None
    if found.status != Outcome.ADOPTED or run is None:
        raise errors.Conflict("nothing was adopted that could be measured", where="decision")
    return str(run)
