"""Keeps where each dataset is in its life, and says what the public may know of.

A dataset begins in the stage that the city's package gives it: released where ``policies/release.toml`` covers it,
else a draft. From the first step on, what people decided counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from sympolis.domain import errors
from sympolis.governance.lifecycle.stages import RIGHTS, Stage, Step, next_stages
from sympolis.governance.policy.release import ReleaseState

_LOOK_EVERY_S: Final = 1.0


class StepKeeping(Protocol):
    """Keeps the steps of datasets (see ``identity.directory``); another process may add some at any time."""

    def steps(self) -> Mapping[str, tuple[Step, ...]]: ...

    def add_step(self, dataset: str, step: Step, *, after: int) -> bool: ...

    def version(self) -> int: ...


class Lifecycle:
    """See the module. It is a ``ReleaseState``."""

    def __init__(
        self,
        keeping: StepKeeping,
        packaged: ReleaseState,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keeping = keeping
        self._packaged = packaged
        self._clock = clock
        self._monotonic = monotonic
        self._looked = float("-inf")
        self._version = -1
        self._steps: Mapping[str, tuple[Step, ...]] = {}

    def is_released(self, dataset: str) -> bool:
        """See ``ReleaseState``."""
        return self.stage(dataset).is_public

    def stage(self, dataset: str) -> Stage:
        """Where a dataset is now; at most a second old."""
        steps = self.history(dataset)
        if steps:
            return steps[-1].stage
        return Stage.RELEASED if self._packaged.is_released(dataset) else Stage.DRAFT

    def history(self, dataset: str) -> tuple[Step, ...]:
        """Every step of a dataset, oldest first; none where its stage is still that of the package."""
        now = self._monotonic()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            if (version := self._keeping.version()) != self._version:
                self._steps, self._version = self._keeping.steps(), version
        return self._steps.get(dataset, ())

    def right_for(self, dataset: str, to: Stage) -> str:
        """The right that a step to this stage needs. Raises ``Conflict`` where there is no such step from here."""
        stage = self.stage(dataset)
        right = RIGHTS.get((stage, to))
        if right is None:
            raise errors.Conflict(
                f"{dataset} is {stage}: it cannot become {to}",
                where="stage",
                hint=f"possible now: {', '.join(next_stages(stage))}",
            )
        return right

    def move(self, dataset: str, to: Stage, *, by: str, why: str) -> Step:
        """Take a step. Raises ``Conflict`` where there is no such step from here, or somebody was faster."""
        self._looked = float("-inf")
        self.right_for(dataset, to)
        step = Step(to, self._clock(), by, why)
        if not self._keeping.add_step(dataset, step, after=len(self.history(dataset))):
            raise errors.Conflict(
                f"somebody else has just changed the stage of {dataset}", where="stage", hint="look again"
            )
        self._looked = float("-inf")
        return step
