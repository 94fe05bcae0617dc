"""The two state machines: who may do what in which state (Dataspace Protocol 2025-1, sections 7.1 and 9.1).

Terminating is open to both sides in every state that is not an end: the diagrams leave out a few of those arrows, the
text of section 7.2.6 does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sympolis.dataspace.dsp.vocabulary import NegotiationState, Side, TransferState
from sympolis.domain.errors import InvalidRequest


class Act(StrEnum):
    """What a message does."""

    REQUEST = "request"
    OFFER = "offer"
    ACCEPT = "accept"
    AGREE = "agree"
    VERIFY = "verify"
    FINALIZE = "finalize"
    START = "start"
    SUSPEND = "suspend"
    COMPLETE = "complete"
    TERMINATE = "terminate"


BEGINNING: Final = ""
"""The state before the first message has been acknowledged."""
_BOTH: Final = frozenset(Side)
_CONSUMER: Final = frozenset({Side.CONSUMER})
_PROVIDER: Final = frozenset({Side.PROVIDER})


@dataclass(frozen=True, slots=True)
class Machine:
    """Arrows by state and act: the state that each leads to, and who may go there."""

    name: str
    arrows: Mapping[str, Mapping[Act, tuple[str, frozenset[Side]]]]

    def find(self, state: str, act: Act, by: Side) -> str | None:
        """The state that follows; None where there is no such arrow."""
        following, sides = self.arrows.get(state, {}).get(act, ("", frozenset()))
        return following if by in sides else None

    def next(self, state: str, act: Act, by: Side) -> str:
        """The same. Raises ``InvalidRequest`` where there is no such arrow."""
        found = self.find(state, act, by)
        if found is None:
            known = sorted(one for one, (_, sides) in self.arrows.get(state, {}).items() if by in sides)
            raise InvalidRequest(
                f"the {by} cannot {act} a {self.name} that is {state or 'not begun'}",
                where="state",
                hint=f"possible now: {', '.join(known) or 'nothing'}",
            )
        return found

    def is_over(self, state: str) -> bool:
        """Whether nothing leads on from there."""
        return state not in self.arrows


_N, _T = NegotiationState, TransferState
_BREAK_OFF: Final = {Act.TERMINATE: (_N.TERMINATED.value, _BOTH)}
_CUT: Final = {Act.TERMINATE: (_T.TERMINATED.value, _BOTH)}

NEGOTIATION: Final = Machine(
    "negotiation",
    {
        BEGINNING: {Act.REQUEST: (_N.REQUESTED, _CONSUMER), Act.OFFER: (_N.OFFERED, _PROVIDER)},
        _N.REQUESTED: {
            Act.OFFER: (_N.OFFERED, _PROVIDER),
            Act.AGREE: (_N.AGREED, _PROVIDER),
            **_BREAK_OFF,
        },
        _N.OFFERED: {
            Act.REQUEST: (_N.REQUESTED, _CONSUMER),
            Act.ACCEPT: (_N.ACCEPTED, _CONSUMER),
            **_BREAK_OFF,
        },
        _N.ACCEPTED: {Act.AGREE: (_N.AGREED, _PROVIDER), **_BREAK_OFF},
        _N.AGREED: {Act.VERIFY: (_N.VERIFIED, _CONSUMER), **_BREAK_OFF},
        _N.VERIFIED: {Act.FINALIZE: (_N.FINALIZED, _PROVIDER), **_BREAK_OFF},
    },
)
TRANSFER: Final = Machine(
    "transfer",
    {
        BEGINNING: {Act.REQUEST: (_T.REQUESTED, _CONSUMER)},
        _T.REQUESTED: {Act.START: (_T.STARTED, _PROVIDER), **_CUT},
        _T.STARTED: {Act.SUSPEND: (_T.SUSPENDED, _BOTH), Act.COMPLETE: (_T.COMPLETED, _BOTH), **_CUT},
        _T.SUSPENDED: {Act.START: (_T.STARTED, _BOTH), **_CUT},
    },
)
