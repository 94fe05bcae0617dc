"""The messages of negotiation and transfer (Dataspace Protocol 2025-1, sections 7.2, 7.3, 9.2 and 9.3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from sympolis.dataspace.dsp.policies import AgreementShape, MessageOffer, TargetedOffer
from sympolis.dataspace.dsp.shapes import UNSET, Identifier, Message, Reasons, Shape, Unset
from sympolis.dataspace.dsp.vocabulary import EDC, EventType, NegotiationState, TransferState

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]


def _type() -> Any:
    return msgspec.field(name="@type")


class Between(Message, frozen=True, kw_only=True):
    """What both sides know a process by; ``id`` is the message's own, where it has one."""

    provider_pid: Identifier
    consumer_pid: Identifier
    id: str | Unset = UNSET


class Explained(Between, frozen=True, kw_only=True):
    """A message that may say why."""

    code: str | Unset = UNSET
    reason: Reasons | Unset = UNSET


# --- negotiation


class ContractRequestMessage(Message, frozen=True, kw_only=True):
    """A consumer begins (``callback_address``), or makes an offer in return (``provider_pid``)."""

    kind: Literal["ContractRequestMessage"] = _type()
    consumer_pid: Identifier
    offer: MessageOffer
    provider_pid: Identifier | Unset = UNSET
    callback_address: Address | Unset = UNSET
    id: str | Unset = UNSET

    def __post_init__(self) -> None:
        Message.__post_init__(self)
        if (self.provider_pid is UNSET) == (self.callback_address is UNSET):
            raise ValueError("either callbackAddress, to begin, or providerPid, to go on")


class ContractOfferMessage(Message, frozen=True, kw_only=True):
    """A provider begins (``callback_address``), or makes an offer in return (``consumer_pid``)."""

    kind: Literal["ContractOfferMessage"] = _type()
    provider_pid: Identifier
    offer: TargetedOffer
    consumer_pid: Identifier | Unset = UNSET
    callback_address: Address | Unset = UNSET
    id: str | Unset = UNSET

    def __post_init__(self) -> None:
        Message.__post_init__(self)
        if (self.consumer_pid is UNSET) == (self.callback_address is UNSET):
            raise ValueError("either callbackAddress, to begin, or consumerPid, to go on")


class ContractAgreementMessage(Between, frozen=True, kw_only=True):
    """The provider agrees."""

    kind: Literal["ContractAgreementMessage"] = _type()
    agreement: AgreementShape


class ContractAgreementVerificationMessage(Between, frozen=True, kw_only=True):
    """The consumer has checked the agreement."""

    kind: Literal["ContractAgreementVerificationMessage"] = _type()


class ContractNegotiationEventMessage(Between, frozen=True, kw_only=True):
    """The consumer has accepted, or the provider has finalized."""

    kind: Literal["ContractNegotiationEventMessage"] = _type()
    event_type: EventType


class ContractNegotiationTerminationMessage(Explained, frozen=True, kw_only=True):
    """Either side breaks off."""

    kind: Literal["ContractNegotiationTerminationMessage"] = _type()


class ContractNegotiation(Between, frozen=True, kw_only=True):
    """How a negotiation stands: the answer to what begins one, and to who asks."""

    kind: Literal["ContractNegotiation"] = _type()
    state: NegotiationState


class ContractNegotiationError(Explained, frozen=True, kw_only=True):
    """A message that was not taken; nothing changed."""

    kind: Literal["ContractNegotiationError"] = _type()


# --- transfer


class EndpointProperty(Shape, frozen=True, kw_only=True):
    """What has to be known of an endpoint, such as the token for it."""

    kind: Literal["EndpointProperty"] = _type()
    name: str
    value: Any


class DataAddress(Shape, frozen=True, kw_only=True):
    """Where data are, or shall be brought."""

    kind: Literal["DataAddress"] = _type()
    endpoint_type: str
    endpoint: str | Unset = UNSET
    endpoint_properties: Annotated[list[EndpointProperty], msgspec.Meta(min_length=1)] | Unset = UNSET

    @property
    def where(self) -> str:
        """The endpoint: the member, or the property that Eclipse EDC has in its place; '' where there is none."""
        return self.endpoint or self.value_of("endpoint") or ""

    @property
    def takes_bare_tokens(self) -> bool:
        """Whether it may want its token without a scheme, as public endpoints of Eclipse EDC do."""
        return not self.endpoint and self.value_of("endpoint") is not None

    def value_of(self, name: str) -> str | None:
        """One of its properties, by its name or that of Eclipse EDC."""
        found = () if isinstance(self.endpoint_properties, Unset) else self.endpoint_properties
        values = {one.name: one.value for one in found if isinstance(one.value, str)}
        return values.get(name, values.get(EDC + name))


class TransferRequestMessage(Message, frozen=True, kw_only=True):
    """The consumer asks for data under an agreement."""

    kind: Literal["TransferRequestMessage"] = _type()
    consumer_pid: Identifier
    agreement_id: Identifier
    format: Identifier
    callback_address: Address
    data_address: DataAddress | Unset = UNSET
    id: str | Unset = UNSET


class TransferStartMessage(Between, frozen=True, kw_only=True):
    """Data may be had from here on; or they may be had again."""

    kind: Literal["TransferStartMessage"] = _type()
    data_address: DataAddress | Unset = UNSET


class TransferCompletionMessage(Between, frozen=True, kw_only=True):
    """All data are there."""

    kind: Literal["TransferCompletionMessage"] = _type()


class TransferSuspensionMessage(Explained, frozen=True, kw_only=True):
    """No data for now."""

    kind: Literal["TransferSuspensionMessage"] = _type()


class TransferTerminationMessage(Explained, frozen=True, kw_only=True):
    """No data any more."""

    kind: Literal["TransferTerminationMessage"] = _type()


class TransferProcess(Between, frozen=True, kw_only=True):
    """How a transfer stands."""

    kind: Literal["TransferProcess"] = _type()
    state: TransferState


class TransferError(Explained, frozen=True, kw_only=True):
    """A message that was not taken; nothing changed."""

    kind: Literal["TransferError"] = _type()


NegotiationMessage = (
    ContractRequestMessage
    | ContractOfferMessage
    | ContractAgreementMessage
    | ContractAgreementVerificationMessage
    | ContractNegotiationEventMessage
    | ContractNegotiationTerminationMessage
)
TransferMessage = (
    TransferRequestMessage
    | TransferStartMessage
    | TransferCompletionMessage
    | TransferSuspensionMessage
    | TransferTerminationMessage
)
