"""Which rules of a policy are active for a request, and why (FORCE compliance report model).

A rule's *premises* are its target, its party, its action and its constraints. A permission is active where all of
them hold and none of its duties is broken; a prohibition where none of them clearly fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sympolis.governance.policy.conditions import Verdict, all_hold, any_holds, holds
from sympolis.governance.policy.model import (
    Condition,
    Constraint,
    Duty,
    Operator,
    Policy,
    Rule,
    RuleKind,
    Scope,
)
from sympolis.governance.policy.vocabulary import ODRL, action_lineage
from sympolis.governance.policy.world import DutyState, Request, World

_DEADLINES = (Operator.LT, Operator.LTEQ)


class PremiseKind(StrEnum):
    """What a premise is about."""

    TARGET = "target"
    PARTY = "party"
    ACTION = "action"
    CONSTRAINT = "constraint"


@dataclass(frozen=True, slots=True)
class Premise:
    """One premise of a rule: True = satisfied, False = not, None = nobody can tell."""

    kind: PremiseKind
    satisfied: Verdict
    condition: Condition | None = None
    """The constraint, where the premise is one."""


@dataclass(frozen=True, slots=True)
class RuleReport:
    """One rule, its premises, how it stands with its duties, and whether it applies to the request."""

    rule: Rule
    premises: tuple[Premise, ...]
    duties: tuple[tuple[Duty, DutyState], ...]
    active: bool


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """The reports on all rules of a policy, in its order."""

    policy: Policy
    rules: tuple[RuleReport, ...]

    def active(self, kind: RuleKind) -> tuple[RuleReport, ...]:
        """The active rules of a kind."""
        return tuple(report for report in self.rules if report.active and report.rule.kind is kind)


def evaluate(policy: Policy, request: Request, world: World) -> PolicyReport:
    """How each rule of ``policy`` stands for ``request`` in ``world``."""
    return PolicyReport(policy, tuple(_rule_report(rule, request, world) for rule in policy.rules))


def _rule_report(rule: Rule, request: Request, world: World) -> RuleReport:
    premises = tuple(_premises(rule, request, world))
    duties = tuple((duty, duty_state(duty, request, world)) for duty in rule.duties)
    verdict = all_hold(premise.satisfied for premise in premises)
    if rule.kind is RuleKind.PERMISSION:
        active = verdict is True and all(state is not DutyState.VIOLATED for _, state in duties)
    else:
        active = verdict is not False
    return RuleReport(rule, premises, duties, active)


def _premises(rule: Rule, request: Request, world: World) -> Iterator[Premise]:
    if rule.targets:
        yield Premise(PremiseKind.TARGET, _meant(rule.targets, request.target, request, world))
    if rule.assignees:
        yield Premise(PremiseKind.PARTY, _meant(rule.assignees, request.assignee, request, world))
    if rule.actions:
        yield Premise(PremiseKind.ACTION, any_holds(_done(scope, request, world) for scope in rule.actions))
    for condition in rule.conditions:
        verdict = holds(condition, request, world, rule_uid=rule.uid)
        yield Premise(PremiseKind.CONSTRAINT, verdict, condition)


def _meant(scopes: Sequence[Scope], iri: str | None, request: Request, world: World) -> Verdict:
    """Whether the party or asset is one of these or belongs to one of them, as refined."""
    if iri is None:
        return False
    own = world.above(iri)
    return any_holds(_refined(scope, request, world) if scope.iri in own else False for scope in scopes)


def _done(scope: Scope, request: Request, world: World) -> Verdict:
    """Whether what is asked for is this action or included in it, as refined."""
    return _refined(scope, request, world) if scope.iri in action_lineage(request.action) else False


def _refined(scope: Scope, request: Request, world: World) -> Verdict:
    return all_hold(holds(refinement, request, world) for refinement in scope.refinements)


def duty_state(duty: Duty, request: Request, world: World) -> DutyState:
    """How it stands with a duty: what is known of it, or broken once its deadline has passed."""
    known = world.duties.get(duty.uid)
    if known is not None:
        return known
    late = any(holds(limit, request, world) is False for limit in _deadlines(duty.conditions))
    return DutyState.VIOLATED if late else DutyState.NOT_SET


def _deadlines(conditions: Sequence[Condition]) -> Iterator[Constraint]:
    for condition in conditions:
        is_time = isinstance(condition, Constraint) and condition.left in (ODRL + "dateTime", ODRL + "date")
        if is_time and isinstance(condition, Constraint) and condition.operator in _DEADLINES:
            yield condition
