"""Which of the credentials that we gave are taken back, and which of others': Bitstring Status List 1.0 (W3C).

The list has room for 131,072 credentials whatever their number, so that asking for it tells its issuer nothing about
whom one asks for. Others' lists are kept for a minute: so long a revocation may take to be felt.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sympolis.dataspace.calls import Calls
from sympolis.dataspace.credentials import credential
from sympolis.dataspace.credentials.credential import Credential
from sympolis.dataspace.credentials.first_version import STATUS_ENTRY, STATUS_LIST
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.signed import refused
from sympolis.domain import errors

ENTRY: Final = "BitstringStatusListEntry"
LIST: Final = "BitstringStatusListCredential"
PURPOSE: Final = "revocation"
BITS: Final = 131_072
LASTS_S: Final = 60.0
_MOST_BYTES: Final = 256 * 1024
_MOST_LISTS: Final = 200


def entry(list_url: str, number: int) -> dict[str, Any]:
    """What a credential says of where its status stands."""
    if not 0 <= number < BITS:
        raise errors.Conflict(f"the status list is full: {BITS} credentials were given", where="credentials")
    return {
        "id": f"{list_url}#{number}",
        "type": ENTRY,
        "statusPurpose": PURPOSE,
        "statusListIndex": str(number),
        "statusListCredential": list_url,
    }


def encode(revoked: frozenset[int]) -> str:
    """The list as multibase base64url of a gzip: bit 0 is the first byte's highest."""
    from joserfc.util import urlsafe_b64encode

    bits = bytearray(BITS // 8)
    for number in revoked:
        bits[number // 8] |= 0x80 >> number % 8
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).decode()


def is_set(encoded: str, number: int) -> bool:
    """Whether the bit is set. Raises ``Unauthenticated`` for what is no list, or too large a one."""
    from joserfc.util import urlsafe_b64decode

    try:
        inflating = zlib.decompressobj(wbits=31)
        bits = inflating.decompress(urlsafe_b64decode(encoded.removeprefix("u").encode("ascii")), BITS * 2)
    except (ValueError, zlib.error) as problem:
        raise refused("a status list cannot be read") from problem
    if number // 8 >= len(bits):
        raise refused("a credential's place is beyond its status list")
    return bool(bits[number // 8] & 0x80 >> number % 8)


def draft(issuer: str, url: str, revoked: frozenset[int], *, now: datetime) -> dict[str, Any]:
    """The list as a credential to be signed; it holds for a day."""
    claims = {"type": "BitstringStatusList", "statusPurpose": PURPOSE, "encodedList": encode(revoked)}
    document = credential.draft(issuer, f"{url}#list", LIST, claims, now=now, lasts=timedelta(days=1))
    return {**document, "id": url}


@dataclass(slots=True)
class _Kept:
    encoded: str
    issuer: str
    until: float


class StatusLists:
    """Asks issuers whether a credential is taken back; what we gave ourselves is looked up (``is_revoked``)."""

    def __init__(
        self,
        calls: Calls,
        resolver: Resolver,
        *,
        own: Callable[[], str],
        is_revoked: Callable[[int], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._resolver = resolver
        self._own = own
        self._is_revoked = is_revoked
        self._monotonic = monotonic
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def holds(self, found: Credential) -> bool:
        """Whether it was not taken back; False, too, where its issuer does not let that be known."""
        try:
            await self.check(found)
        except errors.Unauthenticated:
            return False
        return True

    async def check(self, found: Credential) -> None:
        """Raise ``Unauthenticated`` where it is revoked, or where its issuer does not let that be known."""
        if found.status is None:
            return
        url, number = _place(found.status)
        if found.issuer == self._own():
            if self._is_revoked(number):
                raise refused("we took a credential back")
            return
        kept = self._kept.get(url)
        if kept is None or self._monotonic() >= kept.until:
            kept = await self._fetch(url)
        if kept.issuer != found.issuer:
            raise refused("a status list is another's than the credential's issuer")
        if is_set(kept.encoded, number):
            raise refused("a credential was taken back by its issuer")

    async def _fetch(self, url: str) -> _Kept:
        try:
            answer = await self._calls(
                "GET", url, headers=(("Accept", "application/vc+jwt"),), most_bytes=_MOST_BYTES
            )
            if answer.status != 200:
                raise errors.SourceFailed(f"answered {answer.status}", where=url)
            jwt = answer.body.decode("ascii").strip()
            found = await credential.read(jwt, self._resolver, now=datetime.now(UTC))
        except (errors.SourceFailed, UnicodeDecodeError) as problem:
            raise refused("its issuer does not say whether a credential still holds") from problem
        encoded = found.claims.get("encodedList")
        if not {LIST, STATUS_LIST} & found.types or not isinstance(encoded, str):
            raise refused("a status list cannot be read")
        kept = self._kept[url] = _Kept(encoded, found.issuer, self._monotonic() + LASTS_S)
        while len(self._kept) > _MOST_LISTS:
            self._kept.popitem(last=False)
        return kept


def _place(status: Mapping[str, Any]) -> tuple[str, int]:
    url, number = status.get("statusListCredential"), str(status.get("statusListIndex", ""))
    fits = (
        status.get("type") in (ENTRY, STATUS_ENTRY)
        and status.get("statusPurpose") == PURPOSE
        and isinstance(url, str)
        and urlsplit(url).scheme in ("http", "https")
        and number.isascii()
        and number.isdigit()
        and len(number) < 9
    )
    if not fits or not isinstance(url, str):
        raise refused("a credential has a status of a kind that is not known")
    return url, int(number)
