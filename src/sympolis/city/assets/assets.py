"""The assets of a city's twin, for its API: what is published here, and what is found across twins."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sympolis.city.assets import contracts, parts
from sympolis.city.assets.proving import Proving
from sympolis.city.assets.shop import Shop
from sympolis.city.assets.taking import Taking
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.discovery.shelf import is_partial
from sympolis.dataspace.repository.checks import Evidence, Maturity, judge
from sympolis.dataspace.repository.desk import AssetDesk, check_version
from sympolis.dataspace.repository.draft import Draft
from sympolis.dataspace.repository.kinds import Kind
from sympolis.dataspace.repository.listing import facets, listing, search
from sympolis.dataspace.repository.market import Market
from sympolis.dataspace.repository.package import Package
from sympolis.dataspace.repository.rating import Rating
from sympolis.dataspace.repository.records import Published
from sympolis.dataspace.repository.signing import check_word
from sympolis.domain import errors

Json = dict[str, Any]
OWN, PARTNERS, ALL = "own", "partners", "all"
SCOPES: Final = (ALL, OWN, PARTNERS)


@dataclass(frozen=True, slots=True)
class Making:
    """What this twin's assets are made from and judged by."""

    shop: Shop
    proving: Proving
    taking: Taking


class Assets:
    """See the module. ``title`` names this twin to its own people."""

    def __init__(
        self,
        making: Making,
        desk: AssetDesk,
        market: Market,
        resolver: Resolver,
        *,
        title: Mapping[str, str],
    ) -> None:
        self.desk = desk
        self.market = market
        self._shop = making.shop
        self._proving = making.proving
        self.taking = making.taking
        self._resolver = resolver
        self._title = title
        self._read: dict[str, Package] = {}

    # --- publishing

    def publishable(self) -> list[Json]:
        """Everything that could be published, with the version that is on offer already."""
        versions = {one.manifest.id: one.manifest.version for one in self.desk.newest()}
        return [
            {**one, "published": versions.get(f"{one['kind']}.{one['name']}")} for one in self._shop.listed()
        ]

    async def publish(
        self, kind: Kind, name: str, *, version: str = "", licence: str = "", note: str = "", by: str
    ) -> Json:
        """Publish something that the twin has. Raises ``NotFound``, ``Conflict``, ``AlreadyExists``."""
        draft = await asyncio.to_thread(self._shop.draft, kind, name, licence=licence)
        return await self.publish_draft(draft, version=version, note=note, by=by)

    async def publish_draft(self, draft: Draft, *, version: str = "", note: str = "", by: str) -> Json:
        """Publish a draft; its mistakes are kept beside it, and keep it from the higher tiers."""
        check_version(version)
        told = draft if draft.readme else dataclasses.replace(draft, readme=parts.readme(draft))
        wrong = await asyncio.to_thread(contracts.mistakes, told.kind, told.content, told.about)
        made = await self.desk.publish(told, version=version, by=by, note=note, mistakes=wrong)
        return await self.one(made.manifest.id, made.manifest.version)

    # --- looking

    async def own(self) -> list[Json]:
        """The newest version on offer of each of our assets, for our people and for partners."""
        adoptions, seen = self.desk.all_adoptions(), await self._proving.look()
        found = []
        for one in self.desk.newest():
            rating = await seen.of(one.manifest.kind, one.manifest.name)
            maturity = await self._maturity(one, adoptions[one.manifest.id], rating)
            found.append(listing(one, maturity, adoptions[one.manifest.id], rating))
        return found

    async def one(self, asset: str, version: str = "") -> Json:
        """One of our assets in full. Raises ``NotFound``."""
        found = self.desk.version(asset, version)
        adoptions, seen = self.desk.all_adoptions()[asset], await self._proving.look()
        rating = await seen.of(found.manifest.kind, found.manifest.name)
        maturity = await self._maturity(found, adoptions, rating)
        package = await asyncio.to_thread(self.desk.package, found)
        return {
            **listing(found, maturity, adoptions, rating),
            "checks": maturity.document()["checks"],
            "mistakes": list(found.mistakes),
            "readme": package.readme,
            "files": [msgspec.to_builtins(one) for one in found.manifest.files],
            "sbom": bool(found.manifest.bill),
            "about": found.manifest.about,
            "versions": [
                {
                    "version": one.manifest.version,
                    "at": one.at,
                    "note": one.note,
                    "withdrawn_at": one.withdrawn_at,
                }
                for one in reversed(self.desk.versions(asset))
            ],
        }

    async def search(
        self, words: str, chosen: Mapping[str, str], *, scope: str = ALL, anew: bool = False
    ) -> Json:
        """Ours and partners' assets that fit, with facets; ``partial`` where a partner has not answered."""
        found = [{**one, "state": "own"} for one in await self.own()] if scope != PARTNERS else []
        told = await self.market.listed(anew=anew) if scope != OWN else []
        found += [{**one, "state": each.state} for each in told for one in each.value or ()]
        names = {each.partner.id: each.partner.name for each in told}
        here = {(one.partner, one.manifest.id): one.manifest.version for one in self.desk.installed()}
        named = [
            {
                **one,
                "publisher_name": names.get(one["publisher"]) or next(iter(self._title.values()), ""),
                "own": one["state"] == "own",
                "installed": here.get((one["publisher"], one["id"])),
            }
            for one in found
        ]
        fitting = search(named, words, chosen)
        return {
            "assets": fitting,
            "facets": facets(fitting),
            "partners": [{**one.status(), "assets": len(one.value or ())} for one in told],
            "partial": is_partial(told),
        }

    async def _maturity(self, found: Published, adoptions: int, rating: Rating | None) -> Maturity:
        package = await asyncio.to_thread(self._light, found)
        evidence = Evidence(
            signed=await self._signed(package), mistakes=found.mistakes, adoptions=adoptions, rating=rating
        )
        return judge(package, evidence)

    def _light(self, found: Published) -> Package:
        """The package, read once as long as the server runs; its content is not needed for its tier."""
        if found.file not in self._read:
            whole = self.desk.package(found)
            self._read[found.file] = Package(whole.manifest, whole.manifest_text, whole.word, "", whole.bill)
        return self._read[found.file]

    async def _signed(self, package: Package) -> bool:
        """Whether its signature still holds: a key may have been revoked."""
        try:
            await check_word(package, self._resolver)
        except errors.SympolisError:
            return False
        return True


__all__ = ["ALL", "OWN", "PARTNERS", "SCOPES", "Assets", "Making"]
