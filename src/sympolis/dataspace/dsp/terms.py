"""What offers and agreements mean: from the protocol's short names to the governance engine's rules, and back.

An offer's id follows from its terms: who changes a policy changes the id, and a request for the offer of yesterday is
a request for something else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from sympolis.domain.errors import BadRequestData
from sympolis.governance.policy.model import (
    Condition,
    Constraint,
    Duty,
    LogicalConstraint,
    Operand,
    Policy,
    Rule,
    RuleKind,
    Scope,
)
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.writing import write_operand

Json = Mapping[str, Any]

_RULES: Final = tuple(kind.value for kind in RuleKind)
_ID: Final = "urn:sympolis:offer:"


def read_terms(policy: Json, *, where: str = "offer") -> Policy:
    """The rules of an offer or an agreement; each is about the policy's target. Raises ``BadRequestData``."""
    rules = {name: policy[name] for name in _RULES if name in policy}
    document = {
        "uid": policy.get("@id", ""),
        "target": policy.get("target", ""),
        "@type": policy.get("@type", "Offer"),
    }
    found = read_policy({**rules, **{name: value for name, value in document.items() if value}}, where=where)
    own = (Scope(str(policy["target"])),) if policy.get("target") else ()
    return replace(
        found, rules=tuple(_numbered(found.uid, number, one, own) for number, one in enumerate(found.rules))
    )


def _numbered(uid: str, number: int, rule: Rule, own: tuple[Scope, ...]) -> Rule:
    """With an id of its own, by which its uses are counted, and about the policy's target."""
    return replace(rule, uid=f"{uid}#{rule.kind}-{number}", targets=own)


def write_terms(rules: Sequence[Rule]) -> dict[str, list[dict[str, Any]]]:
    """Rules as the protocol writes them, without targets. Raises ``BadRequestData`` for what it has no words for."""
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in rules:
        written = [{"action": action, **_rest(rule)} for action in _actions(rule.actions)]
        found.setdefault(rule.kind.value, []).extend(written)
    return found


def write_offer(dataset: str, rules: Sequence[Rule]) -> dict[str, Any]:
    """An offer as a catalogue shows it, with the id that follows from it."""
    terms = write_terms(rules)
    body = msgspec.json.encode([dataset, terms], order="sorted")
    return {"@id": f"{_ID}{hashlib.sha256(body).hexdigest()[:32]}", "@type": "Offer", **terms}


def same_terms(one: Json, other: Json) -> bool:
    """Whether two policies, of whatever id and between whomever, say the same."""
    return _essence(one) == _essence(other)


def _essence(policy: Json) -> list[Any]:
    try:
        rules = read_terms({name: policy[name] for name in _RULES if name in policy}).rules
    except BadRequestData:
        return [policy.get(name) for name in _RULES]
    bare = [replace(one, uid="", duties=tuple(replace(duty, uid="") for duty in one.duties)) for one in rules]
    return sorted(bare, key=repr)


def _rest(rule: Rule) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if rule.conditions:
        found["constraint"] = [_condition(one) for one in rule.conditions]
    if rule.assignees:
        found["assignee"] = [one.iri for one in rule.assignees]
    if rule.duties:
        name = {RuleKind.PERMISSION: "duty", RuleKind.PROHIBITION: "remedy"}.get(rule.kind, "consequence")
        found[name] = [_duty(one) for one in rule.duties]
    return found


def _duty(duty: Duty) -> dict[str, Any]:
    found: dict[str, Any] = {"action": next(iter(_actions(duty.actions)), "use")}
    if duty.conditions:
        found["constraint"] = [_condition(one) for one in duty.conditions]
    return found


def _actions(actions: Sequence[Scope]) -> list[str]:
    if any(one.refinements for one in actions):
        raise BadRequestData("the protocol has no words for refined actions", where="action")
    return [_short(one.iri) for one in actions] or ["use"]


def _condition(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, LogicalConstraint):
        return {_short(condition.junction.value): [_condition(one) for one in condition.parts]}
    return _constraint(condition)


def _constraint(one: Constraint) -> dict[str, Any]:
    right = [_operand(operand) for operand in one.right]
    found = {
        "leftOperand": _short(one.left),
        "operator": _short(one.operator.value),
        "rightOperand": right[0] if len(right) == 1 else right,
    }
    return found if one.unit is None else {**found, "unit": one.unit}


def _operand(operand: Operand) -> Any:
    """A text where it is read back as the same, else a typed value."""
    if isinstance(operand, str):
        return operand
    return write_operand(operand)


def _short(iri: str) -> str:
    return iri.removeprefix(ODRL)
