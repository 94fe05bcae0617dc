"""What a policy says, as values (ODRL Information Model 2.2, section 2). All names are expanded IRIs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from sympolis.governance.policy.vocabulary import ODRL

Operand = str | bool | Decimal | datetime | date | timedelta
"""A right operand: an IRI or text, a truth value, a number, an instant (UTC), a day, a duration."""


class Operator(StrEnum):
    """How the two operands of a constraint are compared (section 2.5.1)."""

    EQ = ODRL + "eq"
    NEQ = ODRL + "neq"
    GT = ODRL + "gt"
    GTEQ = ODRL + "gteq"
    LT = ODRL + "lt"
    LTEQ = ODRL + "lteq"
    IS_A = ODRL + "isA"
    HAS_PART = ODRL + "hasPart"
    IS_PART_OF = ODRL + "isPartOf"
    IS_ALL_OF = ODRL + "isAllOf"
    IS_ANY_OF = ODRL + "isAnyOf"
    IS_NONE_OF = ODRL + "isNoneOf"


class Junction(StrEnum):
    """How the parts of a logical constraint go together (section 2.5.2)."""

    AND = ODRL + "and"
    OR = ODRL + "or"
    XONE = ODRL + "xone"
    AND_SEQUENCE = ODRL + "andSequence"


@dataclass(frozen=True, slots=True)
class Constraint:
    """``left operator right``; ``right`` has several operands for the operators over sets."""

    left: str
    operator: Operator
    right: tuple[Operand, ...]
    unit: str | None = None
    uid: str = ""


@dataclass(frozen=True, slots=True)
class LogicalConstraint:
    """Constraints that hold together, alternatively, or exactly one of them."""

    junction: Junction
    parts: tuple[Condition, ...]
    uid: str = ""


Condition = Constraint | LogicalConstraint


@dataclass(frozen=True, slots=True)
class Scope:
    """A party, an asset or an action that a rule is about, narrowed by refinements.

    ``collection`` says that members of it are meant (``odrl:PartyCollection``, ``odrl:AssetCollection``).
    """

    iri: str
    refinements: tuple[Condition, ...] = ()
    collection: bool = False


class RuleKind(StrEnum):
    """The three kinds of rule (section 2.6)."""

    PERMISSION = "permission"
    PROHIBITION = "prohibition"
    OBLIGATION = "obligation"


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to be done: a permission's condition, a prohibition's remedy, a broken duty's consequence."""

    uid: str
    actions: tuple[Scope, ...] = ()
    conditions: tuple[Condition, ...] = ()
    consequences: tuple[Duty, ...] = ()
    assignees: tuple[Scope, ...] = ()
    targets: tuple[Scope, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Empty ``targets``, ``assignees`` or ``actions`` mean any; several mean one of them."""

    uid: str
    kind: RuleKind
    targets: tuple[Scope, ...] = ()
    assignees: tuple[Scope, ...] = ()
    assigners: tuple[Scope, ...] = ()
    actions: tuple[Scope, ...] = ()
    conditions: tuple[Condition, ...] = ()
    duties: tuple[Duty, ...] = ()
    """Of a permission: its duties; of a prohibition: its remedies; of an obligation: its consequences."""


class Conflict(StrEnum):
    """Which rule wins where a permission and a prohibition are both active (section 2.10)."""

    PERMISSION = ODRL + "perm"
    PROHIBITION = ODRL + "prohibit"
    INVALID = ODRL + "invalid"


@dataclass(frozen=True, slots=True)
class Policy:
    """A set of rules under one identifier (section 2.1). ``kind`` is Set, Offer, Agreement …, expanded."""

    uid: str
    rules: tuple[Rule, ...]
    kind: str = ODRL + "Set"
    conflict: Conflict = Conflict.INVALID
    profiles: tuple[str, ...] = ()
