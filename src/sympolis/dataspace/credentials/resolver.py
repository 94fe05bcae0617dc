"""DID documents of others: fetched through the guard, bounded, kept for minutes, asked for again with care.

Keys are looked for only where a message is said to be signed by them. A message with an unknown key makes the document
be fetched anew (its owner may have rotated), but not more often than every half minute: a flood of forged messages
costs the named victim one request, not one each. Partners' documents are kept and fetched apart from strangers':
however many of these come, and however slowly their servers answer, a partner is not pushed out and does not wait.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sympolis.dataspace.calls import Calls, send_json
from sympolis.dataspace.credentials.did import document_url
from sympolis.domain import errors

LASTS_S: Final = 300.0
AGAIN_AFTER_S: Final = 30.0
_MOST_BYTES: Final = 64 * 1024
_MOST_KEYS: Final = 32
MOST_KEPT: Final = 2_000
"""Documents of strangers."""
MOST_AT_ONCE: Final = 32
MOST_WAITING: Final = 200
"""Strangers' documents that are fetched, or wait to be; each is given up after ``_PATIENCE_S``."""
_PATIENCE_S: Final = 4.0


@dataclass(slots=True)
class _Held:
    document: Mapping[str, Any] | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)
    until: float = 0.0
    asked: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Resolver:
    """Finds documents and keys by DID; ``own`` gives our own document, for which nobody need be called."""

    def __init__(
        self,
        calls: Calls,
        *,
        own: Callable[[], Mapping[str, Any]],
        known: Callable[[str], bool] = lambda _: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._own = own
        self._monotonic = monotonic
        self._known = known
        self._partners: dict[str, _Held] = {}
        self._strangers: OrderedDict[str, _Held] = OrderedDict()
        self._at_once = asyncio.Semaphore(MOST_AT_ONCE)
        self._waiting = 0

    async def document(self, did: str) -> Mapping[str, Any]:
        """The DID document. Raises ``SourceFailed`` where it cannot be had, ``InvalidRequest`` for what is no DID."""
        found = (await self._fresh(did, None)).document
        assert found is not None
        return found

    async def key(self, did: str, key_id: str) -> Any:
        """The public key ``key_id`` (a DID URL, or its fragment) of ``did``. Raises ``Unauthenticated`` for none."""
        name = key_id.rpartition("#")[2]
        if "#" in key_id and key_id.partition("#")[0] != did:
            raise errors.Unauthenticated("the key is another's than the sender's", where="kid")
        held = await self._fresh(did, name)
        if name not in held.keys:
            raise errors.Unauthenticated("the sender has no such key", where="kid")
        return held.keys[name]

    def forget(self, did: str) -> None:
        """Fetch the document anew when it is next needed."""
        self._partners.pop(did, None)
        self._strangers.pop(did, None)

    async def _fresh(self, did: str, wanted: str | None) -> _Held:
        own = self._own()
        if did == own["id"]:
            return _Held(*_checked(did, own))
        url = document_url(did)
        held = self._entry(did)
        if held.document is not None and self._monotonic() < held.until and _has(held, wanted):
            return held
        async with held.lock:
            now = self._monotonic()
            stale = held.document is None or now >= held.until
            if (stale or not _has(held, wanted)) and now - held.asked >= (1.0 if stale else AGAIN_AFTER_S):
                held.asked = now
                await self._renew(did, url, held)
        if held.document is None:
            raise errors.SourceFailed("the DID document could not be had a moment ago", where=did)
        return held

    def _entry(self, did: str) -> _Held:
        known = self._known(did)
        here, there = (self._partners, self._strangers) if known else (self._strangers, self._partners)
        held = here.pop(did) if did in here else there.pop(did) if did in there else _Held()
        here[did] = held
        while len(self._strangers) > MOST_KEPT:
            self._strangers.popitem(last=False)
        return held

    @asynccontextmanager
    async def _place(self, did: str) -> AsyncIterator[None]:
        """Room for one request. A partner has it at once: each is fetched one at a time, and they are few."""
        if self._known(did):
            yield
            return
        if self._waiting >= MOST_WAITING:
            raise errors.SourceFailed("too many strangers are looked up at this moment", where=did)
        self._waiting += 1
        try:
            async with self._at_once:
                yield
        finally:
            self._waiting -= 1

    async def _renew(self, did: str, url: str, held: _Held) -> None:
        """Fetch; where that fails, what is at hand goes on being good until it is too old by far."""
        now = self._monotonic()
        try:
            async with self._place(did):
                found = await send_json(
                    self._calls, "GET", url, timeout_s=_PATIENCE_S, most_bytes=_MOST_BYTES
                )
            held.document, held.keys = _checked(did, found)
            held.until = now + LASTS_S
        except errors.SympolisError as problem:
            if held.document is None or now >= held.until + LASTS_S:
                held.document = None
                raise errors.SourceFailed(f"has no DID document: {problem.message}", where=did) from problem


def _has(held: _Held, wanted: str | None) -> bool:
    return wanted is None or wanted in held.keys


def _checked(did: str, found: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The document and its keys by fragment. Raises ``SourceFailed`` where it is another's, or none."""
    if not isinstance(found, dict) or found.get("id") != did:
        raise errors.SourceFailed("the document is not about this DID", where=did)
    methods = found.get("verificationMethod")
    if not isinstance(methods, list) or len(methods) > _MOST_KEYS:
        raise errors.SourceFailed(f"expected at most {_MOST_KEYS} verification methods", where=did)
    keys = {}
    for method in methods:
        read = _key(did, method)
        if read is not None:
            keys[read[0]] = read[1]
    return found, keys


def _key(did: str, method: Any) -> tuple[str, Any] | None:
    """Its fragment and the key; None for what is not a public key that this DID controls."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    if not isinstance(method, dict) or method.get("controller") != did:
        return None
    jwk = method.get("publicKeyJwk")
    kinds: dict[str, Any] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}
    if not isinstance(jwk, dict) or "d" in jwk or str(jwk.get("kty")) not in kinds:
        return None
    try:
        return str(method.get("id", "")).rpartition("#")[2], kinds[jwk["kty"]].import_key(jwk)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
