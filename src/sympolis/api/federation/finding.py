"""What partners offer, need and can: the federated catalogue, the matrix, open needs and benchmarks."""

from __future__ import annotations

from typing import Any

from sympolis.api.bodies import read_object
from sympolis.api.federation.partners import by, text_of
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import LIMIT, OFFSET, BooleanParameter, Parameter
from sympolis.dataspace.discovery.catalogues import facets
from sympolis.dataspace.discovery.discovery import Discovery
from sympolis.dataspace.federation import Federation
from sympolis.domain import errors

WORDS = Parameter(name="q", text="Words to be found, in any language.", max_length=200)
KIND = Parameter(name="kind", text="Only things of this kind.", choices=("dataset", "service", "model"))
ONE_PARTNER = Parameter(name="partner", text="Only what this partner offers, by its DID.", max_length=512)
ANEW = BooleanParameter(name="anew", text="Ask partners again, however fresh their answers are.")
_NEED = frozenset({"title", "description", "type", "attributes"})


class Finding:
    """Handlers for people."""

    def __init__(self, federation: Federation, discovery: Discovery) -> None:
        self._own = federation.own
        self._discovery = discovery

    async def catalogue(self, request: Request) -> Reply:
        """What partners offer, searched; answers that lack somebody say so."""
        found, told, partial = await self._discovery.catalogues.search(
            WORDS.raw(request) or "",
            kind=KIND.raw(request) or "",
            partner=ONE_PARTNER.raw(request) or "",
            anew=ANEW.of(request),
        )
        offset, limit = OFFSET.of(request), LIMIT.of(request)
        return json_reply(
            {
                "entries": found[offset : offset + limit],
                "count": len(found),
                "facets": facets(found),
                "partners": [{**one.status(), "entries": len(one.value or ())} for one in told],
                "partial": partial,
            }
        )

    async def matrix(self, request: Request) -> Reply:
        """Every service of every partner against every city's data."""
        return json_reply(await self._discovery.matrix.whole(self._own.title, anew=ANEW.of(request)))

    async def needs(self, request: Request) -> Reply:
        """What we and our partners look for."""
        return json_reply(await self._discovery.needs.everybodys(anew=ANEW.of(request)))

    async def add_need(self, request: Request) -> Reply:
        """Say that something is looked for."""
        given = await read_object(request)
        unknown = sorted(set(given) - _NEED)
        if unknown:
            raise errors.InvalidRequest("is not known here", where=unknown[0])
        return json_reply(self._discovery.needs.add(given, by=by(request)), status=201)

    async def close_need(self, request: Request) -> Reply:
        """It is looked for no longer."""
        return json_reply(self._discovery.needs.close_need(request.arguments["need"]))

    async def links(self, request: Request) -> Reply:  # noqa: ARG002
        """Transfers whose entities are included in our queries."""
        return json_reply({"links": self._discovery.links.links()})

    async def link(self, request: Request) -> Reply:
        """Include a partner's entities in our queries."""
        given = await read_object(request)
        made = await self._discovery.links.link(text_of(given, "transfer"))
        return json_reply(made, status=201)

    async def unlink(self, request: Request) -> Reply:
        """Include them no more."""
        await self._discovery.links.unlink(request.arguments["transfer"])
        return Reply(status=204)

    async def benchmarks(self, request: Request) -> Reply:
        """The same indicators of all cities, side by side."""
        found = await self._discovery.benchmarks.side_by_side(self._own.title, anew=ANEW.of(request))
        return json_reply(found)


class Shared:
    """Handlers for partners' twins: what we tell them, and nobody else."""

    def __init__(self, federation: Federation, discovery: Discovery) -> None:
        self._federation = federation
        self._discovery = discovery

    async def services(self, request: Request) -> Reply:
        """Our services and what they need."""
        await known_partner(self._federation, request)
        return json_reply({"services": self._discovery.matrix.our_services()})

    async def verdicts(self, request: Request) -> Reply:
        """Which services run on our data."""
        await known_partner(self._federation, request)
        return json_reply({"verdicts": await self._discovery.matrix.our_column()})

    async def needs(self, request: Request) -> Reply:
        """What we look for."""
        await known_partner(self._federation, request)
        return json_reply({"needs": self._discovery.needs.shared()})

    async def indicators(self, request: Request) -> Reply:
        """Our figures of the common indicators."""
        await known_partner(self._federation, request)
        return json_reply({"indicators": await self._discovery.benchmarks.ours()})


async def known_partner(federation: Federation, request: Request) -> Any:
    """Who asks, where they are a partner. Raises ``Unauthenticated``, ``Forbidden``."""
    found = await federation.identity.identify(request.header(b"authorization"))
    if federation.directory.standing(found.id) != "active":
        raise errors.Forbidden("this is for partners", where=found.id)
    federation.partners.heard_from(found.id)
    return found
