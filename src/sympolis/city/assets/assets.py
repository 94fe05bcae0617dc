"""The assets of a city's twin, for its API: published, found across twins, judged, installed and let go again."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sympolis.city.assets import contracts, parts
from sympolis.city.assets.overlay import Laid
from sympolis.city.assets.proving import Proving
from sympolis.city.assets.report import HARD, Fitting, Report
from sympolis.city.assets.shop import Shop, is_learned, learned_package
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.discovery.shelf import is_partial
from sympolis.dataspace.repository.checks import Evidence, Maturity, judge, known_licence
from sympolis.dataspace.repository.desk import AssetDesk, check_version
from sympolis.dataspace.repository.draft import Draft
from sympolis.dataspace.repository.kinds import Kind
from sympolis.dataspace.repository.listing import facets, listing, search
from sympolis.dataspace.repository.market import Market
from sympolis.dataspace.repository.package import Package
from sympolis.dataspace.repository.rating import Rating
from sympolis.dataspace.repository.records import Installed, Published
from sympolis.dataspace.repository.signing import check_word
from sympolis.domain import errors
from sympolis.orchestration.adapting import CANNOT

Json = dict[str, Any]
OWN, PARTNERS, ALL = "own", "partners", "all"
SCOPES: Final = (ALL, OWN, PARTNERS)

Take = Callable[[bytes, str, str], Awaitable[Mapping[str, Any]]]
"""Keeps a learned model's package as a validated draft: its content, from whom, why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An asset of a partner: whose, which, in which version."""

    partner: str
    asset: str
    version: str


@dataclass(frozen=True, slots=True)
class Making:
    """What this twin's assets are made from and judged by."""

    shop: Shop
    fitting: Fitting
    proving: Proving
    laid: Laid


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
        take: Take | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.desk = desk
        self.market = market
        self._shop = making.shop
        self._fitting = making.fitting
        self._proving = making.proving
        self._laid = making.laid
        self._resolver = resolver
        self._title = title
        self._take = take
        self._now = now
        self._read: dict[str, Package] = {}
        self._installing = asyncio.Lock()

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

    # --- taking

    async def report(self, wanted: Wanted, *, licences: Sequence[str] = ()) -> Json:
        """What stands between a partner's asset and this twin. Nothing is installed."""
        package, _, word = await self.market.fetch(wanted.partner, wanted.asset, wanted.version)
        found = await self._judged(package, wanted, licences)
        return {
            **found.document(),
            "signature": word,
            **self._seen(package, wanted),
            "readme": package.readme,
        }

    def _seen(self, package: Package, wanted: Wanted) -> Json:
        """The tier by our own checks of the package; who uses it and how it runs is told by its publisher alone."""
        wrong = contracts.mistakes(package.manifest.kind, package.content, package.manifest.about)
        told = self.market.told(wanted.partner, wanted.asset)
        rating = None if told is None else told["rating"]
        evidence = Evidence(
            signed=True,
            mistakes=wrong,
            adoptions=0 if told is None else told["adoptions"],
            rating=None if rating is None else msgspec.convert(rating, Rating),
        )
        return judge(package, evidence).document()

    async def _judged(self, package: Package, wanted: Wanted, licences: Sequence[str]) -> Report:
        others = [one for one in self.desk.installed() if one.id != _id(wanted)]
        return await self._fitting.report(package, others, licences=licences)

    async def install(
        self, wanted: Wanted, *, licences: Sequence[str] = (), anyway: bool = False, by: str
    ) -> Json:
        """Install a partner's asset, after a report of its own; ``anyway``: though the data do not suffice yet.

        Raises ``Forbidden`` for a licence that nobody accepted, ``Conflict`` where it cannot run here, and whatever
        ``Market.fetch`` does.
        """
        async with self._installing:
            package, body, word = await self.market.fetch(wanted.partner, wanted.asset, wanted.version)
            report = await self._judged(package, wanted, licences)
            _refuse(report, licences, anyway=anyway)
            if is_learned(package.manifest.about):
                await self._take_learned(package, wanted)
            made = Installed(
                id=_id(wanted),
                manifest=package.manifest,
                partner=wanted.partner,
                key=word["key"],
                file=await asyncio.to_thread(self.desk.put, body),
                at=self._now(),
                by=by,
                declarations=report.declarations,
                verdict=report.verdict,
                adapted=tuple(one.text["en"] for _, one in report.adaptations),
            )
            self.desk.keep_installed(made)
        told = await self.market.tell_adoption(wanted.partner, wanted.asset, wanted.version)
        return self._document(self.desk.keep_installed(msgspec.structs.replace(made, told=told)))

    async def _take_learned(self, package: Package, wanted: Wanted) -> None:
        if self._take is None:
            raise errors.Conflict("this twin keeps no learned models", where=wanted.asset)
        why = f"the asset {package.manifest.id} {package.manifest.version}"
        await self._take(learned_package(package.content), wanted.partner, why)

    def installed(self) -> list[Json]:
        """What is installed, and whether it holds already."""
        return [self._document(one) for one in self.desk.installed()]

    async def uninstall(self, installation: str) -> None:
        """Let an asset go; what it declared is gone from the next start on. Raises ``NotFound``."""
        async with self._installing:
            self.desk.remove_installed(installation)

    def _document(self, one: Installed) -> Json:
        declares = bool(one.declarations)
        return {
            "id": one.id,
            "asset": one.manifest.id,
            "kind": str(one.manifest.kind),
            "version": one.manifest.version,
            "title": one.manifest.title,
            "licence": one.manifest.licence,
            "partner": one.partner,
            "key": one.key,
            "at": one.at,
            "by": one.by,
            "verdict": one.verdict,
            "adapted": list(one.adapted),
            "declares": {folder: sorted(found) for folder, found in one.declarations.items()},
            "state": _state(
                declares=declares, holds=one.id in self._laid.holding, left=one.id in self._laid.left_out
            ),
            "why": list(self._laid.left_out.get(one.id, ())),
            "told": one.told,
        }


def _state(*, declares: bool, holds: bool, left: bool) -> str:
    """``kept``: for people; ``holds``: in force; ``next-start``: from then on; ``left-out``: it no longer fits."""
    if not declares:
        return "kept"
    return "left-out" if left else "holds" if holds else "next-start"


def _id(wanted: Wanted) -> str:
    """Of an installation: the asset, and a few letters of whose it is."""
    return f"{wanted.asset}.{hashlib.sha256(wanted.partner.encode()).hexdigest()[:8]}"


def _refuse(report: Report, licences: Sequence[str], *, anyway: bool) -> None:
    manifest = report.manifest
    if not known_licence(manifest.licence) and manifest.licence not in licences:
        raise errors.Forbidden(
            f"nobody has accepted the licence {manifest.licence}",
            where="licence",
            hint="name it to accept it",
        )
    hard = [one for _, one in report.problems if one.kind in HARD]
    if hard or (report.verdict == CANNOT and not anyway):
        first = (hard or [one for _, one in report.problems])[0]
        hint = (
            "read the report" if hard else "read the report; `anyway` installs it before the data are there"
        )
        raise errors.Conflict(f"it cannot run here: {first.text['en']}", where=manifest.id, hint=hint)


__all__ = ["ALL", "OWN", "PARTNERS", "SCOPES", "Assets", "Making", "Wanted"]
