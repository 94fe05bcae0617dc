"""Taking assets of other twins: judged before anything is installed, installed, and let go again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from sympolis.city.assets import contracts
from sympolis.city.assets.holding import Holding
from sympolis.city.assets.report import HARD, Fitting, Report
from sympolis.city.assets.shop import is_learned, learned_package
from sympolis.dataspace.repository.checks import Evidence, judge, known_licence
from sympolis.dataspace.repository.desk import AssetDesk
from sympolis.dataspace.repository.market import Market
from sympolis.dataspace.repository.package import Package
from sympolis.dataspace.repository.rating import Rating
from sympolis.dataspace.repository.records import Installed
from sympolis.domain import errors
from sympolis.orchestration.adapting import CANNOT

Json = dict[str, Any]
Take = Callable[[bytes, str, str], Awaitable[Mapping[str, Any]]]
"""Keeps a learned model's package as a validated draft: its content, from whom, why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An asset of a partner: whose, which, in which version."""

    partner: str
    asset: str
    version: str


class Taking:
    """See the module. ``fitting`` judges, ``holding`` knows since when what was installed holds."""

    def __init__(
        self,
        desk: AssetDesk,
        market: Market,
        fitting: Fitting,
        holding: Holding,
        *,
        take: Take | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._desk = desk
        self._market = market
        self._fitting = fitting
        self._holding = holding
        self._take = take
        self._now = now
        self._installing = asyncio.Lock()

    async def report(self, wanted: Wanted, *, licences: Sequence[str] = ()) -> Json:
        """What stands between a partner's asset and this twin. Nothing is installed."""
        package, _, word = await self._market.fetch(wanted.partner, wanted.asset, wanted.version)
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
        told = self._market.told(wanted.partner, wanted.asset)
        rating = None if told is None else told["rating"]
        evidence = Evidence(
            signed=True,
            mistakes=wrong,
            adoptions=0 if told is None else told["adoptions"],
            rating=None if rating is None else msgspec.convert(rating, Rating),
        )
        return judge(package, evidence).document()

    async def _judged(self, package: Package, wanted: Wanted, licences: Sequence[str]) -> Report:
        others = [one for one in self._desk.installed() if one.id != _id(wanted)]
        return await self._fitting.report(package, others, licences=licences)

    async def install(
        self, wanted: Wanted, *, licences: Sequence[str] = (), anyway: bool = False, by: str
    ) -> Json:
        """Install a partner's asset, after a report of its own; ``anyway``: though the data do not suffice yet.

        Raises ``Forbidden`` for a licence that nobody accepted, ``Conflict`` where it cannot run here, and whatever
        ``Market.fetch`` does.
        """
        async with self._installing:
            package, body, word = await self._market.fetch(wanted.partner, wanted.asset, wanted.version)
            report = await self._judged(package, wanted, licences)
            _refuse(report, licences, anyway=anyway)
            if is_learned(package.manifest.about):
                await self._take_learned(package, wanted)
            made = Installed(
                id=_id(wanted),
                manifest=package.manifest,
                partner=wanted.partner,
                key=word["key"],
                file=await asyncio.to_thread(self._desk.put, body),
                at=self._now(),
                by=by,
                declarations=report.declarations,
                verdict=report.verdict,
                adapted=tuple(one.text["en"] for _, one in report.adaptations),
            )
            self._desk.keep_installed(made)
            await self._holding.lay(self._desk.installed())
        told = await self._market.tell_adoption(wanted.partner, wanted.asset, wanted.version)
        return self._document(self._desk.keep_installed(msgspec.structs.replace(made, told=told)))

    async def _take_learned(self, package: Package, wanted: Wanted) -> None:
        if self._take is None:
            raise errors.Conflict("this twin keeps no learned models", where=wanted.asset)
        why = f"the asset {package.manifest.id} {package.manifest.version}"
        await self._take(learned_package(package.content), wanted.partner, why)

    def installed(self) -> list[Json]:
        """What is installed, and whether it holds already."""
        return [self._document(one) for one in self._desk.installed()]

    async def uninstall(self, installation: str) -> None:
        """Let an asset go: what is only shown at once, all else from the next start on. Raises ``NotFound``."""
        async with self._installing:
            self._desk.remove_installed(installation)
            await self._holding.lay(self._desk.installed())

    def _document(self, one: Installed) -> Json:
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
            "state": self._holding.state(one),
            "why": list(self._holding.why(one)),
            "told": one.told,
        }


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
