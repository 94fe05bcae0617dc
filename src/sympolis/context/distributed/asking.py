"""Asking other brokers, and bearing with them: short waits, pauses after failures, bounded answers (clause 6.3.17).

A source that has failed several times in a row is left alone for a while, longer each time; one that says how long
(``management.cooldown``), for so long.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from sympolis.context.distributed.wording import Outgoing
from sympolis.context.registrations.registration import Registration
from sympolis.context.registrations.service import Registrations

log = logging.getLogger(__name__)

_PATIENCE = 5
"""Failures in a row before a source that says nothing about it is left alone."""
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_MOST_CACHED = 512


class Ending(StrEnum):
    """How asking a source ended."""

    ANSWERED = "answered"
    SILENT = "silent"
    """No answer in time."""
    UNREACHABLE = "unreachable"
    """No connection, or none that this server may open."""
    PAUSED = "paused"
    """Not asked: it failed a short while ago."""
    INVALID = "invalid"
    """The answer is larger than it may be, or no HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of headers in lower case."""

    ending: Ending
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stale: bool = False
    """Whether it is what the source said before (``cacheDuration``)."""

    @property
    def good(self) -> bool:
        """Whether the source did what it was asked."""
        return self.ending is Ending.ANSWERED and 200 <= self.status < 300


class Courier(Protocol):
    """Carries requests to other brokers."""

    async def carry(self, request: Outgoing) -> Answer:
        """Send it; always returns, within the request's time."""
        ...


@dataclass(slots=True)
class _Mood:
    failures: int = 0
    until: datetime | None = None


class Asker:
    """Asks sources and notes how they fared. One per broker."""

    def __init__(self, registrations: Registrations, courier: Courier) -> None:
        self._registrations = registrations
        self._courier = courier
        self._moods: dict[tuple[str, str], _Mood] = {}
        self._cache: OrderedDict[tuple[str, ...], tuple[datetime, Answer]] = OrderedDict()

    async def ask(self, tenant: str, registration: Registration, request: Outgoing) -> Answer:
        """Send a request to a source, unless it is better left alone, or just gave the answer."""
        now = self._registrations.now()
        kept = self._kept(registration, request, now)
        if kept is not None:
            return replace(kept, stale=True)
        mood = self._moods.get((tenant, registration.id))
        if mood is not None and mood.until is not None and now < mood.until:
            return Answer(Ending.PAUSED)
        answer = await self._courier.carry(request)
        self._note(tenant, registration, answer)
        self._keep(registration, request, answer)
        return answer

    def _note(self, tenant: str, registration: Registration, answer: Answer) -> None:
        now = self._registrations.now()
        self._registrations.note(tenant, registration.id, at=now, failed=not answer.good)
        key = (tenant, registration.id)
        if answer.ending is Ending.ANSWERED and answer.status < 500:
            self._moods.pop(key, None)
            return
        log.info(
            "a context source %s",
            f"answered {answer.status}" if answer.ending is Ending.ANSWERED else answer.ending.value,
            extra={"action": "forward", "registration": registration.id},
        )
        mood = self._moods.setdefault(key, _Mood())
        mood.failures += 1
        pause = registration.management.cooldown_s or _pause(mood.failures)
        mood.until = now + timedelta(seconds=pause) if pause else None

    # --- what was said before

    def _kept(self, registration: Registration, request: Outgoing, now: datetime) -> Answer | None:
        if registration.management.cache_s is None or request.method != "GET":
            return None
        until, answer = self._cache.get(_key(registration, request), (now, None))
        return answer if now < until else None

    def _keep(self, registration: Registration, request: Outgoing, answer: Answer) -> None:
        """Keep an answer as long as the source wants; whatever changes something there makes it void."""
        if registration.management.cache_s is None:
            return
        if request.method != "GET":
            for key in [key for key in self._cache if key[0] == registration.id]:
                del self._cache[key]
        elif answer.good:
            until = self._registrations.now() + timedelta(seconds=registration.management.cache_s)
            self._cache[_key(registration, request)] = (until, answer)
            while len(self._cache) > _MOST_CACHED:
                self._cache.popitem(last=False)


def _pause(failures: int) -> float:
    if failures < _PATIENCE:
        return 0.0
    return min(_FIRST_PAUSE_S * 2.0 ** min(failures - _PATIENCE, 10), _LONGEST_PAUSE_S)


def _key(registration: Registration, request: Outgoing) -> tuple[str, ...]:
    """What makes two requests the same: also who asks, where the source is told (``contextSourceInfo``)."""
    told = sorted(f"{name}: {value}" for name, value in request.headers if name != "Via")
    return (registration.id, request.url, *told)
