"""What is the case when a request comes in: the time, who belongs to what, which duties are done, what was used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sympolis.governance.policy.model import Operand
from sympolis.governance.policy.vocabulary import ODRL

_NOW = (ODRL + "dateTime", ODRL + "date")


class DutyState(StrEnum):
    """How it stands with a duty (FORCE compliance report model, deontic state)."""

    FULFILLED = "Fulfilled"
    VIOLATED = "Violated"
    NOT_SET = "NonSet"


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody wants to do something with something. ``values``: what the caller states, by left operand (IRI)."""

    action: str
    assignee: str | None = None
    target: str | None = None
    values: Mapping[str, tuple[Operand, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """The state that constraints are checked against.

    ``member_of``: the collections that a party or an asset is part of, and the broader terms of a purpose or a place;
    followed as far as they lead. ``uses``: how often a rule has been made use of, by rule uid. ``values``: further
    left operands (IRI) that the platform itself knows, which a caller cannot state otherwise.
    """

    now: datetime
    member_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    duties: Mapping[str, DutyState] = field(default_factory=dict)
    uses: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, tuple[Operand, ...]] = field(default_factory=dict)

    def above(self, iri: str) -> frozenset[str]:
        """``iri`` and all it belongs to, directly or not."""
        found = {iri}
        waiting = [iri]
        while waiting:
            new = self.member_of.get(waiting.pop(), frozenset()) - found
            found |= new
            waiting.extend(new)
        return frozenset(found)

    def value(self, left: str, request: Request, rule_uid: str) -> tuple[Operand, ...] | None:
        """What a left operand stands for now; None where nobody knows."""
        if left in _NOW:
            return (self.now,)
        if left == ODRL + "count":
            return (_next_use(self.uses.get(rule_uid, 0)),)
        return self.values.get(left) or request.values.get(left)


def _next_use(so_far: int) -> Operand:
    """``odrl:count`` includes the use that is being asked for: ``count lteq 10`` lets the tenth pass."""
    return Decimal(so_far + 1)
