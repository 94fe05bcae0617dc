"""Contract negotiations at work: as a provider who agrees to what it offers, as a consumer who checks what it gets.

A provider agrees to its own offers and answers anything else with them. A consumer accepts what it asked for, verifies
an agreement that says the same, and leaves everything else to people (``decide``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from sympolis.dataspace.contracts.exchange import Exchange, check_address, message, new_id
from sympolis.dataspace.contracts.offers import Offered, Offers
from sympolis.dataspace.contracts.scripts import NO_SCRIPTS, Scripts
from sympolis.dataspace.dsp import messages, policies
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.dsp.machines import Act
from sympolis.dataspace.dsp.processes import Agreement, Negotiation, mark_of
from sympolis.dataspace.dsp.shapes import read
from sympolis.dataspace.dsp.terms import read_terms, same_terms
from sympolis.dataspace.dsp.vocabulary import CONTEXT, EventType, NegotiationState, Side
from sympolis.domain import errors

MOST_OPEN: Final = 1000
"""Negotiations that one partner may have begun and not ended."""
_MOST_ROUNDS: Final = 5
_TERMS: Final[tuple[str, ...]] = ("permission", "prohibition", "obligation", "profile")
_STATE: Final = NegotiationState

_Judge = Callable[[Negotiation], tuple[Act | None, str]]
_Write = Callable[[Negotiation], tuple[str, dict[str, Any], Negotiation]]
_EVENTS: Final = {EventType.ACCEPTED: Act.ACCEPT, EventType.FINALIZED: Act.FINALIZE}


class Negotiations(Exchange[Negotiation]):
    """See the module."""

    KIND = Negotiation
    NAME = "negotiation"
    _PREFIX = "ContractNegotiation"

    def __init__(self, *args: Any, offers: Offers, scripts: Scripts = NO_SCRIPTS, **named: Any) -> None:
        super().__init__(*args, **named)
        self.offers = offers
        self._scripts = scripts
        self.address: Callable[[], str] = lambda: ""
        """Our own address, where partners send their messages."""
        self._judges: Final[dict[tuple[Side, str], _Judge]] = {
            (Side.PROVIDER, _STATE.REQUESTED.value): self._judge_request,
            (Side.PROVIDER, _STATE.ACCEPTED.value): lambda _: (Act.AGREE, ""),
            (Side.PROVIDER, _STATE.VERIFIED.value): lambda _: (Act.FINALIZE, ""),
            (Side.CONSUMER, _STATE.OFFERED.value): self._judge_offer,
            (Side.CONSUMER, _STATE.AGREED.value): self._judge_agreement,
        }
        self._writers: Final[dict[Act, _Write]] = {
            Act.REQUEST: self._write_request,
            Act.OFFER: self._write_offer,
            Act.ACCEPT: self._write_acceptance,
            Act.AGREE: self._write_agreement,
            Act.VERIFY: self._write_verification,
            Act.FINALIZE: self._write_end,
        }

    # --- as a consumer

    def request(
        self,
        partner: str,
        address: str,
        dataset: str,
        offer: Mapping[str, Any],
        *,
        manual: bool = False,
    ) -> Negotiation:
        """Ask a partner for an agreement on an offer of theirs. ``manual``: people decide each step."""
        wanted = {
            **{name: offer[name] for name in ("@id", *_TERMS) if name in offer},
            "@type": "Offer",
            "target": dataset,
        }
        read(wanted, policies.MessageOffer, where="offer")
        at = self._clock()
        process = Negotiation(
            id=new_id(),
            side=Side.CONSUMER,
            partner=partner,
            address=check_address(address, "address"),
            began=at,
            changed=at,
            dataset=dataset,
            offer=wanted,
            ours=wanted,
            manual=manual,
        )
        body = {
            "@context": [CONTEXT],
            "@id": new_id(),
            "@type": "ContractRequestMessage",
            "consumerPid": process.id,
            "offer": wanted,
            "callbackAddress": self.address(),
        }
        kept = self._begin(process.sending(Act.REQUEST, "/negotiations/request", body, at=at))
        assert kept is not None
        return kept

    async def take_offer(self, caller: Participant, document: dict[str, Any]) -> Negotiation:
        """A provider begins. Nothing is accepted that nobody asked for: people decide."""
        said = read(document, messages.ContractOfferMessage)
        if not isinstance(said.callback_address, str):
            raise errors.InvalidRequest("a first message says where answers go", where="callbackAddress")
        known = self.book.find_peer(Negotiation, caller.id, said.provider_pid)
        if known is not None:
            return self._again(known, document)
        return await self._taken_first(
            caller,
            Act.OFFER,
            document,
            side=Side.CONSUMER,
            peer=said.provider_pid,
            address=said.callback_address,
            dataset=said.offer.target,
            offered_by=Side.PROVIDER,
            manual=True,
        )

    # --- as a provider

    async def take_request(self, caller: Participant, document: dict[str, Any]) -> Negotiation:
        """A consumer begins. Raises ``NotFound`` for a dataset that is not offered to them, ``InvalidRequest``."""
        said = read(document, messages.ContractRequestMessage)
        if not isinstance(said.callback_address, str):
            raise errors.InvalidRequest("a first message says where answers go", where="callbackAddress")
        known = self.book.find_peer(Negotiation, caller.id, said.consumer_pid)
        if known is not None:
            return self._again(known, document)
        dataset = said.offer.target if isinstance(said.offer.target, str) else ""
        offered = await self._offered(caller, dataset, said.offer.id)
        return await self._taken_first(
            caller,
            Act.REQUEST,
            document,
            side=Side.PROVIDER,
            peer=said.consumer_pid,
            address=said.callback_address,
            dataset=offered.id,
            ours=dict(self._ours(offered, document["offer"])),
        )

    async def _taken_first(
        self,
        caller: Participant,
        act: Act,
        document: dict[str, Any],
        *,
        peer: str,
        address: str,
        **members: Any,
    ) -> Negotiation:
        self.check_bound(caller, MOST_OPEN)
        at = self._clock()
        process = Negotiation(
            id=new_id(),
            partner=caller.id,
            address=check_address(address, "callbackAddress"),
            began=at,
            changed=at,
            peer=peer,
            offer=document["offer"],
            member_of=tuple(sorted(caller.member_of)),
            **members,
        )
        taken = process.receiving(act, document, at=at)
        assert taken is not None
        first = msgspec.structs.replace(taken, taken={**taken.taken, "": mark_of(document)})
        kept = self._begin(self._react(first))
        await self.book.durable()
        return kept or self._again(self.book.find_peer(Negotiation, caller.id, peer), document)

    def _again(self, known: Negotiation | None, document: dict[str, Any]) -> Negotiation:
        """What there is already, where the same message comes once more. Raises ``InvalidRequest`` for another one."""
        if known is None or not known.repeats(document):
            raise errors.InvalidRequest("this process id belongs to another negotiation", where="consumerPid")
        return known

    async def _offered(self, caller: Participant, dataset: str, offer: str) -> Offered:
        found = await self.offers.find(caller, dataset)
        if found is None:
            raise errors.NotFound(f"there is no dataset {dataset}", where="offer.target")
        if found.find(offer) is None:
            raise errors.InvalidRequest(
                f"there is no offer {offer} of it",
                where="offer.@id",
                hint="offers change: ask for the catalogue",
            )
        return found

    def _ours(self, offered: Offered, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """The offer of ours that they mean."""
        return {**(offered.find(asked["@id"]) or {}), "target": offered.id}

    # --- taking what follows

    async def _prepared(
        self, process: Negotiation, act: Act, document: dict[str, Any], caller: Participant
    ) -> Callable[[Negotiation], Negotiation]:
        if act is Act.REQUEST:
            offered = await self.offers.find(caller, process.dataset)
            ours = process.ours if offered is None else self._ours(offered, document["offer"])
            return lambda one: msgspec.structs.replace(
                one, offer=document["offer"], offered_by=Side.CONSUMER, ours=dict(ours) or one.ours
            )
        if act is Act.OFFER:
            return lambda one: msgspec.structs.replace(one, offer=document["offer"], offered_by=Side.PROVIDER)
        if act is Act.AGREE:
            return lambda one: msgspec.structs.replace(one, agreement=document["agreement"])
        if act is Act.ACCEPT and process.offered_by is Side.CONSUMER:
            raise errors.InvalidRequest("the offer on the table is your own", where="eventType")
        if act is Act.TERMINATE:
            why = "; ".join(str(part) for part in document.get("reason", ())[:5])[:500]
            return lambda one: msgspec.structs.replace(one, why=why or "the partner has terminated it")
        return lambda one: one

    async def receive(
        self, process_id: str, caller: Participant, document: dict[str, Any], shape: type[Any]
    ) -> Negotiation:
        """Take a message about a negotiation that there is."""
        process = self.get(process_id, caller)
        said = read(document, shape)
        act = _EVENTS[said.event_type] if shape is messages.ContractNegotiationEventMessage else _ACTS[shape]
        if process.side is Side.PROVIDER and act in (Act.OFFER, Act.AGREE):
            raise errors.InvalidRequest("a consumer does not send this", where="@type")
        return await self.take(process_id, caller, act, document)

    # --- deciding

    def _react(self, process: Negotiation) -> Negotiation:
        if process.is_over or process.pending is not None or self._scripts.find(process) is not None:
            return process
        decide = self._judges.get((process.side, process.state))
        if decide is None or (process.manual and process.state != _STATE.VERIFIED):
            return process
        act, why = decide(process)
        return process if act is None else self._doing(process, act, why)

    def decide(self, process_id: str, act: Act, *, why: str = "", by: str = "") -> Negotiation:
        """Do what a person has decided. Raises ``NotFound``, ``InvalidRequest`` where it makes no sense now."""
        if act is Act.TERMINATE:
            return self.terminate(process_id, why, by=by)
        return self._change(process_id, lambda one: self._doing(one, act, why), by=by)

    def _doing(self, process: Negotiation, act: Act, why: str = "") -> Negotiation:
        """The process with our message on its way."""
        if act is Act.TERMINATE:
            return self._terminating(process, why)
        path, body, changed = self._writers[act](process)
        return changed.sending(act, f"{self._path(process)}{path}", body, at=self._clock())

    def _judge_request(self, process: Negotiation) -> tuple[Act | None, str]:
        """A provider agrees to its own terms, offers them again to who asks for others, and ends that some day."""
        asked, ours = process.offer, process.ours
        if asked.get("@id") == ours.get("@id") and same_terms(asked, ours):
            return Act.AGREE, ""
        if sum(step.act is Act.REQUEST for step in process.steps) > _MOST_ROUNDS:
            return Act.TERMINATE, "these terms are not offered"
        return Act.OFFER, ""

    def _judge_offer(self, process: Negotiation) -> tuple[Act | None, str]:
        return (Act.ACCEPT, "") if same_terms(process.offer, process.ours) else (None, "")

    def _judge_agreement(self, process: Negotiation) -> tuple[Act | None, str]:
        """A consumer takes no agreement that says anything but what was on the table."""
        found = process.agreement or {}
        wrong = [
            name
            for name, fits in (
                ("target", found.get("target") == process.dataset),
                ("assigner", found.get("assigner") == process.partner),
                ("assignee", found.get("assignee") == self.credentials.participant),
                ("terms", same_terms(found, process.offer) and _is_readable(found)),
                ("@id", self.book.find(Agreement, str(found.get("@id"))) is None),
            )
            if not fits
        ]
        return (Act.TERMINATE, f"the agreement has another {', '.join(wrong)}") if wrong else (Act.VERIFY, "")

    # --- writing

    def _write_request(self, process: Negotiation) -> tuple[str, dict[str, Any], Negotiation]:
        wanted = {**process.ours, "@id": process.offer["@id"], "@type": "Offer", "target": process.dataset}
        body = message("ContractRequestMessage", process, offer=wanted)
        return "/request", body, msgspec.structs.replace(process, offer=wanted, offered_by=Side.CONSUMER)

    def _write_offer(self, process: Negotiation) -> tuple[str, dict[str, Any], Negotiation]:
        terms = {name: process.ours[name] for name in _TERMS if name in process.ours}
        ours: dict[str, Any] = {
            "@id": process.ours.get("@id") or new_id(),
            "@type": "Offer",
            "target": process.dataset,
            **terms,
        }
        body = message("ContractOfferMessage", process, offer=ours)
        return "/offers", body, msgspec.structs.replace(process, offer=ours, offered_by=Side.PROVIDER)

    def _write_acceptance(self, process: Negotiation) -> tuple[str, dict[str, Any], Negotiation]:
        body = message("ContractNegotiationEventMessage", process, eventType=EventType.ACCEPTED.value)
        return "/events", body, process

    def _write_agreement(self, process: Negotiation) -> tuple[str, dict[str, Any], Negotiation]:
        terms = {name: process.offer[name] for name in _TERMS if name in process.offer}
        agreement: dict[str, Any] = {
            "@id": new_id(),
            "@type": "Agreement",
            "target": process.dataset,
            "assigner": self.credentials.participant,
            "assignee": process.partner,
            "timestamp": self._clock().isoformat(timespec="seconds").replace("+00:00", "Z"),
            **terms,
        }
        read(agreement, policies.AgreementShape, where="agreement")
        body = message("ContractAgreementMessage", process, agreement=agreement)
        return "/agreement", body, msgspec.structs.replace(process, agreement=agreement)

    def _write_verification(self, process: Negotiation) -> tuple[str, dict[str, Any], Negotiation]:
        return "/agreement/verification", message("ContractAgreementVerificationMessage", process), process

    def _write_end(self, process: Negotiation) -> tuple[str, dict[str, Any], Negotiation]:
        body = message("ContractNegotiationEventMessage", process, eventType=EventType.FINALIZED.value)
        return "/events", body, process

    # --- what follows

    def _settled(self, process: Negotiation) -> None:
        """Keep the agreement once both have verified it: the consumer may ask for data the moment it is final."""
        verified = process.state == _STATE.VERIFIED and process.side is Side.PROVIDER
        if (verified or process.state == _STATE.FINALIZED) and process.agreement is not None:
            self.book.add(_agreement(process))
        script = self._scripts.find(process)
        if script is not None and process.steps and process.pending is None:
            self._play(process, script.acts(process.state, len(process.steps)))

    def _play(self, process: Negotiation, acts: tuple[tuple[Act, float], ...]) -> None:
        async def play() -> None:
            for act, after_s in acts:
                await asyncio.sleep(after_s)
                self._change(process.id, lambda one, act=act: self._doing(one, act, "as scripted"))
                await self.wait(process.id, lambda one: one.pending is None, 10.0)

        if acts:
            self._later(play())


def _is_readable(policy: Mapping[str, Any]) -> bool:
    """Whether we understand every rule: nobody signs what they cannot keep to."""
    try:
        read_terms(policy, where="agreement")
    except errors.BadRequestData:
        return False
    return True


def _agreement(process: Negotiation) -> Agreement:
    policy = process.agreement
    assert policy is not None
    return Agreement(
        id=str(policy["@id"]),
        side=process.side,
        partner=process.partner,
        dataset=process.dataset,
        policy=policy,
        negotiation=process.id,
        address=process.address,
        agreed=process.changed,
        member_of=process.member_of,
    )


_ACTS: Final[Mapping[type[Any], Act]] = {
    messages.ContractRequestMessage: Act.REQUEST,
    messages.ContractOfferMessage: Act.OFFER,
    messages.ContractAgreementMessage: Act.AGREE,
    messages.ContractAgreementVerificationMessage: Act.VERIFY,
    messages.ContractNegotiationTerminationMessage: Act.TERMINATE,
}
