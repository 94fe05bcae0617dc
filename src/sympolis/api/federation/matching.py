"""Who could work with whom: matches, twin cities, parties that somebody wrote down, our own profile."""

from __future__ import annotations

from sympolis.api.bodies import read_object
from sympolis.api.federation.finding import ANEW, known_partner
from sympolis.api.federation.partners import by
from sympolis.api.http import Reply, Request, json_reply
from sympolis.dataspace.federation import Federation
from sympolis.dataspace.matching.desk import MatchDesk
from sympolis.dataspace.matching.profile import to_json


class Matching:
    """Handlers for people, and one for partners' twins."""

    def __init__(self, federation: Federation, desk: MatchDesk) -> None:
        self._federation = federation
        self._desk = desk

    async def ours(self, request: Request) -> Reply:  # noqa: ARG002
        """Our profile as partners see it."""
        return json_reply(to_json(await self._desk.ours()))

    async def matches(self, request: Request) -> Reply:
        """Who could work with us, ranked."""
        return json_reply(await self._desk.matches(anew=ANEW.of(request)))

    async def twinning(self, request: Request) -> Reply:
        """Cities that are alike."""
        return json_reply(await self._desk.twinning(anew=ANEW.of(request)))

    async def parties(self, request: Request) -> Reply:  # noqa: ARG002
        """Parties without a twin."""
        return json_reply({"parties": [to_json(one) for one in self._desk.parties()]})

    async def add(self, request: Request) -> Reply:
        """Write a party down."""
        made = self._desk.add(await read_object(request), by=by(request))
        return json_reply(to_json(made), status=201)

    async def remove(self, request: Request) -> Reply:
        """Take a party away."""
        self._desk.remove(request.arguments["party"])
        return Reply(status=204)

    async def shared(self, request: Request) -> Reply:
        """Our profile, for partners. Raises ``Unauthenticated``, ``Forbidden``."""
        await known_partner(self._federation, request)
        return json_reply(to_json(await self._desk.ours()))
