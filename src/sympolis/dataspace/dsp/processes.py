"""One negotiation or transfer as one side knows it, and how it takes a message: once, in order, or not at all.

A message of ours counts once it has been acknowledged. Until then it stays with the process (``pending``), so that a
restart sends it again and nobody waits for a lock while another twin thinks. What the other side sends meanwhile is
judged in the present state; if it only makes sense after our message, then that has evidently arrived.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, ClassVar, Final, Self

import msgspec

from sympolis.dataspace.dsp.machines import BEGINNING, NEGOTIATION, TRANSFER, Act, Machine
from sympolis.dataspace.dsp.vocabulary import Side
from sympolis.domain.errors import Conflict, InvalidRequest

MOST_STEPS: Final = 64
"""Messages that one process may take: whoever needs more is not negotiating."""
_MARK: Final = 32


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A message of ours that has not been acknowledged: where it goes below the partner's address, and what it says."""

    act: Act
    path: str
    body: dict[str, Any]
    since: datetime
    attempts: int = 0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One message that counted: when, whose, what it did, the state since then."""

    at: datetime
    by: Side
    act: Act
    state: str
    message: str = ""
    """The message's own id, else the beginning of its SHA-256."""


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """What negotiations and transfers have in common. ``id`` is our own process id, ``peer`` the partner's."""

    MACHINE: ClassVar[Machine]

    id: str
    side: Side
    partner: str
    address: str
    began: datetime
    changed: datetime
    peer: str = ""
    state: str = BEGINNING
    dataset: str = ""
    version: int = 0
    """Counts what was kept of it: whoever replaces one names the version that they have seen."""
    pending: Sent | None = None
    steps: tuple[Step, ...] = ()
    taken: dict[str, str] = {}
    """The ids of messages that were taken, with the marks of what they said."""
    last: str = ""
    """The mark of the last message that was taken."""
    why: str = ""
    """Why it ended, or why it does not go on."""

    @property
    def provider_pid(self) -> str:
        """What the provider calls it."""
        return self.id if self.side is Side.PROVIDER else self.peer

    @property
    def consumer_pid(self) -> str:
        """What the consumer calls it."""
        return self.id if self.side is Side.CONSUMER else self.peer

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more."""
        return self.MACHINE.is_over(self.state)

    @property
    def is_at_rest(self) -> bool:
        """Whether it has ended, or nothing is on its way and the next step is ours."""
        ours = {
            act
            for act, (_, sides) in self.MACHINE.arrows.get(self.state, {}).items()
            if self.side in sides and act is not Act.TERMINATE
        }
        return self.is_over or (self.pending is None and bool(self.state) and bool(ours))

    def sending(self, act: Act, path: str, body: dict[str, Any], *, at: datetime) -> Self:
        """With a message of ours on its way. Raises ``InvalidRequest`` where it makes no sense now, ``Conflict`` where
        another is on its way; terminating goes before that."""
        self.MACHINE.next(self.state, act, self.side)
        if self.pending is not None and act is not Act.TERMINATE:
            raise Conflict(
                f"a message ({self.pending.act}) is on its way",
                where="state",
                hint="wait until it is acknowledged, or terminate",
            )
        sent = Sent(act=act, path=path, body=body, since=at)
        return msgspec.structs.replace(self, pending=sent, changed=at)

    def acknowledged(self, *, at: datetime) -> Self:
        """After the partner has taken the message that was on its way."""
        sent = self.pending
        assert sent is not None
        state = self.MACHINE.next(self.state, sent.act, self.side)
        step = Step(at=at, by=self.side, act=sent.act, state=state, message=message_name(sent.body))
        why = self.why if sent.act in (Act.TERMINATE, Act.SUSPEND) else ""
        return msgspec.structs.replace(
            self, state=state, pending=None, steps=(*self.steps, step), changed=at, why=why
        )

    def repeats(self, document: dict[str, Any]) -> bool:
        """Whether a message is one that was taken before."""
        return mark_of(document) in (self.last, *self.taken.values())

    def receiving(self, act: Act, document: dict[str, Any], *, at: datetime) -> Self | None:
        """After a message of the partner's; None where it is one that was taken before: nothing changes.

        Raises ``InvalidRequest`` for what makes no sense in this state, for an id that was used for something else,
        and for more messages than anybody needs.
        """
        name, mark = _own_id(document), mark_of(document)
        known = self.taken.get(name) if name else None
        if known is not None and known != mark:
            raise InvalidRequest("this id belongs to another message", where="@id")
        if known is not None:
            return None
        before = self._before(act)
        if before is None:
            if mark == self.last:
                return None
            self.MACHINE.next(self.state, act, self.side.other)  # raises, and says what would be possible
        assert before is not None
        if len(self.steps) >= MOST_STEPS and act is not Act.TERMINATE:
            raise InvalidRequest(
                f"more than {MOST_STEPS} messages", where="state", hint="terminate and begin anew"
            )
        return before._introduced(document)._taking(act, name, mark, at)

    def _introduced(self, document: dict[str, Any]) -> Self:
        """With the partner's own id for it, where their next message is here before the answer to our first."""
        peer = document.get("providerPid" if self.side is Side.CONSUMER else "consumerPid")
        return self if self.peer or not isinstance(peer, str) else msgspec.structs.replace(self, peer=peer)

    def _before(self, act: Act) -> Self | None:
        """The process as it is when this message comes; None where it makes no sense in any way."""
        theirs = self.side.other
        if self.MACHINE.find(self.state, act, theirs) is not None:
            return self
        if self.pending is not None:
            after = self.acknowledged(at=self.pending.since)
            if self.MACHINE.find(after.state, act, theirs) is not None:
                return after
        return None

    def _taking(self, act: Act, name: str, mark: str, at: datetime) -> Self:
        state = self.MACHINE.next(self.state, act, self.side.other)
        step = Step(at=at, by=self.side.other, act=act, state=state, message=name or mark[:_MARK])
        pending = self.pending
        if pending is not None and self.MACHINE.find(state, pending.act, self.side) is None:
            pending = None  # it would make no sense any more
        return msgspec.structs.replace(
            self,
            state=state,
            pending=pending,
            steps=(*self.steps, step),
            taken={**self.taken, name: mark} if name else self.taken,
            last=mark,
            changed=at,
        )


class Negotiation(Process, frozen=True, kw_only=True):
    """A contract negotiation. ``offer`` is the latest on the table, ``ours`` our own terms: asked for, or offered."""

    MACHINE: ClassVar[Machine] = NEGOTIATION

    offer: dict[str, Any] = {}
    offered_by: Side = Side.CONSUMER
    ours: dict[str, Any] = {}
    agreement: dict[str, Any] | None = None
    manual: bool = False
    """Somebody wants to decide each step themselves."""
    member_of: tuple[str, ...] = ()
    """The groups that the partner belonged to when it began, if we are the provider."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What data are for: purposes and a place, as IRIs."""

    purposes: tuple[str, ...] = ()
    place: str = ""


class Transfer(Process, frozen=True, kw_only=True):
    """A transfer process under an agreement (its id). ``data`` is the data address that came with the start."""

    MACHINE: ClassVar[Machine] = TRANSFER

    agreement: str
    format: str
    data: dict[str, Any] | None = None
    token: str = ""
    """SHA-256 of the token that we have given out for it, if we are the provider."""
    token_until: datetime | None = None
    wanted: Wanted | None = None
    """What we want the data for, if we are the consumer and take them by ourselves."""


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What two twins have agreed on, as both keep it. ``policy`` is the agreement as the protocol writes it."""

    id: str
    side: Side
    partner: str
    dataset: str
    policy: dict[str, Any]
    negotiation: str
    address: str
    agreed: datetime
    member_of: tuple[str, ...] = ()
    """The groups that the partner belonged to when it was concluded."""
    ended: datetime | None = None
    why: str = ""
    version: int = 0


def mark_of(document: dict[str, Any]) -> str:
    """SHA-256 of what a message says, whatever the order of its members."""
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


def message_name(document: dict[str, Any]) -> str:
    """The message's own id, else the beginning of its mark."""
    return _own_id(document) or mark_of(document)[:_MARK]


def _own_id(document: dict[str, Any]) -> str:
    found = document.get("@id")
    return found[:256] if isinstance(found, str) else ""
