"""The port to what is offered: datasets with their offers and formats, as one participant may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sympolis.dataspace.dsp.credentials import Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A dataset on offer. ``id`` is what policies call it; ``offers`` are as a catalogue shows them."""

    id: str
    title: Mapping[str, str]
    offers: tuple[Mapping[str, Any], ...]
    formats: tuple[str, ...]
    about: Mapping[str, Any] = field(default_factory=dict)
    """Further members that a catalogue shows: description, keywords, licence."""

    def find(self, offer: str) -> Mapping[str, Any] | None:
        """One of its offers."""
        return next((one for one in self.offers if one["@id"] == offer), None)


class Offers(Protocol):
    """What is offered to somebody."""

    async def datasets(self, participant: Participant) -> Sequence[Offered]:
        """All that they may know of, in a stable order."""
        ...

    async def find(self, participant: Participant, dataset: str) -> Offered | None:
        """One of these."""
        ...


@dataclass(frozen=True, slots=True)
class FixedOffers:
    """The same for everybody: for tests, and for the protocol's test mode."""

    offered: tuple[Offered, ...] = ()

    async def datasets(self, participant: Participant) -> Sequence[Offered]:  # noqa: ARG002
        """See ``Offers``."""
        return self.offered

    async def find(self, participant: Participant, dataset: str) -> Offered | None:  # noqa: ARG002
        """See ``Offers``."""
        return next((one for one in self.offered if one.id == dataset), None)
