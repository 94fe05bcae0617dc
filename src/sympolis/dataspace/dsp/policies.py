"""Offers and agreements as the protocol writes them: ODRL with short names and a fixed shape (contract schema).

Here only their shape is checked; what they mean, the governance engine reads (``terms``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec

from sympolis.dataspace.dsp.shapes import UNSET, Identifier, Shape, Unset

Operator = Literal[
    "eq", "gt", "gteq", "lteq", "hasPart", "isA", "isAllOf", "isAnyOf", "isNoneOf", "isPartOf", "lt", "term-lteq", "neq"
]  # fmt: skip
OPERATORS = get_args(Operator)
_TIMESTAMP = (
    r"^-?([1-9][0-9]{3,}|0[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?|24:00:00(\.0+)?)"
    r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))?$"
)
Timestamp = Annotated[str, msgspec.Meta(pattern=_TIMESTAMP)]


class ConstraintShape(Shape, frozen=True, kw_only=True):
    """A comparison, or one junction of constraints: exactly one of these."""

    left_operand: str | Unset = UNSET
    operator: Operator | Unset = UNSET
    right_operand: str | dict[str, Any] | list[Any] | Unset = UNSET
    all_of: list[ConstraintShape] | Unset = msgspec.field(default=UNSET, name="and")
    in_sequence: list[ConstraintShape] | Unset = msgspec.field(default=UNSET, name="andSequence")
    any_of: list[ConstraintShape] | Unset = msgspec.field(default=UNSET, name="or")
    one_of: list[ConstraintShape] | Unset = msgspec.field(default=UNSET, name="xone")

    def __post_init__(self) -> None:
        junctions = sum(one is not UNSET for one in (self.all_of, self.in_sequence, self.any_of, self.one_of))
        compared = UNSET not in (self.left_operand, self.operator, self.right_operand)
        if (junctions == 1) == compared:
            raise ValueError(
                "a constraint has leftOperand, operator and rightOperand, or one of and, or, xone"
            )


class DutyShape(Shape, frozen=True, kw_only=True):
    """Something to be done."""

    action: str
    constraint: list[ConstraintShape] | Unset = UNSET


class RuleShape(DutyShape, frozen=True, kw_only=True):
    """A permission or a prohibition. Its target is the policy's, so it names none."""

    target: Unset = UNSET


Rules = Annotated[list[RuleShape], msgspec.Meta(min_length=1)]


class _PolicyShape(Shape, frozen=True, kw_only=True):
    id: Identifier
    profile: list[str] | str | Unset = UNSET
    permission: Rules | Unset = UNSET
    prohibition: Rules | Unset = UNSET
    obligation: Annotated[list[DutyShape], msgspec.Meta(min_length=1)] | Unset = UNSET

    def __post_init__(self) -> None:
        if self.permission is UNSET and self.prohibition is UNSET:
            raise ValueError("a policy needs a permission or a prohibition")


class MessageOffer(_PolicyShape, frozen=True, kw_only=True):
    """An offer as messages carry it: it says what it is about."""

    kind: Literal["Offer"] = msgspec.field(name="@type")
    target: str | Unset = UNSET


class TargetedOffer(_PolicyShape, frozen=True, kw_only=True):
    """A provider's offer in a message."""

    kind: Literal["Offer"] = msgspec.field(name="@type")
    target: Identifier


class CatalogueOffer(_PolicyShape, frozen=True, kw_only=True):
    """An offer as catalogues carry it: its dataset is the one that it stands in."""

    kind: Literal["Offer"] | Unset = msgspec.field(name="@type", default=UNSET)
    target: Unset = UNSET


class AgreementShape(_PolicyShape, frozen=True, kw_only=True):
    """An agreement: between whom, on what, since when."""

    kind: Literal["Agreement"] = msgspec.field(name="@type")
    target: Identifier
    assigner: Identifier
    assignee: Identifier
    timestamp: Timestamp | Unset = UNSET
