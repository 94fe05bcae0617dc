"""Brings a partner's learned model home: under contract, by the partner's own word, and on a licence that we accept.

Nothing of it is trusted before the signature holds, and nothing after: the package becomes a draft like any other,
its examples are run locked in (``analysis.learned.jail``), and whether it is deployed is said by people here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from sympolis.analysis.learned.package import read_package
from sympolis.dataspace.calling.bundle import MOST_BYTES, TYPE, check_claims, read_bundle
from sympolis.dataspace.calling.caller import Calling
from sympolis.dataspace.calling.channel import Channel
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.signed import verified
from sympolis.dataspace.dsp.vocabulary import MODEL_PACKAGE
from sympolis.domain import errors
from sympolis.governance.catalogue.licences import LICENCES

Take = Callable[[bytes, str, str], Awaitable[dict[str, Any]]]
"""Keeps a package as a draft and has it validated: its content, from whom (their DID), why. What is kept of it."""
_WHERE: Final = "bundle"


class Bringing:
    """See the module."""

    def __init__(self, calling: Calling, resolver: Resolver, take: Take) -> None:
        self._calling = calling
        self._resolver = resolver
        self._take = take

    async def bring(
        self, partner: str, asset: str, *, agreement: str = "", licences: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The model as a validated draft, with what was verified. ``licences`` are accepted besides the known ones.

        Raises ``Conflict`` without an agreement, ``Unauthenticated`` where the word is not the partner's,
        ``BadRequestData`` for a package that is not what was signed or does not do what it says, ``Forbidden`` for a
        licence that nobody here has accepted.
        """
        channel = await self._calling.channel(partner, asset, MODEL_PACKAGE, agreement=agreement)
        answer = await channel.send("GET", channel.endpoint, most_bytes=MOST_BYTES)
        bundle = read_bundle(answer.body)
        word = await verified(bundle.word, partner, self._resolver)
        if word.header.get("typ") != TYPE:
            raise errors.Unauthenticated("the signature is for something else", where=_WHERE)
        check_claims(bundle, word.claims)
        card = read_package(bundle.package).card
        said = (word.claims.get("model"), word.claims.get("version"), word.claims.get("licence"))
        if said != (card.name, card.version, card.licence) or not asset.endswith(f":{card.name}"):
            raise errors.BadRequestData("the signature is for another model", where=_WHERE)
        if card.licence not in LICENCES and card.licence not in licences:
            raise errors.Forbidden(
                f"nobody has accepted the licence {card.licence}",
                where="licence",
                hint="name it to accept it",
            )
        kept = await self._take(bundle.package, partner, _why(channel))
        return {"model": kept, "signed_by": partner, "key": word.header["kid"], "claims": word.claims,
                "licence": card.licence, "agreement": channel.transfer.agreement,
                "requests": list(channel.requests)}  # fmt: skip


def _why(channel: Channel) -> str:
    return f"brought under the agreement {channel.transfer.agreement}"
