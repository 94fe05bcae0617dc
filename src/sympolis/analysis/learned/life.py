"""The life of a version of a learned model, as values: who may take it on, and what must have happened before.

    draft -> validated -> staged -> deployed -> retired

It is validated by a machine (it gives what its own examples say), staged and deployed by people who say why. Where
people say who they are, nobody deploys what they handed in themselves. Of each name one version is deployed; the next
one takes its place, and it goes back to being staged, from where it can return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sympolis.domain import errors


class Stage(StrEnum):
    """Where a version is in its life."""

    DRAFT = "draft"
    VALIDATED = "validated"
    STAGED = "staged"
    DEPLOYED = "deployed"
    RETIRED = "retired"

    @property
    def answers(self) -> bool:
        """Whether it can be asked: deployed by its name, staged by its version and by its keepers alone."""
        return self in (Stage.STAGED, Stage.DEPLOYED)


NEXT: Final[Mapping[Stage, tuple[Stage, ...]]] = {
    Stage.DRAFT: (Stage.VALIDATED, Stage.RETIRED),
    Stage.VALIDATED: (Stage.STAGED, Stage.RETIRED),
    Stage.STAGED: (Stage.DEPLOYED, Stage.RETIRED),
    Stage.DEPLOYED: (Stage.STAGED, Stage.RETIRED),
    Stage.RETIRED: (),
}
SIGNED: Final = (Stage.DEPLOYED,)
"""Stages that need a second person."""

KEEPERS: Final = ("models.submit", "models.release")
"""Rights of those who look after learned models: to them alone a version is known before somebody has signed for it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A version came to ``stage``: when, by whom (a subject's id) and why."""

    stage: Stage
    at: datetime
    by: str
    why: str


def is_signed(steps: Sequence[Step]) -> bool:
    """Whether somebody has ever signed for a version with these steps."""
    return any(step.stage in SIGNED for step in steps)


def check_step(stage: Stage, to: Stage, *, maker: str, by: str, known: bool) -> None:
    """Raise ``Conflict`` where there is no such step, ``Forbidden`` where it needs somebody else.

    ``maker`` handed the version in; ``known`` says whether people are asked who they are: else everybody is one person.
    """
    if to not in NEXT[stage]:
        hint = f"possible now: {', '.join(NEXT[stage]) or 'nothing'}"
        raise errors.Conflict(f"a {stage} version cannot become {to}", where="stage", hint=hint)
    if known and to in SIGNED and by == maker:
        hint = "somebody else has to look at it and sign"
        raise errors.Forbidden(f"who handed a model in cannot make it {to}", where="stage", hint=hint)
