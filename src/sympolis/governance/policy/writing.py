"""Policies as JSON-LD, as ``reading`` reads them: for catalogues that publish them and for other twins.

What is written is read back as the same rules; names are full IRIs, values say their type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sympolis.governance.policy.durations import write_duration
from sympolis.governance.policy.model import (
    Condition,
    Constraint,
    Duty,
    LogicalConstraint,
    Operand,
    Rule,
    RuleKind,
    Scope,
)

Json = dict[str, Any]

CONTEXT: Final = "http://www.w3.org/ns/odrl.jsonld"
_DUTIES: Final = {
    RuleKind.PERMISSION: "duty",
    RuleKind.PROHIBITION: "remedy",
    RuleKind.OBLIGATION: "consequence",
}


def write_rules(rules: Sequence[Rule]) -> Mapping[str, list[Json]]:
    """Rules by the member of a policy that they stand in: ``permission``, ``prohibition``, ``obligation``."""
    found: dict[str, list[Json]] = {}
    for rule in rules:
        found.setdefault(rule.kind.value, []).append(_rule(rule))
    return found


def _rule(rule: Rule) -> Json:
    return _filled(
        uid=rule.uid,
        target=_scopes(rule.targets, "AssetCollection"),
        assignee=_scopes(rule.assignees, "PartyCollection"),
        assigner=_scopes(rule.assigners, "PartyCollection"),
        action=_actions(rule.actions),
        constraint=[_condition(one) for one in rule.conditions],
        **{_DUTIES[rule.kind]: [_duty(one) for one in rule.duties]},
    )


def _duty(duty: Duty) -> Json:
    return _filled(
        uid=duty.uid,
        action=_actions(duty.actions),
        constraint=[_condition(one) for one in duty.conditions],
        consequence=[_duty(one) for one in duty.consequences],
        assignee=_scopes(duty.assignees, "PartyCollection"),
        target=_scopes(duty.targets, "AssetCollection"),
    )


def _filled(**members: Any) -> Json:
    return {name: value for name, value in members.items() if value}


def _scopes(scopes: Sequence[Scope], collection: str) -> list[Json]:
    return [
        _filled(
            **{"@id": one.iri, "@type": collection if one.collection else ""},
            refinement=[_condition(inner) for inner in one.refinements],
        )
        for one in scopes
    ]


def _actions(actions: Sequence[Scope]) -> list[Any]:
    return [
        {"rdf:value": {"@id": one.iri}, "refinement": [_condition(inner) for inner in one.refinements]}
        if one.refinements
        else {"@id": one.iri}
        for one in actions
    ]


def _condition(condition: Condition) -> Json:
    if isinstance(condition, LogicalConstraint):
        name = condition.junction.value.rpartition("/")[2]
        return _filled(uid=condition.uid, **{name: {"@list": [_condition(one) for one in condition.parts]}})
    return _constraint(condition)


def _constraint(one: Constraint) -> Json:
    return _filled(
        uid=one.uid,
        leftOperand={"@id": one.left},
        operator={"@id": one.operator.value},
        rightOperand=[write_operand(operand) for operand in one.right],
        unit=None if one.unit is None else {"@id": one.unit},
    )


def write_operand(operand: Operand) -> Any:
    """A right operand as JSON-LD: an IRI, or a value with its type."""
    if isinstance(operand, str):
        return {"@id": operand} if ":" in operand else {"@value": operand, "@type": "xsd:string"}
    text, kind = _literal(operand)
    return {"@value": text, "@type": f"xsd:{kind}"}


def _literal(operand: bool | Decimal | datetime | date | timedelta) -> tuple[str, str]:
    """Its text and the name of its XSD type."""
    if isinstance(operand, bool):
        return str(operand).lower(), "boolean"
    if isinstance(operand, datetime):
        return operand.isoformat(), "dateTime"
    if isinstance(operand, date):
        return operand.isoformat(), "date"
    if isinstance(operand, timedelta):
        return write_duration(operand), "duration"
    whole = operand == operand.to_integral_value()
    return (str(int(operand)), "integer") if whole else (format(operand, "f"), "decimal")
