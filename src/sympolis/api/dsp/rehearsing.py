"""The test mode's two doors: a conformance kit asks us to begin a negotiation or a transfer with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.domain import errors


class Rehearsals:
    """Handlers of ``/dsp/test``."""

    def __init__(self, desk: ContractDesk) -> None:
        self._desk = desk

    async def negotiate(self, request: Request) -> Reply:
        """Begin a negotiation with the kit."""
        document = await read_object(request)
        offer = {"@id": _text(document, "offerId"), "permission": [{"action": "use"}]}
        begun = self._desk.negotiations.request(
            self._desk.scripts.partner,
            _text(document, "connectorAddress"),
            _text(document, "datasetId"),
            offer,
        )
        return json_reply({"id": begun.id})

    async def transfer(self, request: Request) -> Reply:
        """Begin a transfer with the kit."""
        document = await read_object(request)
        begun = self._desk.transfers.request(
            _text(document, "agreementId"),
            _text(document, "format"),
            address=_text(document, "connectorAddress"),
        )
        return json_reply({"id": begun.id})


def _text(document: Mapping[str, Any], member: str) -> str:
    found = document.get(member)
    if not isinstance(found, str) or not found:
        raise errors.InvalidRequest("expected a text", where=member)
    return found
