"""Yes or no: what several policies together say about one request. Nothing is allowed that no rule permits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sympolis.governance.policy.evaluation import PolicyReport, RuleReport, evaluate
from sympolis.governance.policy.model import Conflict, Duty, Policy, RuleKind
from sympolis.governance.policy.world import DutyState, Request, World


class Ground(StrEnum):
    """Why a decision is as it is."""

    PERMITTED = "permitted"
    PROHIBITED = "prohibited"
    CONFLICT = "conflict"
    NOTHING_PERMITS = "nothing permits it"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a request, with everything that led to it.

    ``permissions``: the rules that allow it; their uses are to be counted once it is done. ``duties``: what whoever
    makes use of it still has to do.
    """

    ground: Ground
    reports: tuple[PolicyReport, ...]
    permissions: tuple[RuleReport, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.ground is Ground.PERMITTED

    @property
    def duties(self) -> tuple[Duty, ...]:
        return tuple(
            duty
            for report in self.permissions
            for duty, state in report.duties
            if state is not DutyState.FULFILLED
        )


def decide(policies: Iterable[Policy], request: Request, world: World) -> Decision:
    """Whether ``request`` is allowed. A prohibition of one policy outweighs the permissions of all others."""
    reports = tuple(evaluate(policy, request, world) for policy in policies)
    grounds = [_ground(report) for report in reports]
    for ground in (Ground.CONFLICT, Ground.PROHIBITED, Ground.PERMITTED):
        if ground in grounds:
            break
    else:
        ground = Ground.NOTHING_PERMITS
    permissions = (rule for report in reports for rule in report.active(RuleKind.PERMISSION))
    return Decision(ground, reports, tuple(permissions) if ground is Ground.PERMITTED else ())


def _ground(report: PolicyReport) -> Ground:
    """What one policy says, by its own strategy for conflicts (section 2.10)."""
    permitted = bool(report.active(RuleKind.PERMISSION))
    prohibited = bool(report.active(RuleKind.PROHIBITION))
    if permitted and prohibited:
        return _CONFLICTS[report.policy.conflict]
    if prohibited:
        return Ground.PROHIBITED
    return Ground.PERMITTED if permitted else Ground.NOTHING_PERMITS


_CONFLICTS = {
    Conflict.PERMISSION: Ground.PERMITTED,
    Conflict.PROHIBITION: Ground.PROHIBITED,
    Conflict.INVALID: Ground.CONFLICT,
}
