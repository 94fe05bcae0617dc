"""What an agreement says of computing: the action is ``odrl:derive``, and what a package states is judged by its rules.

A policy that permits ``derive`` and nothing broader lets nobody read: what is made of the data may leave, they may not.
Constraints may bound what a package states of itself, by left operands of ours: how small a group may be, how many
outputs there are, and of what groups are counted. The duty ``odrl:obtainConsent`` has people release every output.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from sympolis.analysis.computing.declaration import Declaration, outputs_of
from sympolis.dataspace.contracts.transfers import DERIVE
from sympolis.dataspace.delivery.enforcement import Doing
from sympolis.governance.policy.decision import Decision
from sympolis.governance.policy.model import Condition, LogicalConstraint
from sympolis.governance.policy.vocabulary import ODRL

OBTAIN_CONSENT: Final = ODRL + "obtainConsent"
GROUP_SIZE: Final = "urn:sympolis:term:groupSize"
OUTPUTS: Final = "urn:sympolis:term:outputs"
COUNTED: Final = "urn:sympolis:term:counted"


def doing(declaration: Declaration) -> Doing:
    """What a package wants to do, with what it states of itself."""
    return Doing(
        DERIVE,
        {
            GROUP_SIZE: (Decimal(declaration.min_group),),
            OUTPUTS: (Decimal(len(outputs_of(declaration))),),
            COUNTED: (str(declaration.counted),),
        },
    )


def wants_people(decision: Decision) -> bool:
    """Whether a duty asks that somebody agrees to every output."""
    return any(action.iri == OBTAIN_CONSENT for duty in decision.duties for action in duty.actions)


def speaks_of_counting(decision: Decision) -> bool:
    """Whether a rule that permits it says of what groups are counted."""
    return any(_names(report.rule.conditions, COUNTED) for report in decision.permissions)


def _names(conditions: Iterable[Condition], left: str) -> bool:
    return any(
        _names(one.parts, left) if isinstance(one, LogicalConstraint) else one.left == left
        for one in conditions
    )
