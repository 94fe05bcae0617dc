"""Whether a constraint holds: yes, no, or nobody can tell (Kleene's three values: True, False, None).

*Nobody can tell* is what makes the engine safe: a permission needs every condition to hold, a prohibition only lapses
where a condition clearly does not.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from sympolis.governance.policy.model import (
    Condition,
    Constraint,
    Junction,
    LogicalConstraint,
    Operand,
    Operator,
)
from sympolis.governance.policy.world import Request, World

Verdict = bool | None


def holds(condition: Condition, request: Request, world: World, *, rule_uid: str = "") -> Verdict:
    """The verdict on a condition; ``rule_uid`` says whose uses ``odrl:count`` counts."""
    if isinstance(condition, LogicalConstraint):
        parts = [holds(part, request, world, rule_uid=rule_uid) for part in condition.parts]
        return _JUNCTIONS[condition.junction](parts)
    values = world.value(condition.left, request, rule_uid)
    return None if not values else _compared(condition, values, world)


def all_hold(verdicts: Iterable[Verdict]) -> Verdict:
    """False where one is, else None where one is, else True."""
    found = list(verdicts)
    if False in found:
        return False
    return None if None in found else True


def any_holds(verdicts: Iterable[Verdict]) -> Verdict:
    """True where one is, else None where one is, else False."""
    return _negated(all_hold(_negated(verdict) for verdict in verdicts))


def _exactly_one(verdicts: Sequence[Verdict]) -> Verdict:
    if verdicts.count(True) > 1:
        return False
    return None if None in verdicts else True in verdicts


def _negated(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


_JUNCTIONS: Final[dict[Junction, Callable[[list[Verdict]], Verdict]]] = {
    Junction.AND: all_hold,
    Junction.OR: any_holds,
    Junction.XONE: _exactly_one,
    Junction.AND_SEQUENCE: all_hold,  # what was satisfied first is not known: all of them have to be
}


# --- single constraints


def _compared(constraint: Constraint, values: Sequence[Operand], world: World) -> Verdict:
    if constraint.operator is Operator.IS_ALL_OF:
        return all(any(_equal(value, wanted) for value in values) for wanted in constraint.right)
    return _agreed([_one(constraint, value, world) for value in values])


def _agreed(verdicts: Sequence[Verdict]) -> Verdict:
    """Somebody who states two purposes, of which one fits, is neither inside nor outside."""
    return verdicts[0] if len(set(verdicts)) == 1 else None


def _one(constraint: Constraint, value: Operand, world: World) -> Verdict:
    right = constraint.right
    if constraint.operator in _SETS:
        return _SETS[constraint.operator](value, right, world)
    return any_holds(_ordered(_ORDER[constraint.operator], value, wanted) for wanted in right)


_ORDER: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.GT: operator.gt,
    Operator.GTEQ: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTEQ: operator.le,
}


def _ordered(compare: Callable[[Any, Any], bool], value: Operand, wanted: Operand) -> Verdict:
    left, right = _comparable(value, wanted)
    if isinstance(left, str | bool) or type(left) is not type(right):
        return None
    return compare(left, right)


def _equal(value: Operand, wanted: Operand) -> bool:
    left, right = _comparable(value, wanted)
    return type(left) is type(right) and left == right


def _comparable(value: Operand, wanted: Operand) -> tuple[Operand, Operand]:
    """An instant is compared with a day as the day that it lies in (UTC)."""
    if isinstance(value, datetime) and not isinstance(wanted, datetime) and isinstance(wanted, date):
        return value.date(), wanted
    return value, wanted


def _among(value: Operand, right: Sequence[Operand], _world: World) -> Verdict:
    return any(_equal(value, wanted) for wanted in right)


def _not_among(value: Operand, right: Sequence[Operand], world: World) -> Verdict:
    return _negated(_among(value, right, world))


def _below(value: Operand, right: Sequence[Operand], world: World) -> Verdict:
    """The value is one of these, a kind of them, or a part of them."""
    return isinstance(value, str) and not world.above(value).isdisjoint(right)


def _encloses(value: Operand, right: Sequence[Operand], world: World) -> Verdict:
    return any(isinstance(wanted, str) and value in world.above(wanted) for wanted in right)


_SETS: Final[dict[Operator, Callable[[Operand, Sequence[Operand], World], Verdict]]] = {
    Operator.EQ: _among,
    Operator.IS_ANY_OF: _among,
    Operator.NEQ: _not_among,
    Operator.IS_NONE_OF: _not_among,
    Operator.IS_A: _below,
    Operator.IS_PART_OF: _below,
    Operator.HAS_PART: _encloses,
}
