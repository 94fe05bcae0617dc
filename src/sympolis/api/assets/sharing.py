"""What partners' twins are told of our assets, and what they tell us: lists, packages, that one was taken."""

from __future__ import annotations

from sympolis.api.assets import reading
from sympolis.api.assets.handlers import packed
from sympolis.api.http import Reply, Request, json_reply
from sympolis.city.assets.assets import Assets
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.federation import Federation
from sympolis.domain import errors


class SharedAssets:
    """Handlers for partners: each asks for who calls before it says anything."""

    def __init__(self, federation: Federation, assets: Assets) -> None:
        self._federation = federation
        self._assets = assets

    async def listed(self, request: Request) -> Reply:
        """Our assets."""
        await self._partner(request)
        return json_reply({"assets": await self._assets.own()})

    async def package(self, request: Request) -> Reply:
        """The signed package of one version."""
        await self._partner(request)
        return await packed(self._assets, request)

    async def adopted(self, request: Request) -> Reply:
        """They took an asset: it is counted."""
        who = await self._partner(request)
        given = await reading.members(request, "asset", "version")
        asset, version = (reading.text(given, name, required=True) for name in ("asset", "version"))
        return json_reply({"adoptions": self._assets.desk.adopted(asset, version, who.id)})

    async def _partner(self, request: Request) -> Participant:
        """Who asks, where they are a partner. Raises ``Unauthenticated``, ``Forbidden``."""
        federation = self._federation
        found = await federation.identity.identify(request.header(b"authorization"))
        if federation.directory.standing(found.id) != "active":
            raise errors.Forbidden("this is for partners", where=found.id)
        federation.partners.heard_from(found.id)
        return found
