"""Every ensemble member ever computed, found again by what it depends on.

Results are kept under ``members/<2 digits>/<key>.{npz,json}``. The key covers the model and its version, the data
version, calibration, parameters, overrides, window, mode and seed: everything that a result depends on.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from sympolis.analysis import ensemble
from sympolis.domain import errors
from sympolis.domain.scenario import Override, Window
from sympolis.orchestration import files, member_files
from sympolis.orchestration.model_desk import Ready
from sympolis.orchestration.pruning import MOST_BYTES, Pruned, prune
from sympolis.orchestration.release import release
from sympolis.orchestration.request import Request
from sympolis.orchestration.run import Run
from sympolis.plugins.simulator import Member, MemberResult


class MemberLibrary:
    """Names members and keeps their results under ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self, ready: Ready, member: Member) -> str:
        """The name of one member's result."""
        named = msgspec.to_builtins(member)
        del named["linked"]  # follows from the links
        for link in named["links"].values():
            if not link["lines"]:
                del link["lines"]  # results keep the names they had before units were converted on the way
        if not member.links:
            del named["links"]  # and models that stand alone those they had before there were chains
        return files.key([ready.setup.simulator, release(ready.simulator), ready.data_version, named])

    def question(self, ready: Ready, plan: ensemble.Design) -> str:
        """The name of the whole ensemble, whatever its size.

        All members follow from the first one and from the ranges over which the others vary.
        """
        return files.key([self.key(ready, ensemble.member(plan, 0)), ensemble.uncertain_names(plan)])

    def stem(self, key: str) -> Path:
        """Where a member's files are, without their endings."""
        return self._folder / key[:2] / key

    def has_first(self, ready: Ready, plan: ensemble.Design) -> bool:
        """Whether the first member of this very question is kept."""
        return member_files.exists(self.stem(self.key(ready, ensemble.member(plan, 0))))

    def has(self, run: Run) -> bool:
        """Whether all members of a finished run are kept."""
        return all(member_files.exists(self.stem(key)) for key in run.member_keys)

    async def find(self, key: str) -> MemberResult | None:
        """A member's result, if it is kept and sound; it then counts as used now."""
        return await asyncio.to_thread(self._used, self.stem(key))

    def _used(self, stem: Path) -> MemberResult | None:
        found = member_files.load(stem)
        if found is not None:
            facts = stem.with_suffix(".json")
            with suppress(OSError):  # said here, because many disks do not note when a file was read
                os.utime(facts, ns=(time.time_ns(), facts.stat().st_mtime_ns))
        return found

    async def prune(self, kept: Sequence[Run], since: datetime, most_bytes: int = MOST_BYTES) -> Pruned:
        """Let go of members that no kept run rests on, where the library is beyond its bound; see ``pruning``."""
        protected = frozenset(key for run in kept for key in run.member_keys)
        return await asyncio.to_thread(
            prune, self._folder, protected, since=since.timestamp(), most_bytes=most_bytes
        )

    async def of(self, run: Run) -> list[MemberResult]:
        """The results of a finished run's members. Raises ``NotFound`` where they were deleted."""
        found = await asyncio.to_thread(lambda: [member_files.load(self.stem(k)) for k in run.member_keys])
        kept = [result for result in found if result is not None]
        if len(kept) < len(found):
            text = "results of this run are no longer kept"
            raise errors.NotFound(text, where=run.id, hint="start it again")
        return kept


def plan_of(ready: Ready, window: Window, overrides: Sequence[Override], request: Request) -> ensemble.Design:
    """What an ensemble's members have in common and what varies between them."""
    common = ensemble.Design(
        seed=request.seed,
        window=window,
        mode=request.mode,
        fixed={},
        uncertain=(),
        overrides=tuple(overrides),
        calibration=ready.calibration.result.parameters if ready.calibration else {},
        links=request.links,
    )
    simulator = ready.simulator
    return ensemble.design(simulator.parameters, simulator.measures, ready.setup.parameters, common)
