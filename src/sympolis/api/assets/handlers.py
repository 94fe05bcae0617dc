"""Handlers of ``/api/assets``: for people of this twin, and what is public of what it publishes."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from sympolis.analysis.learned.bill import kserve_package
from sympolis.analysis.learned.card import CARD, read_card
from sympolis.api.asking import subject_of
from sympolis.api.assets import reading
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import LIMIT, OFFSET, BooleanParameter, Parameter
from sympolis.city.assets import handed
from sympolis.city.assets.assets import ALL, SCOPES, Assets
from sympolis.city.assets.shop import is_learned
from sympolis.dataspace.repository.checks import TIERS
from sympolis.dataspace.repository.listing import KINDS
from sympolis.dataspace.repository.records import Published
from sympolis.domain import errors
from sympolis.domain.archives import ZIP, write_archive

WORDS: Final = Parameter(name="q", text="Words to be found, in any language.", max_length=200)
KIND: Final = Parameter(name="kind", text="Only assets of this kind.", choices=KINDS)
LICENCE: Final = Parameter(name="licence", text="Only assets on this licence (SPDX).", max_length=100)
TIER: Final = Parameter(name="tier", text="Only assets of this tier.", choices=TIERS)
PARTNER: Final = Parameter(name="partner", text="Only what this twin publishes, by its DID.", max_length=512)
SCOPE: Final = Parameter(name="scope", text="Ours, partners', or all.", choices=SCOPES)
ANEW: Final = BooleanParameter(name="anew", text="Ask partners again, however fresh their answers are.")
VERSION: Final = Parameter(name="version", text="This version; without it the newest.", max_length=30)


class AssetHandlers:
    """See the module."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    async def search(self, request: Request) -> Reply:
        """Ours and partners' assets."""
        chosen = {
            "kind": KIND.raw(request) or "",
            "licence": LICENCE.raw(request) or "",
            "tier": TIER.raw(request) or "",
            "publisher": PARTNER.raw(request) or "",
        }
        scope = SCOPE.raw(request) or ALL
        words = WORDS.raw(request) or ""
        found = await self._assets.search(words, chosen, scope=scope, anew=ANEW.of(request))
        offset, limit = OFFSET.of(request), LIMIT.of(request)
        return json_reply(
            {**found, "assets": found["assets"][offset : offset + limit], "count": len(found["assets"])}
        )

    async def publishable(self, request: Request) -> Reply:  # noqa: ARG002
        """What could be published."""
        return json_reply({"things": await asyncio.to_thread(self._assets.publishable)})

    async def publish(self, request: Request) -> Reply:
        """Publish what the twin has, or files that are handed in."""
        given = await reading.members(
            request, "kind", "name", "version", "licence", "note", "title", "description", "files"
        )
        kind, name = reading.kind_of(given), reading.text(given, "name", required=True)
        said: dict[str, Any] = {
            "version": reading.text(given, "version"),
            "note": reading.text(given, "note"),
            "by": subject_of(request).id,
        }
        licence = reading.text(given, "licence")
        if "files" in given:
            draft = handed.draft_of_files(
                kind,
                name,
                title=reading.texts(given, "title") or {"en": name},
                description=reading.texts(given, "description"),
                licence=reading.text(given, "licence", required=True),
                content=reading.files(given),
            )
            made = await self._assets.publish_draft(draft, **said)
        else:
            made = await self._assets.publish(kind, name, licence=licence, **said)
        place = f"/api/assets/published/{made['id']}".encode()
        return json_reply(made, status=201, headers=((b"Location", place),))

    async def get(self, request: Request) -> Reply:
        """One of our assets in full."""
        return json_reply(await self._assets.one(request.arguments["asset"], VERSION.raw(request) or ""))

    async def withdraw(self, request: Request) -> Reply:
        """Offer a version no longer."""
        await self._assets.desk.withdraw(request.arguments["asset"], request.arguments["version"])
        return Reply(status=204)

    async def package(self, request: Request) -> Reply:
        """The signed package of a version on offer."""
        return await packed(self._assets, request)

    async def kserve(self, request: Request) -> Reply:
        """The asset as a folder that KServe serves, zipped: of learned models."""
        found = self._found(request)
        package = await asyncio.to_thread(self._assets.desk.package, found)
        if not is_learned(package.manifest.about):
            hint = "take the package itself, and install it in a twin"
            raise errors.Conflict(
                "only learned models answer at a V2 endpoint of their own", where=found.manifest.id, hint=hint
            )
        card = read_card(package.content[CARD].decode("utf-8"))
        served = kserve_package(card, package.content[card.file], package.content[CARD].decode("utf-8"))
        body = await asyncio.to_thread(
            write_archive, {f"{card.name}/{name}": one for name, one in served.items()}
        )
        return file_reply(body, f"{card.name}-{found.manifest.version}-kserve.zip")

    async def report(self, request: Request) -> Reply:
        """What stands between a partner's asset and this twin."""
        given = await reading.members(request, "partner", "asset", "version", "licences")
        found = await self._assets.taking.report(reading.wanted(given), licences=reading.licences(given))
        return json_reply(found)

    async def installed(self, request: Request) -> Reply:  # noqa: ARG002
        """What was installed."""
        return json_reply({"installed": self._assets.taking.installed()})

    async def install(self, request: Request) -> Reply:
        """Install a partner's asset."""
        given = await reading.members(request, "partner", "asset", "version", "licences", "anyway")
        made = await self._assets.taking.install(
            reading.wanted(given),
            licences=reading.licences(given),
            anyway=reading.flag(given, "anyway"),
            by=subject_of(request).id,
        )
        return json_reply(made, status=201)

    async def uninstall(self, request: Request) -> Reply:
        """Let an asset go."""
        await self._assets.taking.uninstall(request.arguments["installation"])
        return Reply(status=204)

    def _found(self, request: Request) -> Published:
        return on_offer(self._assets, request)


def on_offer(assets: Assets, request: Request) -> Published:
    """The version that a path names. Raises ``NotFound`` also for one that was withdrawn."""
    found = assets.desk.version(request.arguments["asset"], request.arguments["version"])
    if found.withdrawn_at is not None:
        raise errors.NotFound("this version was withdrawn", where="version")
    return found


async def packed(assets: Assets, request: Request) -> Reply:
    """The package that a path names, as a file."""
    found = on_offer(assets, request)
    body = await asyncio.to_thread(assets.desk.body, found)
    return file_reply(body, f"{found.manifest.id}-{found.manifest.version}.zip")


def file_reply(body: bytes, name: str) -> Reply:
    """A zip to be kept."""
    place = f'attachment; filename="{name}"'.encode()
    return Reply(body=body, media=ZIP, headers=((b"content-disposition", place),))
