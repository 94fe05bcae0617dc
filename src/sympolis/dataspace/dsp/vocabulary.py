"""The names of the Dataspace Protocol 2025-1 that are used here."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

CONTEXT: Final = "https://w3id.org/dspace/2025/1/context.jsonld"
"""The @context that every message names. Messages are plain JSON by schema, so nobody has to resolve it."""
VERSION: Final = "2025-1"
HTTP_PULL: Final = "HttpData-PULL"
"""The format by which Eclipse EDC calls: take it from an HTTP address yourself."""
PROCESSES: Final = "OGC-Processes"
INFERENCE: Final = "Open-Inference-V2"
"""Formats of what is called instead of taken: a service or a model, a learned model."""
MODEL_PACKAGE: Final = "Signed-Model-Package"
"""A learned model that travels, with its signature and its bill of materials."""
COMPUTE: Final = "Compute-To-Data"
"""A dataset that stays where it is: the consumer's package is run on it, and agreed outputs leave."""
HTTP_ENDPOINT: Final = "https://w3id.org/idsa/v4.1/HTTP"

EDC: Final = "https://w3id.org/edc/v0.0.1/ns/"
"""Before the names of what Eclipse EDC says of an endpoint, which it looks for among its properties alone."""

EDC_CONTEXT: Final = "https://w3id.org/edc/dspace/v0.0.1"
"""The context that messages of Eclipse EDC name besides the protocol's."""


class Side(StrEnum):
    """The two sides of a contract."""

    CONSUMER = "consumer"
    PROVIDER = "provider"

    @property
    def other(self) -> Side:
        """Whoever is opposite."""
        return Side.PROVIDER if self is Side.CONSUMER else Side.CONSUMER


class NegotiationState(StrEnum):
    """States of a contract negotiation (section 7.1)."""

    REQUESTED = "REQUESTED"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    AGREED = "AGREED"
    VERIFIED = "VERIFIED"
    FINALIZED = "FINALIZED"
    TERMINATED = "TERMINATED"


class TransferState(StrEnum):
    """States of a transfer process (section 9.1)."""

    REQUESTED = "REQUESTED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


class EventType(StrEnum):
    """What a contract negotiation event message tells."""

    ACCEPTED = "ACCEPTED"
    FINALIZED = "FINALIZED"
