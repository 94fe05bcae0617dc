"""Policies from JSON-LD as ODRL, DCAT-AP and the Dataspace Protocol write it. What cannot be understood is refused.

A constraint that were dropped silently would widen a permission, so every member of a rule has to be known. Terms may
be plain (``action: use``), compact (``odrl:use``) or IRIs, values plain or ``{"@value": …, "@type": …}``. Members that
stand at the policy apply to each of its rules (Information Model 2.7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sympolis.domain.errors import BadRequestData
from sympolis.governance.policy.durations import parse_duration
from sympolis.governance.policy.model import (
    Condition,
    Conflict,
    Constraint,
    Duty,
    Junction,
    LogicalConstraint,
    Operand,
    Operator,
    Policy,
    Rule,
    RuleKind,
    Scope,
)
from sympolis.governance.policy.vocabulary import ODRL, PREFIXES, expand

Json = Mapping[str, Any]

_MOST_RULES: Final = 1_000
_DEEPEST: Final = 16
_XSD: Final = PREFIXES["xsd"]
_DUTIES: Final = {
    RuleKind.PERMISSION: "duty",
    RuleKind.PROHIBITION: "remedy",
    RuleKind.OBLIGATION: "consequence",
}
_RULE_MEMBERS: Final = frozenset(
    ("@id", "@type", "uid", "target", "assignee", "assigner", "action", "constraint", *_DUTIES.values())
)
_NUMBERS: Final = (
    *("decimal", "integer", "int", "long", "short", "byte", "nonNegativeInteger"),
    *("double", "float"),
)
_SHARED: Final = ("target", "assignee", "assigner", "action")
_COLLECTIONS: Final = frozenset((ODRL + "PartyCollection", ODRL + "AssetCollection"))


def read_policy(document: Json, *, where: str = "policy") -> Policy:
    """The policy that a JSON-LD document states. Raises ``BadRequestData`` naming the member that is wrong."""
    found = _members(document, where)
    shared = {name: value for name, value in found.items() if name in _SHARED}
    rules = tuple(_rules(found, shared, where))
    if not rules:
        raise BadRequestData("a policy needs at least one permission, prohibition or obligation", where=where)
    return Policy(
        uid=_identifier(found),
        rules=rules,
        kind=_kind(found),
        conflict=_conflict(found.get("conflict"), where),
        profiles=tuple(_iri(item, f"{where}.profile") for item in _list(found.get("profile"))),
    )


def _members(document: Any, where: str) -> dict[str, Any]:
    """The members by their plain names, whatever their prefix."""
    if not isinstance(document, Mapping):
        raise BadRequestData("expected an object", where=where)
    return {str(name).removeprefix("odrl:").removeprefix(ODRL): value for name, value in document.items()}


def _rules(found: Json, shared: Json, where: str) -> Iterator[Rule]:
    for kind in RuleKind:
        items = _list(found.get(kind.value))
        if len(items) > _MOST_RULES:
            raise BadRequestData(f"more than {_MOST_RULES} rules", where=f"{where}.{kind}")
        for number, item in enumerate(items):
            yield _rule(kind, item, shared, f"{where}.{kind}[{number}]")


def _rule(kind: RuleKind, document: Any, shared: Json, where: str) -> Rule:
    found = {**shared, **_members(document, where)}
    for name in sorted(set(found) - _RULE_MEMBERS):
        if ":" not in name:
            raise BadRequestData("this member of a rule is not known", where=f"{where}.{name}")
    return Rule(
        uid=_identifier(found) or where,
        kind=kind,
        targets=_scopes(found.get("target"), f"{where}.target"),
        assignees=_scopes(found.get("assignee"), f"{where}.assignee"),
        assigners=_scopes(found.get("assigner"), f"{where}.assigner"),
        actions=_actions(found.get("action"), f"{where}.action"),
        conditions=_conditions(found.get("constraint"), f"{where}.constraint"),
        duties=_duties(found.get(_DUTIES[kind]), f"{where}.{_DUTIES[kind]}"),
    )


def _duties(documents: Any, where: str, depth: int = 0) -> tuple[Duty, ...]:
    if depth > _DEEPEST:
        raise BadRequestData("duties nest too deeply", where=where)
    return tuple(
        _duty(document, f"{where}[{number}]", depth) for number, document in enumerate(_list(documents))
    )


def _duty(document: Any, where: str, depth: int) -> Duty:
    if isinstance(document, str):
        return Duty(uid=expand(document))
    found = _members(document, where)
    return Duty(
        uid=_identifier(found) or where,
        actions=_actions(found.get("action"), f"{where}.action"),
        conditions=_conditions(found.get("constraint"), f"{where}.constraint"),
        consequences=_duties(found.get("consequence"), f"{where}.consequence", depth + 1),
        assignees=_scopes(found.get("assignee"), f"{where}.assignee"),
        targets=_scopes(found.get("target"), f"{where}.target"),
    )


# --- what rules are about


def _scopes(documents: Any, where: str) -> tuple[Scope, ...]:
    return tuple(_scope(document, where) for document in _list(documents))


def _scope(document: Any, where: str) -> Scope:
    if isinstance(document, str):
        return Scope(_as_iri(document))
    found = _members(document, where)
    types = {expand(name) for name in _list(found.get("@type"))}
    iri = found.get("uid") or found.get("@id") or found.get("source")
    return Scope(
        _as_iri(_text(iri, where)),
        _conditions(found.get("refinement"), f"{where}.refinement"),
        collection=not types.isdisjoint(_COLLECTIONS),
    )


def _actions(documents: Any, where: str) -> tuple[Scope, ...]:
    return tuple(_action(document, where) for document in _list(documents))


def _action(document: Any, where: str) -> Scope:
    if isinstance(document, str):
        return Scope(expand(document))
    found = _members(document, where)
    value = found.get("rdf:value") or found.get(PREFIXES["rdf"] + "value") or found.get("@id")
    return Scope(_iri(value, where), _conditions(found.get("refinement"), f"{where}.refinement"))


# --- constraints


def _conditions(documents: Any, where: str, depth: int = 0) -> tuple[Condition, ...]:
    if depth > _DEEPEST:
        raise BadRequestData("constraints nest too deeply", where=where)
    return tuple(
        _condition(document, f"{where}[{number}]", depth) for number, document in enumerate(_list(documents))
    )


def _condition(document: Any, where: str, depth: int) -> Condition:
    found = _members(document, where)
    for junction in Junction:
        name = junction.value.removeprefix(ODRL)
        if name in found:
            parts = _conditions(_parts(found[name]), f"{where}.{name}", depth + 1)
            return LogicalConstraint(junction, parts, _identifier(found))
    return _constraint(found, where)


def _parts(document: Any) -> Any:
    return document["@list"] if isinstance(document, Mapping) and "@list" in document else document


def _constraint(found: Json, where: str) -> Constraint:
    sign = _iri(found.get("operator"), f"{where}.operator")
    if sign not in set(Operator):
        raise BadRequestData(f"{sign} is not an operator of ODRL", where=f"{where}.operator")
    right = _list(found.get("rightOperand", found.get("rightOperandReference")))
    if not right:
        raise BadRequestData("a constraint needs a right operand", where=f"{where}.rightOperand")
    unit = found.get("unit")
    return Constraint(
        left=_iri(found.get("leftOperand"), f"{where}.leftOperand"),
        operator=Operator(sign),
        right=tuple(_operand(item, f"{where}.rightOperand") for item in right),
        unit=None if unit is None else _iri(unit, f"{where}.unit"),
        uid=_identifier(found),
    )


def _operand(item: Any, where: str) -> Operand:
    if isinstance(item, Mapping) and "@value" in item:
        return typed_literal(str(item["@value"]), expand(str(item.get("@type", "xsd:string"))), where=where)
    if isinstance(item, Mapping):
        return _iri(item, where)
    if isinstance(item, bool):
        return item
    if isinstance(item, int | float):
        return _number_of(item, where)
    return _untyped(_text(item, where))


def typed_literal(text: str, datatype: str, *, where: str) -> Operand:
    """A literal by its XSD datatype (IRI); of an unknown type, its text. Raises ``BadRequestData``."""
    reader = _READERS.get(datatype.removeprefix(_XSD))
    try:
        return reader(text) if reader is not None else text
    except (ValueError, InvalidOperation) as problem:
        raise BadRequestData(f"{text!r} is not a {datatype.removeprefix(_XSD)}", where=where) from problem


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _truth(text: str) -> bool:
    if text not in ("true", "false", "1", "0"):
        raise ValueError(text)
    return text in ("true", "1")


_READERS: Final[dict[str, Callable[[str], Operand]]] = {
    "dateTime": _instant,
    "dateTimeStamp": _instant,
    "date": date.fromisoformat,
    "boolean": _truth,
    "duration": parse_duration,
    "dayTimeDuration": parse_duration,
    **dict.fromkeys(_NUMBERS, _number),
}


def _number_of(item: float, where: str) -> Decimal:
    try:
        return _number(str(item))
    except ValueError as problem:
        raise BadRequestData("expected a finite number", where=where) from problem


def _untyped(text: str) -> Operand:
    """A text that is plainly an instant, a day or a number is meant as one; else an IRI or a word."""
    readers: tuple[Callable[[str], Operand], ...] = (_number, date.fromisoformat, _instant)
    for reader in readers:
        try:
            return reader(text)
        except (ValueError, InvalidOperation):
            continue
    return _as_iri(text)


# --- small members


def _identifier(found: Json) -> str:
    return str(found.get("uid") or found.get("@id") or "")


def _kind(found: Json) -> str:
    types = _list(found.get("@type"))
    return expand(str(types[0])) if types else ODRL + "Set"


def _conflict(value: Any, where: str) -> Conflict:
    if value is None:
        return Conflict.INVALID
    name = _iri(value, f"{where}.conflict")
    if name not in set(Conflict):
        raise BadRequestData("expected perm, prohibit or invalid", where=f"{where}.conflict")
    return Conflict(name)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _iri(value: Any, where: str) -> str:
    """A name, also where expanded JSON-LD wraps it into a list and an object."""
    if isinstance(value, list) and len(value) == 1:
        [value] = value
    if isinstance(value, Mapping):
        value = value.get("@id")
    return expand(_text(value, where))


def _as_iri(text: str) -> str:
    """A party, an asset or a word: with a known prefix it is expanded, without a colon it stays."""
    return expand(text) if ":" in text else text


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadRequestData("expected a name or an IRI", where=where)
    return value


def read_policies(documents: Iterable[Json]) -> tuple[Policy, ...]:
    """Several policies. Raises ``BadRequestData``."""
    return tuple(read_policy(document, where=f"policy[{n}]") for n, document in enumerate(documents))
