"""Policies and decisions in plain words, in Italian, German and English.

A resident must be able to read why something may not be had. The sentences name the rule's own parties, assets and
limits; terms without a translation are shown as the vocabulary has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sympolis.governance.identity.subject import PERSONS
from sympolis.governance.policy.decision import Decision, Ground
from sympolis.governance.policy.evaluation import PremiseKind
from sympolis.governance.policy.model import (
    Condition,
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
from sympolis.governance.policy.vocabulary import ODRL, short


@dataclass(frozen=True, slots=True)
class _Words:
    kinds: Mapping[RuleKind, str]
    grounds: Mapping[Ground, str]
    signs: Mapping[Operator, str]
    terms: Mapping[str, str]
    anyone: str
    anything: str
    any_action: str
    provided: str
    joined: Mapping[Junction, str]
    duty: str


_SIGNS: Final = {Operator.GT: ">", Operator.GTEQ: "≥", Operator.LT: "<", Operator.LTEQ: "≤"}

_LANGUAGES: Final[Mapping[str, _Words]] = {
    "it": _Words(
        kinds={
            RuleKind.PERMISSION: "{who} può {what}: {which}",
            RuleKind.PROHIBITION: "{who} non può {what}: {which}",
            RuleKind.OBLIGATION: "{who} deve {what}: {which}",
        },
        grounds={
            Ground.PERMITTED: "Consentito.",
            Ground.PROHIBITED: "Non consentito: una regola lo vieta.",
            Ground.CONFLICT: "Non consentito: le regole si contraddicono e valgono come assenti.",
            Ground.NOTHING_PERMITS: "Non consentito: nessuna regola lo permette.",
        },
        signs={
            **_SIGNS,
            Operator.EQ: "è",
            Operator.NEQ: "non è",
            Operator.IS_A: "è una forma di",
            Operator.HAS_PART: "comprende",
            Operator.IS_PART_OF: "fa parte di",
            Operator.IS_ALL_OF: "è tutto di",
            Operator.IS_ANY_OF: "è uno di",
            Operator.IS_NONE_OF: "non è nessuno di",
        },
        terms={
            "use": "utilizzare",
            "execute": "eseguire",
            "read": "leggere",
            "distribute": "distribuire",
            "modify": "modificare",
            "sell": "vendere",
            "attribute": "citare la fonte",
            "delete": "cancellare",
            "inform": "informare",
            "compensate": "pagare",
            "dateTime": "l'istante",
            "count": "il numero di utilizzi",
            "purpose": "lo scopo",
            "recipient": "il destinatario",
            "spatial": "il luogo",
        },
        anyone="chiunque",
        anything="qualsiasi risorsa",
        any_action="fare qualsiasi cosa",
        provided="se {conditions}",
        joined={
            Junction.AND: " e ",
            Junction.OR: " oppure ",
            Junction.XONE: " o solo ",
            Junction.AND_SEQUENCE: " e poi ",
        },
        duty="con l'obbligo di {what}",
    ),
    "de": _Words(
        kinds={
            RuleKind.PERMISSION: "{who} darf {what}: {which}",
            RuleKind.PROHIBITION: "{who} darf nicht {what}: {which}",
            RuleKind.OBLIGATION: "{who} muss {what}: {which}",
        },
        grounds={
            Ground.PERMITTED: "Erlaubt.",
            Ground.PROHIBITED: "Nicht erlaubt: Eine Regel verbietet es.",
            Ground.CONFLICT: "Nicht erlaubt: Die Regeln widersprechen sich und gelten als nicht gesetzt.",
            Ground.NOTHING_PERMITS: "Nicht erlaubt: Keine Regel gestattet es.",
        },
        signs={
            **_SIGNS,
            Operator.EQ: "ist",
            Operator.NEQ: "ist nicht",
            Operator.IS_A: "ist eine Art von",
            Operator.HAS_PART: "umfasst",
            Operator.IS_PART_OF: "ist Teil von",
            Operator.IS_ALL_OF: "ist alles von",
            Operator.IS_ANY_OF: "ist eines von",
            Operator.IS_NONE_OF: "ist keines von",
        },
        terms={
            "use": "nutzen",
            "execute": "ausführen",
            "read": "lesen",
            "distribute": "weitergeben",
            "modify": "verändern",
            "sell": "verkaufen",
            "attribute": "die Quelle nennen",
            "delete": "löschen",
            "inform": "informieren",
            "compensate": "bezahlen",
            "dateTime": "der Zeitpunkt",
            "count": "die Zahl der Nutzungen",
            "purpose": "der Zweck",
            "recipient": "der Empfänger",
            "spatial": "der Ort",
        },
        anyone="jede Person",
        anything="alles",
        any_action="alles tun",
        provided="wenn {conditions}",
        joined={
            Junction.AND: " und ",
            Junction.OR: " oder ",
            Junction.XONE: " oder nur ",
            Junction.AND_SEQUENCE: " und dann ",
        },
        duty="mit der Pflicht: {what}",
    ),
    "en": _Words(
        kinds={
            RuleKind.PERMISSION: "{who} may {what}: {which}",
            RuleKind.PROHIBITION: "{who} may not {what}: {which}",
            RuleKind.OBLIGATION: "{who} must {what}: {which}",
        },
        grounds={
            Ground.PERMITTED: "Allowed.",
            Ground.PROHIBITED: "Not allowed: a rule prohibits it.",
            Ground.CONFLICT: "Not allowed: the rules contradict each other and count as not made.",
            Ground.NOTHING_PERMITS: "Not allowed: no rule permits it.",
        },
        signs={
            **_SIGNS,
            Operator.EQ: "is",
            Operator.NEQ: "is not",
            Operator.IS_A: "is a kind of",
            Operator.HAS_PART: "includes",
            Operator.IS_PART_OF: "is part of",
            Operator.IS_ALL_OF: "is all of",
            Operator.IS_ANY_OF: "is one of",
            Operator.IS_NONE_OF: "is none of",
        },
        terms={
            "execute": "run",
            "attribute": "name the source",
            "compensate": "pay",
            "dateTime": "the time",
            "count": "the number of uses",
            "purpose": "the purpose",
            "recipient": "the recipient",
            "spatial": "the place",
        },
        anyone="anyone",
        anything="anything",
        any_action="do anything",
        provided="if {conditions}",
        joined={
            Junction.AND: " and ",
            Junction.OR: " or ",
            Junction.XONE: " or only ",
            Junction.AND_SEQUENCE: " and then ",
        },
        duty="with the duty to {what}",
    ),
}

LANGUAGES: Final = tuple(_LANGUAGES)


def describe_policy(policy: Policy, language: str = "en") -> tuple[str, ...]:
    """One sentence per rule. Raises ``KeyError`` for a language that is not in ``LANGUAGES``."""
    words = _LANGUAGES[language]
    return tuple(_rule(rule, words) for rule in policy.rules)


def describe_decision(decision: Decision, language: str = "en") -> tuple[str, ...]:
    """The answer, then the rules that led to it; where nothing permits it, what would be permitted."""
    words = _LANGUAGES[language]
    rules = {
        Ground.PERMITTED: [report.rule for report in decision.permissions],
        Ground.NOTHING_PERMITS: list(_would_permit(decision)),
    }.get(decision.ground)
    if rules is None:
        rules = [found.rule for report in decision.reports for found in report.active(RuleKind.PROHIBITION)]
    return (words.grounds[decision.ground], *(_rule(rule, words) for rule in rules))


def _would_permit(decision: Decision) -> Iterator[Rule]:
    """The permissions that are about what was asked for; those for a single person are nobody else's business."""
    for report in decision.reports:
        for found in report.rules:
            about = all(one.satisfied for one in found.premises if one.kind is PremiseKind.TARGET)
            personal = any(one.iri.startswith(PERSONS) for one in found.rule.assignees)
            if found.rule.kind is RuleKind.PERMISSION and about and not personal:
                yield found.rule


def _rule(rule: Rule, words: _Words) -> str:
    said = words.kinds[rule.kind].format(
        who=_names(rule.assignees, words) or words.anyone,
        what=_names(rule.actions, words) or words.any_action,
        which=_names(rule.targets, words) or words.anything,
    )
    parts = [said]
    if rule.conditions:
        parts.append(words.provided.format(conditions=_conditions(rule.conditions, words)))
    parts += [_duty(duty, words) for duty in rule.duties]
    return ", ".join(parts) + "."


def _duty(duty: Duty, words: _Words) -> str:
    said = words.duty.format(what=_names(duty.actions, words) or short(duty.uid))
    if not duty.conditions:
        return said
    return said + " " + words.provided.format(conditions=_conditions(duty.conditions, words))


def _names(scopes: Sequence[Scope], words: _Words) -> str:
    return ", ".join(_scope(scope, words) for scope in scopes)


def _scope(scope: Scope, words: _Words) -> str:
    name = _term(scope.iri, words)
    return f"{name} ({_conditions(scope.refinements, words)})" if scope.refinements else name


def _conditions(conditions: Sequence[Condition], words: _Words) -> str:
    return words.joined[Junction.AND].join(_condition(condition, words) for condition in conditions)


def _condition(condition: Condition, words: _Words) -> str:
    if isinstance(condition, LogicalConstraint):
        inner = words.joined[condition.junction].join(_condition(part, words) for part in condition.parts)
        return f"({inner})" if len(condition.parts) > 1 else inner
    right = ", ".join(_operand(operand, words) for operand in condition.right)
    unit = "" if condition.unit is None else " " + short(condition.unit)
    return f"{_term(condition.left, words)} {words.signs[condition.operator]} {right}{unit}"


def _operand(operand: Operand, words: _Words) -> str:
    if isinstance(operand, datetime):
        return operand.strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(operand, date):
        return operand.isoformat()
    return _term(operand, words) if isinstance(operand, str) else str(operand)


def _term(iri: str, words: _Words) -> str:
    """The translation of a term of ODRL; of another IRI its last part."""
    name = short(iri)
    return words.terms.get(name, name) if iri.startswith(ODRL) else name
