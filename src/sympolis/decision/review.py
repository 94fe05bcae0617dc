"""A scenario's way from a draft to an adopted measure, as values: which steps there are, and who may take them.

    draft -> submitted -> reviewed -> adopted

A review may end with ``sent-back`` instead, and what is no longer wanted is ``withdrawn``. A step is about one version
with its content: whatever is changed afterwards is a draft again. Where people say who they are, nobody reviews what
they wrote or submitted themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from sympolis.domain import errors
from sympolis.domain.scenario import ScenarioStatus
from sympolis.domain.steps import read_state

WRITE: Final = "scenarios.run"
REVIEW: Final = "scenarios.review"
DECIDE: Final = "decisions.take"
KEEPERS: Final = (WRITE, REVIEW, DECIDE)
"""Rights of those who work on scenarios: to others a version is known when it is approved."""
_S = ScenarioStatus

STEPS: Final[Mapping[tuple[ScenarioStatus, ScenarioStatus], tuple[str, ...]]] = {
    (_S.DRAFT, _S.SUBMITTED): (WRITE,),
    (_S.DRAFT, _S.WITHDRAWN): (WRITE,),
    (_S.SUBMITTED, _S.DRAFT): (WRITE,),
    (_S.SUBMITTED, _S.REVIEWED): (REVIEW,),
    (_S.SUBMITTED, _S.SENT_BACK): (REVIEW,),
    (_S.SUBMITTED, _S.WITHDRAWN): (WRITE, REVIEW),
    (_S.SENT_BACK, _S.SUBMITTED): (WRITE,),
    (_S.SENT_BACK, _S.WITHDRAWN): (WRITE, REVIEW),
    (_S.REVIEWED, _S.ADOPTED): (DECIDE,),
    (_S.REVIEWED, _S.SENT_BACK): (REVIEW,),
    (_S.REVIEWED, _S.WITHDRAWN): (REVIEW,),
    (_S.ADOPTED, _S.WITHDRAWN): (DECIDE,),
    (_S.WITHDRAWN, _S.DRAFT): (WRITE,),
}
"""Every step that there is, and the rights of which one is needed (``governance/roles/roles.toml``)."""

SECOND: Final = (_S.REVIEWED, _S.SENT_BACK)
"""What a second person finds."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A version came to ``status``: when, by whom (a subject's id, '' once they are erased) and why.

    ``content`` is the digest of what the version said at that moment.
    """

    status: ScenarioStatus
    version: int
    at: datetime
    by: str
    why: str
    content: str


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A version as it was saved: its whole scenario (``domain.scenario.Scenario``), when and by whom."""

    version: int
    at: datetime
    by: str
    scenario: dict[str, Any]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is on record of a scenario: whose it is and every step, oldest first."""

    scenario: str
    owner: str = ""
    steps: tuple[Step, ...] = ()

    def status_of(self, version: int, content: str) -> ScenarioStatus:
        """Where a version is; a draft where its content is another than that which the last step was about."""
        last = self._last_of(version)
        return last.status if last is not None and last.content == content else _S.DRAFT

    @property
    def approved_version(self) -> int | None:
        """The newest version that is reviewed or adopted."""
        standing = {step.version: step.status for step in self.steps}
        return max((version for version, status in standing.items() if status.is_approved), default=None)

    @property
    def was_approved(self) -> bool:
        """Whether any version ever was."""
        return any(step.status.is_approved for step in self.steps)

    def makers(self, version: int) -> frozenset[str]:
        """Who submitted this version."""
        asked = (s.by for s in self.steps if s.version == version and s.status is _S.SUBMITTED)
        return frozenset(asked) - {""}

    def _last_of(self, version: int) -> Step | None:
        return next((step for step in reversed(self.steps) if step.version == version), None)


def next_statuses(status: ScenarioStatus, rights: Collection[str]) -> list[ScenarioStatus]:
    """Where somebody with these rights may take a scenario."""
    return [to for (begin, to), any_of in STEPS.items() if begin is status and set(any_of) & set(rights)]


def read_statuses(names: Sequence[str]) -> frozenset[ScenarioStatus]:
    """The statuses of these names. Raises ``BadRequestData``."""
    return frozenset(read_state(ScenarioStatus, name, where="status") for name in names)


def check_step(
    status: ScenarioStatus,
    to: ScenarioStatus,
    *,
    rights: Collection[str],
    by: str,
    makers: Collection[str],
    known: bool,
) -> None:
    """Raise ``Conflict`` where there is no such step, ``Forbidden`` where it needs a right or somebody else.

    ``makers`` wrote or submitted the version; ``known`` says whether people are asked who they are: else everybody is
    one person.
    """
    any_of = STEPS.get((status, to))
    if any_of is None:
        ways = ", ".join(end for begin, end in STEPS if begin is status)
        said = f"a scenario that is {status} cannot become {to}"
        raise errors.Conflict(said, where="status", hint=f"possible now: {ways}")
    if not set(any_of) & set(rights):
        said = f"making a scenario {to} needs the right {' or '.join(any_of)}"
        raise errors.Forbidden(said, where="status", hint="see /api/identity/roles")
    if known and to in SECOND and by in makers:
        said = f"who wrote or submitted a version cannot make it {to}"
        raise errors.Forbidden(said, where="status", hint="somebody else has to look at it")
