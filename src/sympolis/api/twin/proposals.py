"""Proposals for new sources: a sample is sent, or an address named; what comes back is for a steward to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympolis.api.bodies import read_object
from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.parameters import Parameter
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, several, structure
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.city.proposing.desk import Proposer

FILE = "application/octet-stream"
_PATIENCE_S = 120.0
"""A sample that is not understood by then is none: 504."""
NAME = Parameter(name="name", text="The file's name; tells much of what is in it.", max_length=200)
SOURCE = Parameter(name="id", text="The id that the source is to have.", max_length=60)
TITLE = Parameter(name="title", text="Its title.", max_length=200)
OWNER = Parameter(name="owner", text="Who owns the data.", max_length=200)
LICENCE = Parameter(
    name="licence", text="Their licence, as an SPDX-like code.", max_length=60, example="CC-BY-4.0"
)
MODEL = Parameter(name="model", text="The data model to take, whatever looks likest.", max_length=100)
_WISHES = (SOURCE, TITLE, OWNER, LICENCE, MODEL)
_PROPOSAL = structure(
    {
        "id": TEXT,
        "source": OBJECT,
        "mapping": OBJECT,
        "reasons": OBJECT,
        "models": several(OBJECT),
        "terms": OBJECT,
        "findings": several(TEXT),
        "columns": several(OBJECT),
        "files": OBJECT,
    }
)


class Proposals:
    """Handlers of ``/api/sources/proposals``."""

    def __init__(self, proposer: Proposer) -> None:
        self._proposer = proposer

    async def propose(self, request: Request) -> Reply:
        """Look at a sample and propose how it comes in; nothing is kept."""
        from sympolis.city.proposing.proposal import Wish

        wish = Wish(**{one.name: (one.raw(request) or "").strip() for one in _WISHES})
        if request.media_type == JSON:
            return await self._of_address(await read_object(request), wish)
        name = NAME.raw(request) or "sample"
        return json_reply(_shown(await self._proposer.of_content(await request.body(), name, wish)))

    async def _of_address(self, document: Any, wish: Any) -> Reply:
        url = document.get("url")
        if not isinstance(url, str) or set(document) != {"url"}:
            hint = f"send a file as {FILE} instead, whatever its format"
            raise errors.InvalidRequest("expected an address, and nothing else", where="url", hint=hint)
        async with self._proposer.of_address(url, wish) as found:
            return json_reply(_shown(found.proposal))


def _shown(proposal: Any) -> dict[str, Any]:
    from sympolis.city.proposing.writing import files

    return {**proposal.to_json(), "files": files(proposal)}


def operations(proposer: Proposer | None) -> tuple[Operation, ...]:
    """The route, where there is a city to propose for."""
    if proposer is None:
        return ()
    file = {"type": "string", "format": "binary"}
    either = {"anyOf": [structure({"url": TEXT}, required=("url",)), file]}
    return (
        Operation(
            method="POST",
            path="/api/sources/proposals",
            handle=Proposals(proposer).propose,
            name="proposeSource",
            title="Propose how a file or a portal's dataset comes in",
            tag="Sources",
            text="Connector and settings, data model, mapping with units, reference system, id, time and expectations, "
            "each with its reason and confidence, and the two files of the package. Send a sample as "
            'application/octet-stream, or `{"url": …}` as JSON. Nothing is kept.',
            parameters=(NAME, *_WISHES),
            body=Body(either, media=(FILE, JSON), example={"url": "https://data.example.city/parking.csv"}),
            timeout_s=_PATIENCE_S,
            answers={200: Answer("The proposal.", {JSON: _PROPOSAL})},
        ),
    )
