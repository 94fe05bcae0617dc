"""The HTTPS binding (Dataspace Protocol 2025-1, sections 5, 6, 8 and 10): one base address for both sides.

A message is decoded by its schema, attributed to its sender, taken by the process that it names and kept; then it is
answered. Who is not a process's partner hears the same as somebody who asks for one that there is not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import quote

from sympolis.api import certificates
from sympolis.api.bodies import parse_json
from sympolis.api.dsp.refusing import CATALOGUE, NEGOTIATION, TRANSFER, refused
from sympolis.api.http import JSON, LD_JSON, Reply, Request, json_reply
from sympolis.api.parameters import Parameter
from sympolis.context.gated import everything
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.contracts.offers import Offered
from sympolis.dataspace.dsp import documents
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.dsp.processes import Negotiation, Process, Transfer
from sympolis.dataspace.dsp.shapes import read
from sympolis.dataspace.dsp.vocabulary import CONTEXT, VERSION
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Event

BASE: Final = "/dsp"
MOST_BYTES: Final = 256 * 1024
PAGE: Final = 50
MOST_AT_ONCE: Final = 500
"""Datasets that are answered to who says by itself how many it wants."""
AFTER: Final = Parameter(name="after", text="The page behind this dataset.", max_length=2048)
_SERVICE: Final = "urn:sympolis:service:dsp"


class Protocol:
    """Handlers of ``/dsp``. ``address`` is ours, as partners reach it."""

    def __init__(self, desk: ContractDesk, address: Callable[[], str], auth: tuple[str, str] | None) -> None:
        self._desk = desk
        self._address = address
        self._auth = auth

    # --- who and what

    async def versions(self, request: Request) -> Reply:  # noqa: ARG002
        """The versions that are spoken here (section 4.3): one, and nobody can talk us down to another."""
        version: dict[str, Any] = {
            "version": VERSION,
            "path": BASE,
            "binding": "HTTPS",
            "identifierType": "did:web",
            "serviceId": _SERVICE,
        }
        if self._auth is not None:
            version["auth"] = {"protocol": self._auth[0], "version": self._auth[1]}
        return json_reply({"protocolVersions": [version]})

    async def _caller(self, request: Request) -> Participant:
        said, shown = request.header(b"authorization"), certificates.shown(request)
        return await self._desk.credentials.identify(said, shown)

    async def _message(self, request: Request) -> dict[str, Any]:
        if request.media_type not in (JSON, LD_JSON):
            raise errors.UnsupportedMediaType(f"expected {JSON}", where="Content-Type")
        request.max_body_bytes = min(request.max_body_bytes, MOST_BYTES)
        document = parse_json(await request.body())
        if not isinstance(document, dict):
            raise errors.BadRequestData("expected an object", where="body")
        return document

    # --- catalogue

    async def catalogue(self, request: Request) -> Reply:
        """What is offered to whoever asks, a page of it (section 6.2)."""

        async def answer() -> Reply:
            message = read(await self._message(request), documents.CatalogRequestMessage)
            window = _window(message.filter or ())
            found = sorted(
                await self._desk.offers.datasets(await self._caller(request)), key=lambda one: one.id
            )
            if window is not None:
                return json_reply(self._catalogue(found[window]))
            after = AFTER.raw(request) or ""
            rest = [one for one in found if one.id > after]
            return self._page(rest, found)

        return await self._answered(CATALOGUE, request, answer)

    def _page(self, rest: list[Offered], found: list[Offered]) -> Reply:
        page = rest[:PAGE]
        links = []
        if len(rest) > PAGE:
            links.append(self._link(page[-1].id, "next"))
        if len(rest) < len(found):
            first = len(found) - len(rest)
            links.append(self._link(found[first - PAGE - 1].id if first > PAGE else "", "previous"))
        headers = ((b"link", ", ".join(links).encode("ascii", "replace")),) if links else ()
        return json_reply(self._catalogue(page), headers=headers)

    def _catalogue(self, page: Sequence[Offered]) -> dict[str, Any]:
        document: dict[str, Any] = {
            "@context": [CONTEXT],
            "@id": f"{self._address()}{BASE}/catalog",
            "@type": "Catalog",
            "participantId": self._desk.credentials.participant,
            "service": [self._service()],
        }
        return {**document, "dataset": [self._dataset(one) for one in page]} if page else document

    def _link(self, after: str, relation: str) -> str:
        query = f"?after={quote(after, safe='')}" if after else ""
        return f'<{self._address()}{BASE}/catalog/request{query}>; rel="{relation}"'

    async def dataset(self, request: Request) -> Reply:
        """One dataset with its offers (section 6.2)."""

        async def answer() -> Reply:
            name = request.arguments["dataset"]
            found = await self._desk.offers.find(await self._caller(request), name)
            if found is None:
                raise errors.NotFound(f"there is no dataset {name}", where="dataset")
            return json_reply({"@context": [CONTEXT], **self._dataset(found)})

        return await self._answered(CATALOGUE, request, answer)

    def _service(self) -> dict[str, Any]:
        return {"@id": _SERVICE, "@type": "DataService", "endpointURL": f"{self._address()}{BASE}"}

    def _dataset(self, offered: Offered) -> dict[str, Any]:
        return {
            "@id": offered.id,
            "@type": "Dataset",
            **offered.about,
            "hasPolicy": list(offered.offers),
            "distribution": [
                {"@type": "Distribution", "format": one, "accessService": self._service()}
                for one in offered.formats
            ],
        }

    # --- negotiation

    async def request_contract(self, request: Request) -> Reply:
        """A consumer begins (section 8.2.2)."""

        async def answer() -> Reply:
            message, caller = await self._message(request), await self._caller(request)
            return _state(await self._desk.negotiations.take_request(caller, message), 201)

        return await self._answered(NEGOTIATION, request, answer)

    async def offer_contract(self, request: Request) -> Reply:
        """A provider begins (section 8.3.3)."""

        async def answer() -> Reply:
            message, caller = await self._message(request), await self._caller(request)
            return _state(await self._desk.negotiations.take_offer(caller, message), 201)

        return await self._answered(NEGOTIATION, request, answer)

    async def negotiation(self, request: Request) -> Reply:
        """How a negotiation stands."""

        async def answer() -> Reply:
            caller = await self._partner(request)
            return _state(self._desk.negotiations.get(request.arguments["pid"], caller))

        return await self._answered(NEGOTIATION, request, answer)

    def about_negotiation(self, shape: type[Any]) -> Callable[[Request], Any]:
        """The handler for messages of one kind about a negotiation."""

        async def handle(request: Request) -> Reply:
            async def answer() -> Reply:
                caller, pid = await self._partner(request), request.arguments["pid"]
                self._desk.negotiations.get(pid, caller)
                message = await self._message(request)
                return _state(await self._desk.negotiations.receive(pid, caller, message, shape))

            return await self._answered(NEGOTIATION, request, answer)

        return handle

    # --- transfer

    async def request_transfer(self, request: Request) -> Reply:
        """A consumer asks for data (section 10.2.2)."""

        async def answer() -> Reply:
            message, caller = await self._message(request), await self._caller(request)
            return _state(await self._desk.transfers.take_request(caller, message), 201)

        return await self._answered(TRANSFER, request, answer)

    async def transfer(self, request: Request) -> Reply:
        """How a transfer stands."""

        async def answer() -> Reply:
            caller = await self._partner(request)
            return _state(self._desk.transfers.get(request.arguments["pid"], caller))

        return await self._answered(TRANSFER, request, answer)

    def about_transfer(self, shape: type[Any]) -> Callable[[Request], Any]:
        """The handler for messages of one kind about a transfer."""

        async def handle(request: Request) -> Reply:
            async def answer() -> Reply:
                caller, pid = await self._partner(request), request.arguments["pid"]
                self._desk.transfers.get(pid, caller)
                message = await self._message(request)
                return _state(await self._desk.transfers.receive(pid, caller, message, shape))

            return await self._answered(TRANSFER, request, answer)

        return handle

    # --- parts

    async def _partner(self, request: Request) -> Participant:
        """Who asks about a process. Raises ``NotFound``: whoever does not prove who they are has none."""
        try:
            return await self._caller(request)
        except errors.Unauthenticated as problem:
            raise errors.NotFound("there is no such thing for you", where="Authorization") from problem

    async def _answered(self, kind: str, request: Request, answer: Callable[[], Awaitable[Reply]]) -> Reply:
        try:
            with everything():
                return await answer()
        except Exception as problem:
            if isinstance(problem, errors.SympolisError):
                event = Event(
                    Act.DENIED,
                    "",
                    f"dsp.{kind}",
                    request.path[:200],
                    request.id,
                    reason=problem.message[:200],
                )
                self._desk.note(event)
            process = None if isinstance(problem, errors.NotFound) else self._process(kind, request)
            provider, consumer = ("", "") if process is None else (process.provider_pid, process.consumer_pid)
            return refused(kind, problem, request_id=request.id, provider=provider, consumer=consumer)

    def _process(self, kind: str, request: Request) -> Process | None:
        """The process that a message is about, once its sender is known to be part of it."""
        pid = request.arguments.get("pid", "")
        of: type[Any] = Negotiation if kind == NEGOTIATION else Transfer
        return self._desk.book.find(of, pid) if pid else None


def _window(filters: Sequence[Any]) -> slice | None:
    """The part of the catalogue that a filter asks for, None where there is none. Raises ``InvalidRequest``.

    What filters say is nobody's standard: a part is what Eclipse EDC asks for each time; conditions are not offered.
    """
    if not filters:
        return None
    asked = filters[0]
    if len(filters) == 1 and isinstance(asked, dict) and asked.get("@type") == "QuerySpec":
        said = read(asked, documents.QuerySpec, where="filter")
        if not said.filter_expression and not isinstance(said.sort_field, str):
            return slice(said.offset, said.offset + min(said.limit, MOST_AT_ONCE))
    raise errors.InvalidRequest("filters are not offered", where="filter", hint="filter what you get")


def _state(process: Negotiation | Transfer, status: int = 200) -> Reply:
    document = {
        "@context": [CONTEXT],
        "@type": "ContractNegotiation" if isinstance(process, Negotiation) else "TransferProcess",
        "providerPid": process.provider_pid,
        "consumerPid": process.consumer_pid,
        "state": process.state,
    }
    return json_reply(document, status=status)
