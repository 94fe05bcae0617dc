"""Who is at an address: a twin, somebody else who speaks the Dataspace Protocol, or a catalogue that is open to all.

A twin says so itself. Where nobody does, the standards are tried: the protocol's version document, then DCAT-AP. Who is
met by the protocol alone has a DID as twins have, and either the DID is of that very address, or its document names a
service there: messages are signed for the DID, so that nobody else may be the one who gets them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from sympolis.dataspace.calls import JSON, Calls, read_json
from sympolis.dataspace.credentials.did import check_did, did_of
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.partners.partner import Kind, Partner
from sympolis.domain import errors

log = logging.getLogger(__name__)

ABOUT: Final = "/api/federation/about"
_NAME: Final = re.compile(r"[\x21-\x7e]{1,200}")
_LONGEST_URL: Final = 500
_MOST_BYTES: Final = 64 * 1024
_LONGEST_TEXT: Final = 200
_MOST_LANGUAGES: Final = 30
_MOST_SERVICES: Final = 50

Versions = Callable[[str], Awaitable[str]]
"""Where a connector at this root speaks our version of the protocol. Raises ``SourceFailed``."""
Find = Callable[[str], Awaitable[tuple[str, dict[str, str]]]]
"""The address and the title by language of the catalogue below this one. Raises ``SourceFailed``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Who was met."""

    id: str
    kind: Kind = Kind.TWIN
    title: Mapping[str, str]
    dsp_url: str = ""
    catalogue_url: str = ""
    certified: bool = False


class Meeting:
    """See the module. ``own`` is our DID."""

    def __init__(
        self, calls: Calls, resolver: Resolver, own: Callable[[], str], *, versions: Versions, find: Find
    ) -> None:
        self._calls = calls
        self._resolver = resolver
        self._own = own
        self._versions = versions
        self._find = find

    async def twin(self, base_url: str) -> Introduction:
        """The twin at an address. Raises ``SourceFailed`` where none is, ``Forbidden``, ``InvalidRequest``."""
        found = await self._about(base_url)
        if found is None:
            raise errors.SourceFailed("does not introduce itself as a twin", where=base_url)
        return await self._as_twin(base_url, found)

    async def anybody(self, base_url: str, expected: str = "") -> Introduction:
        """Whoever is at an address; ``expected`` is the DID of a connector that has another's name.

        Raises ``SourceFailed`` where nobody is, ``Forbidden``, ``InvalidRequest``.
        """
        found = await self._about(base_url)
        if found is not None:
            return await self._as_twin(base_url, found)
        try:
            dsp_url = await self._speaks(base_url)
        except errors.SourceFailed as problem:
            log.info("no connector at %s: %s", base_url, problem)
            return await self._as_catalogue(base_url, problem)
        return await self._as_connector(base_url, dsp_url, expected)

    async def certified(self, base_url: str, name: str) -> Introduction:
        """A connector that has no DID: TLS proves its address, and certificates with this name what it sends.

        Raises ``SourceFailed`` where nobody is, ``InvalidRequest``.
        """
        if not _NAME.fullmatch(name):
            hint = "give the DID or the common name in its certificate, without spaces"
            raise errors.InvalidRequest("expected the name in its certificates", where="id", hint=hint)
        if urlsplit(base_url).scheme != "https":
            raise errors.InvalidRequest("nothing proves this address", where="base_url", hint="use https://")
        dsp_url = await self._speaks(base_url)
        return Introduction(id=name, kind=Kind.CONNECTOR, title={}, dsp_url=dsp_url, certified=True)

    async def again(self, partner: Partner) -> None:
        """Whether a connector or a catalogue is still what it was. Raises ``SourceFailed``."""
        if partner.kind is Kind.CONNECTOR:
            await self._speaks(partner.base_url)
        else:
            await self._find(partner.catalogue_url)

    async def _speaks(self, base_url: str) -> str:
        try:
            return await self._versions(base_url)
        except errors.InvalidRequest as problem:
            raise errors.SourceFailed(
                f"names no address of its protocol: {problem.message}", where=base_url
            ) from problem

    async def _about(self, base_url: str) -> Mapping[str, Any] | None:
        """What a twin says of itself; None where somebody answers who is none."""
        url = base_url + ABOUT
        answer = await self._calls("GET", url, headers=(("Accept", JSON),), most_bytes=_MOST_BYTES)
        if answer.status >= 500:  # a twin that is in trouble is not taken for something else
            raise errors.SourceFailed(f"answered {answer.status}", where=url)
        if answer.status != 200:
            return None
        try:
            found = read_json(answer.body, url)
        except errors.SourceFailed:
            return None
        return found if isinstance(found, dict) and isinstance(found.get("id"), str) else None

    async def _as_twin(self, base_url: str, found: Mapping[str, Any]) -> Introduction:
        """By its own word, and by the DID document at that very address."""
        participant = check_did(found["id"])
        if participant == self._own():
            raise errors.InvalidRequest("this is our own address", where="base_url")
        if participant != did_of(base_url):
            raise errors.Forbidden(
                f"says that it is {participant}, which is at another address",
                where=base_url,
                hint="add it under the address of its DID, its public_url",
            )
        self._resolver.forget(participant)
        await self._resolver.document(participant)
        title, dsp_url = _texts(found.get("title")), _below(base_url, found.get("dsp"))
        return Introduction(id=participant, title=title, dsp_url=dsp_url)

    async def _as_connector(self, base_url: str, dsp_url: str, expected: str) -> Introduction:
        participant = check_did(expected) if expected else did_of(base_url)
        if participant == self._own():
            raise errors.InvalidRequest("this is our own DID", where="id")
        self._resolver.forget(participant)
        try:
            document = await self._resolver.document(participant)
        except errors.SourceFailed as problem:
            raise errors.SourceFailed(
                f"speaks the Dataspace Protocol, and {participant} cannot be found",
                where=base_url,
                hint="give the DID under which it takes part",
            ) from problem
        if participant != did_of(base_url) and not _names(document, base_url):
            raise errors.Forbidden(
                f"the document of {participant} names no service at this address",
                where=base_url,
                hint="its operator adds a service with this address to the DID document",
            )
        return Introduction(id=participant, kind=Kind.CONNECTOR, title={}, dsp_url=dsp_url)

    async def _as_catalogue(self, base_url: str, problem: errors.SympolisError) -> Introduction:
        try:
            url, title = await self._find(base_url)
        except errors.SourceFailed as other:
            raise errors.SourceFailed(
                f"neither a twin, nor a connector ({problem.message}), nor a DCAT-AP catalogue ({other.message})",
                where=base_url,
            ) from other
        return Introduction(id=url, kind=Kind.CATALOGUE, title=_texts(title), catalogue_url=url)


def _names(document: Mapping[str, Any], base_url: str) -> bool:
    """Whether a DID document names a service at the server of this address."""
    services = document.get("service")
    given = services[:_MOST_SERVICES] if isinstance(services, list) else []
    endpoints = [one.get("serviceEndpoint") for one in given if isinstance(one, dict)]
    return any(isinstance(one, str) and _same(one, base_url) for one in endpoints)


def _same(one: str, other: str) -> bool:
    try:
        return urlsplit(one)[:2] == urlsplit(other)[:2]
    except ValueError:
        return False


def _texts(given: Any) -> dict[str, str]:
    """A text by language, as far as it is one: a stranger wrote it."""
    if not isinstance(given, dict):
        return {}
    pairs = [(str(key)[:10], value) for key, value in given.items() if isinstance(value, str)]
    return {
        key: "".join(filter(str.isprintable, value))[:_LONGEST_TEXT] for key, value in pairs[:_MOST_LANGUAGES]
    }


def _below(base_url: str, given: Any) -> str:
    """An address of the same server; else where the protocol usually is."""
    usual = f"{base_url}/dsp"
    if not isinstance(given, str) or len(given) > _LONGEST_URL:
        return usual
    return given.rstrip("/") if _same(given, base_url) else usual
