"""What partners told us, kept for a while: asked of all at once, waited for together, never for long.

Whoever is slow is answered for by what they said before; whoever never said anything is named as missing. An answer
that lacks somebody says so (``partial``), and what came too late is there for the next who asks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Kind, Partner, Standing
from sympolis.domain import errors

T = TypeVar("T")
PATIENCE_S: Final = 4.0
_AT_ONCE: Final = 32
_FORGOTTEN_AFTER: Final = 6
"""Times the freshness after which what somebody said before counts no more."""


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What one partner told: ``state`` is ``fresh``, ``stale`` (they do not answer now) or ``missing``."""

    partner: Partner
    value: T | None
    at: datetime | None
    state: str
    reason: str = ""

    def status(self) -> dict[str, Any]:
        """How fresh this is, for people."""
        return {
            "partner": self.partner.id,
            "name": self.partner.name,
            "title": self.partner.title,
            "state": self.state,
            "at": self.at,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Half(Generic[T]):
    """A part of an answer, and why it is not the whole: it counts, and is asked for again next time."""

    value: T
    reason: str


@dataclass(slots=True)
class _Kept(Generic[T]):
    value: T
    at: datetime
    monotonic: float


class Shelf(Generic[T]):
    """See the module. ``ask`` gets one partner's answer; it raises ``SympolisError`` where there is none.

    Partners of other ``kinds`` are not asked: nobody misses their answer.
    """

    def __init__(
        self,
        directory: PartnerDirectory,
        ask: Callable[[Partner], Awaitable[T | Half[T]]],
        *,
        fresh_s: float,
        kinds: frozenset[Kind] = frozenset({Kind.TWIN}),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._ask = ask
        self._fresh_s = fresh_s
        self._kinds = kinds
        self._monotonic = monotonic
        self._kept: dict[str, _Kept[T]] = {}
        self._failed: dict[str, str] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def gather(self, *, patience_s: float = PATIENCE_S, anew: bool = False) -> list[Told[T]]:
        """What every active partner tells, in the order of their names; asked again where it is old (or ``anew``)."""
        partners = [
            one
            for one in self._directory.everybody()
            if one.standing is Standing.ACTIVE and one.kind in self._kinds
        ]
        self._forget_others({one.id for one in partners})
        due = [one for one in partners if anew or not self._is_fresh(one.id)]
        tasks = [self._start(one) for one in due]
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s)
        return [self._told(one) for one in partners]

    def last(self, partner_id: str) -> T | None:
        """What they said last, however long ago; None where they have said nothing."""
        kept = self._kept.get(partner_id)
        return None if kept is None else kept.value

    def put(self, partner_id: str, value: T) -> None:
        """They told it unasked."""
        self._kept[partner_id] = _Kept(value, datetime.now(UTC), self._monotonic())
        self._failed.pop(partner_id, None)

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, partner: Partner) -> asyncio.Task[None]:
        found = self._under_way.get(partner.id)
        if found is None:
            found = self._under_way[partner.id] = asyncio.create_task(self._fetch(partner))
            found.add_done_callback(lambda _: self._under_way.pop(partner.id, None))
        return found

    async def _fetch(self, partner: Partner) -> None:
        try:
            async with self._at_once:
                found = await self._ask(partner)
            if isinstance(found, Half):
                self.put(partner.id, found.value)
                self._failed[partner.id] = found.reason
            else:
                self.put(partner.id, found)
        except errors.SympolisError as problem:
            self._failed[partner.id] = problem.message

    def _told(self, partner: Partner) -> Told[T]:
        kept = self._kept.get(partner.id)
        reason = self._failed.get(partner.id, "" if kept is not None else "did not answer in time")
        if kept is None or self._age(kept) > _FORGOTTEN_AFTER * self._fresh_s:
            return Told(partner, None, None, "missing", reason or "has not answered for long")
        fresh = self._age(kept) <= self._fresh_s and partner.id not in self._failed
        late = "" if fresh else reason or "did not answer in time"
        return Told(partner, kept.value, kept.at, "fresh" if fresh else "stale", late)

    def _is_fresh(self, partner_id: str) -> bool:
        kept = self._kept.get(partner_id)
        return kept is not None and self._age(kept) <= self._fresh_s and partner_id not in self._failed

    def _age(self, kept: _Kept[T]) -> float:
        return self._monotonic() - kept.monotonic

    def _forget_others(self, present: set[str]) -> None:
        for gone in [one for one in self._kept if one not in present]:
            del self._kept[gone]
        for gone in [one for one in self._failed if one not in present]:
            del self._failed[gone]


def is_partial(told: Sequence[Told[Any]]) -> bool:
    """Whether somebody's answer is missing or old."""
    return any(one.state != "fresh" for one in told)
