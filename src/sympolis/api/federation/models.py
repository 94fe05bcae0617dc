"""Learned models that travel: ours, signed for whoever may have them; and partners', brought home as drafts."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.analysis.learned.bill import bill_of_materials
from sympolis.analysis.learned.card import CARD, EXAMPLES
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.context import gated
from sympolis.dataspace.calling.bringing import Bringing
from sympolis.dataspace.calling.bundle import TYPE, Bundle, claims_of, write_bundle
from sympolis.dataspace.federation import Federation
from sympolis.domain import errors
from sympolis.domain.archives import ZIP, write_archive

if TYPE_CHECKING:
    from sympolis.orchestration.learned_desk import LearnedDesk, Version

_MEMBERS: Final = frozenset({"partner", "asset", "agreement", "licences"})
_LONGEST: Final = 2048


class Models:
    """Handlers of signed packages."""

    def __init__(self, federation: Federation, learned: LearnedDesk, bringing: Bringing) -> None:
        self._federation = federation
        self._learned = learned
        self._bringing = bringing

    async def signed(self, request: Request) -> Reply:
        """The deployed version as it was handed in, with its bill of materials and our word for both."""
        found = self._learned.asked(request.arguments["model"], keeper=False)
        gated.use_model(found.card.name)
        content = await asyncio.to_thread(self._bundle, found)
        name = f'attachment; filename="{found.card.name}-{found.card.version}-signed.zip"'.encode()
        return Reply(body=content, media=ZIP, headers=((b"content-disposition", name),))

    async def bring(self, request: Request) -> Reply:
        """A partner's model, verified and kept as a validated draft."""
        said = await read_object(request)
        if unknown := sorted(said.keys() - _MEMBERS):
            raise errors.InvalidRequest("unknown member", where=unknown[0])
        licences = said.get("licences", [])
        if not isinstance(licences, list) or not all(isinstance(one, str) for one in licences[:100]):
            raise errors.InvalidRequest("expected texts", where="licences")
        found = await self._bringing.bring(
            _text(said, "partner"),
            _text(said, "asset"),
            agreement=_text(said, "agreement", optional=True),
            licences=licences[:100],
        )
        return json_reply(found, status=201)

    def _bundle(self, found: Version) -> bytes:
        package, bill = _packed(found), msgspec.json.encode(bill_of_materials(found.card))
        card, did = found.card, self._federation.own.did()
        claims = claims_of(package, bill, name=card.name, version=card.version, licence=card.licence)
        word = self._federation.keys.sign(
            {"typ": TYPE}, {"iss": did, "iat": int(time.time()), **claims}, did=did
        )
        return write_bundle(Bundle(package, bill, word))


def _packed(found: Version) -> bytes:
    """The package as it was handed in: the same files, and always the same bytes."""
    names = (CARD, EXAMPLES, found.card.file)
    return write_archive({name: (found.folder / name).read_bytes() for name in names})


def _text(said: dict[str, Any], member: str, *, optional: bool = False) -> str:
    found = said.get(member, "" if optional else None)
    if not isinstance(found, str) or len(found) > _LONGEST or not (found or optional):
        raise errors.InvalidRequest("expected a text", where=member)
    return found
