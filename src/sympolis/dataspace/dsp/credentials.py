"""The port to trust: who is calling, and how our own calls say who we are.

The Dataspace Protocol leaves authentication to the dataspace: a message comes with an ``Authorization`` header, and
what is in it (Decentralized Claims Protocol, tokens of an issuer, a shared key in tests) is not the protocol's
business. So negotiation and transfer know this port only.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sympolis.domain import errors


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody with whom messages are exchanged.

    ``id`` is what agreements call them (a DID, as a rule); ``member_of`` are the groups that their credentials prove
    (IRIs: a membership, a role), which policies may name as assignee or as ``odrl:recipient``.
    """

    id: str
    member_of: frozenset[str] = frozenset()
    name: str = ""


class Credentials(Protocol):
    """Proves who we are and finds out who others are."""

    @property
    def participant(self) -> str:
        """Our own participant id."""
        ...

    async def identify(self, authorization: str | None, certificates: bytes = b"") -> Participant:
        """Who sent a message with this ``Authorization`` header. Raises ``Unauthenticated`` for none or a false one.

        ``certificates`` is the chain in PEM with which they came through TLS, where a proxy has proved one.
        """
        ...

    async def authorization(self, audience: str, address: str) -> str | None:
        """The ``Authorization`` header for a message to ``address``; None where nothing is to be said.

        ``audience`` is the participant that lives there; '' before it is known. Raises ``Forbidden`` where nothing may
        be sent to them.
        """
        ...


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """Keys that two twins have agreed on beforehand: for tests, and for partners without any other means.

    ``ours`` is what we send, by participant; ``theirs`` what they send, by participant.
    """

    participant: str
    ours: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)

    async def identify(self, authorization: str | None, certificates: bytes = b"") -> Participant:  # noqa: ARG002
        """See ``Credentials``."""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() == "bearer":
            for participant, expected in self.theirs.items():
                if hmac.compare_digest(key.strip().encode(), expected.encode()):
                    return Participant(participant)
        raise errors.Unauthenticated("this message does not say who sends it", where="Authorization")

    async def authorization(self, audience: str, address: str) -> str | None:  # noqa: ARG002
        """See ``Credentials``."""
        key = self.ours.get(audience)
        return None if key is None else f"Bearer {key}"


@dataclass(frozen=True, slots=True)
class Anybody:
    """Everybody is taken for the same participant: the protocol's test mode, and nothing else."""

    participant: str
    other: str

    async def identify(self, authorization: str | None, certificates: bytes = b"") -> Participant:  # noqa: ARG002
        """See ``Credentials``."""
        return Participant(self.other)

    async def authorization(self, audience: str, address: str) -> str | None:  # noqa: ARG002
        """See ``Credentials``."""
        return None
