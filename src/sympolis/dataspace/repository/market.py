"""Assets across twins: partners' lists, kept for a while and never waited for long, and their packages, verified.

Who lists, is asked by the same contact as everything else between partners (signed, bounded, through a breaker); of an
adoption nothing is said but that there was one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final
from urllib.parse import quote

from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.discovery import reading
from sympolis.dataspace.discovery.shelf import Shelf, Told
from sympolis.dataspace.partners.contact import Contact
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Partner
from sympolis.dataspace.repository.listing import read_listing
from sympolis.dataspace.repository.package import MOST_BYTES, Package, read_package
from sympolis.dataspace.repository.signing import check_word
from sympolis.domain import errors

log = logging.getLogger(__name__)
Json = dict[str, Any]
PATH: Final = "/api/federation/shared/assets"
ADOPTIONS: Final = "/api/federation/shared/adoptions"
FRESH_S: Final = 600.0
MOST_LISTED: Final = 2_000
"""Of one partner."""
_FETCH_S: Final = 30.0


class Market:
    """See the module."""

    def __init__(self, directory: PartnerDirectory, contact: Contact, resolver: Resolver) -> None:
        self._directory = directory
        self._contact = contact
        self._resolver = resolver
        self.shelf: Shelf[tuple[Json, ...]] = Shelf(directory, self._ask, fresh_s=FRESH_S)

    async def listed(self, *, anew: bool = False) -> list[Told[tuple[Json, ...]]]:
        """What every partner lists; who is slow or silent is marked."""
        return await self.shelf.gather(anew=anew)

    def told(self, partner_id: str, asset: str) -> Json | None:
        """What a partner said last of an asset; None where it said nothing."""
        listed = self.shelf.last(partner_id) or ()
        return next((one for one in listed if one["id"] == asset), None)

    async def fetch(self, partner_id: str, asset: str, version: str) -> tuple[Package, bytes, Json]:
        """A partner's package, with its bytes and whose word it is.

        Raises ``NotFound`` for somebody who is no partner, ``SourceFailed``, ``Unauthenticated`` for a word that does
        not hold, ``BadRequestData`` for a package that is not what was asked for.
        """
        partner = self._directory.get(partner_id)
        path = f"{PATH}/{quote(asset, safe='')}/{quote(version, safe='')}"
        body = await self._contact.fetch(partner, path, timeout_s=_FETCH_S, most_bytes=MOST_BYTES)
        package = await asyncio.to_thread(read_package, body)
        said = (package.manifest.id, package.manifest.version)
        if said != (asset, version):
            raise errors.BadRequestData("is another asset than was asked for", where=asset)
        return package, body, await check_word(package, self._resolver, publisher=partner.id)

    async def tell_adoption(self, partner_id: str, asset: str, version: str) -> bool:
        """Let the publisher count; whether it was told: nobody's installation fails because it was not."""
        partner = self._directory.find(partner_id)
        if partner is None:
            return False
        taken = {"asset": asset, "version": version}
        try:
            await self._contact.ask(partner, ADOPTIONS, method="POST", document=taken)
        except (errors.SourceFailed, errors.Forbidden) as problem:
            log.info("an adoption could not be told: %s", problem)
            return False
        return True

    async def close(self) -> None:
        """End what is under way."""
        await self.shelf.close()

    async def _ask(self, partner: Partner) -> tuple[Json, ...]:
        found = await self._contact.ask(partner, PATH)
        given = found.get("assets") if isinstance(found, dict) else None
        listed = (read_listing(one, partner.id) for one in reading.items(given, MOST_LISTED))
        return tuple(one for one in listed if one is not None)
