"""Calls to partners: signed, bounded in time and size, through a breaker each, and noted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from sympolis.dataspace.calls import Calls, good_body, send_json
from sympolis.dataspace.partners.breaker import Breaker
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Partner, Standing
from sympolis.domain import errors

log = logging.getLogger(__name__)

PATIENCE_S: Final = 5.0
MOST_BYTES: Final = 4 << 20
_NOTE_EVERY: Final = timedelta(seconds=30)
"""Contacts are noted no more often, so that a busy partnership does not write all the time."""
_MOST_AT_ONCE: Final = 8
"""Calls to one partner at a time: who is slow does not hold up the others."""

T = TypeVar("T")

Authorizing = Callable[[str, str], Awaitable[str | None]]


class Contact:
    """See the module."""

    def __init__(
        self,
        directory: PartnerDirectory,
        calls: Calls,
        authorize: Authorizing,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._calls = calls
        self._authorize = authorize
        self._monotonic = monotonic
        self._breakers: dict[str, Breaker] = {}
        self._places: dict[str, asyncio.Semaphore] = {}

    def breaker(self, partner_id: str) -> Breaker:
        """The partner's breaker."""
        found = self._breakers.get(partner_id)
        if found is None:
            found = self._breakers[partner_id] = Breaker(partner_id, monotonic=self._monotonic)
        return found

    def forget(self, partner_id: str) -> None:
        """The partner is none any more."""
        self._breakers.pop(partner_id, None)
        self._places.pop(partner_id, None)

    async def ask(
        self,
        partner: Partner,
        path: str,
        *,
        method: str = "GET",
        document: object = None,
        timeout_s: float = PATIENCE_S,
        most_bytes: int = MOST_BYTES,
    ) -> Any:
        """What a partner answers at ``path`` of its server.

        Raises ``SourceFailed`` where it does not answer, or not in time, or its breaker is open; ``Forbidden`` where it
        says no, or is suspended here.
        """
        if partner.standing is not Standing.ACTIVE:
            raise errors.Forbidden("this partner is suspended", where=partner.id)
        url = partner.base_url + path
        async with self._attempt(partner):
            return await self._sent(method, url, partner.id, document, timeout_s, most_bytes)

    async def fetch(self, partner: Partner, path: str, *, timeout_s: float, most_bytes: int) -> bytes:
        """The file that a partner gives at ``path`` of its server. Raises as ``ask`` does."""
        if partner.standing is not Standing.ACTIVE:
            raise errors.Forbidden("this partner is suspended", where=partner.id)
        url = partner.base_url + path
        async with self._attempt(partner):
            authorization = await self._authorize(partner.id, url)
            headers = [] if authorization is None else [("Authorization", authorization)]
            answer = await self._calls(
                "GET", url, headers=headers, timeout_s=timeout_s, most_bytes=most_bytes
            )
            return good_body(answer, url)

    async def visit(self, partner: Partner, work: Callable[[], Awaitable[T]]) -> T:
        """What comes of other work at a partner, under the same bounds. Raises as ``ask`` does, and as it does."""
        if partner.standing is not Standing.ACTIVE:
            raise errors.Forbidden("this partner is suspended", where=partner.id)
        async with self._attempt(partner):
            return await work()

    @asynccontextmanager
    async def _attempt(self, partner: Partner) -> AsyncIterator[None]:
        """One of the places that a partner has, through its breaker; how it went is noted."""
        place = self._places.setdefault(partner.id, asyncio.Semaphore(_MOST_AT_ONCE))
        async with place:
            try:
                with self.breaker(partner.id).guarding():
                    yield
            except errors.SourceFailed as problem:
                self._note_failure(partner.id, problem.message)
                raise
        self._note_contact(partner.id)

    async def _sent(
        self, method: str, url: str, partner_id: str, document: object, timeout_s: float, most_bytes: int
    ) -> Any:
        authorization = await self._authorize(partner_id, url)
        return await send_json(
            self._calls,
            method,
            url,
            document=document,
            authorization=authorization,
            timeout_s=timeout_s,
            most_bytes=most_bytes,
        )

    def _note_contact(self, partner_id: str) -> None:
        now, found = datetime.now(UTC), self._directory.find(partner_id)
        if found is None:
            return
        recent = found.last_contact_at is not None and now - found.last_contact_at < _NOTE_EVERY
        if not recent or found.last_failure:
            self._directory.change(partner_id, last_contact_at=now, last_failure="")

    def _note_failure(self, partner_id: str, reason: str) -> None:
        now, found = datetime.now(UTC), self._directory.find(partner_id)
        if found is None:
            return
        recent = found.last_failure_at is not None and now - found.last_failure_at < _NOTE_EVERY
        if not recent or found.last_failure != reason[:200]:
            self._directory.change(partner_id, last_failure_at=now, last_failure=reason[:200])
