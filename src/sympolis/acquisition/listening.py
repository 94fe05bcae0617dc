"""Keeps listening to the sources that speak up themselves, and takes in what they say.

A listener is a task per source: it opens the feed, takes what has come since the last write as one batch through the
gate, and acknowledges it when it is stored. So batches grow with the load and nothing waits for a timer; a message
that was not stored is not acknowledged and comes again. When the feed breaks it is opened anew after 1, 2, 4 … seconds,
at most five minutes, with jitter.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ingest import PlannedSource
from sympolis.domain import errors
from sympolis.plugins.connector import Record
from sympolis.plugins.listening import Hook, Listening, Message, Topics

log = logging.getLogger(__name__)

_MOST_MESSAGES: Final = 500
"""In one batch."""
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 300.0
_JITTER: Final = 0.2

Wish = Topics | Hook


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, and how to tell the sender that it is stored."""

    message: Message
    acknowledge: Callable[[], Awaitable[None]]


class Feed(Protocol):
    """An open connection to something that speaks."""

    async def next(self) -> Heard:
        """Wait for the next message. Raises ``SourceFailed`` when the connection is gone."""
        ...

    def waiting(self) -> int:
        """How many messages have come and were not asked for yet."""
        ...


class Opens(Protocol):
    """Opens feeds."""

    def __call__(self, planned: PlannedSource, wish: Wish) -> AbstractAsyncContextManager[Feed]:
        """The feed that a source's connector wishes. Entering raises ``SourceFailed``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerState:
    """How a listener is doing: ``connecting``, ``listening``, ``waiting`` (to try again) or ``stopped``."""

    state: str = "connecting"
    since: datetime
    messages: int = 0
    newest_message: datetime | None = None
    failures: int = 0
    """In a row."""
    error: str | None = None
    next_try: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return {name: getattr(self, name) for name in self.__slots__}


def pause_s(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row; ``chance`` in [0, 1) spreads them by a fifth."""
    pause: float = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(failures - 1, 20))
    return pause * (1 - _JITTER + 2 * _JITTER * chance)


def _now() -> datetime:
    return datetime.now(UTC)


class Listener:
    """Listens to one source. ``clock`` and ``chance`` are for tests."""

    def __init__(
        self,
        coordinator: Coordinator,
        source_id: str,
        opens: Opens,
        *,
        clock: Callable[[], datetime] = _now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._coordinator = coordinator
        self._planned = coordinator.planned(source_id)
        self._opens = opens
        self._clock = clock
        self._chance = chance
        self.state = ListenerState(since=clock())

    async def run(self, stopped: asyncio.Event) -> None:
        """Until ``stopped``. What was heard and not stored by then is not acknowledged."""
        try:
            while not stopped.is_set():
                await self._once(stopped)
                if self.state.next_try is not None:
                    wait = (self.state.next_try - self._clock()).total_seconds()
                    await _unless(stopped, asyncio.sleep(max(0.0, wait)))
        finally:
            self._change("stopped")

    async def _once(self, stopped: asyncio.Event) -> None:
        self._change("connecting")
        try:
            connector = self._connector()
            wish = connector.listens(self._planned.origin, self._planned.settings)
            if wish is None:
                stopped.set()
                return
            async with self._opens(self._planned, wish) as feed:
                self._change("listening", error=None)
                await self._listen(feed, connector, stopped)
        except errors.SympolisError as problem:
            self._failed(str(problem))
        except Exception as problem:
            log.exception("a feed failed", extra={"action": "listen", "source": self._planned.source.id})
            self._failed(f"{type(problem).__name__}: {problem}")

    def _connector(self) -> Listening:
        connector = self._coordinator.connector(self._planned)
        if not isinstance(connector, Listening):
            raise errors.SourceFailed("this connector does not listen", where=self._planned.source.connector)
        return connector

    async def _listen(self, feed: Feed, connector: Listening, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            first = await _unless(stopped, feed.next())
            if first is None:
                return
            batch = [first]
            while len(batch) < _MOST_MESSAGES and feed.waiting():
                batch.append(await feed.next())
            await self._take(batch, connector)

    async def _take(self, batch: list[Heard], connector: Listening) -> None:
        settings = self._planned.settings
        records = await asyncio.to_thread(_records, batch, connector, settings)
        await self._coordinator.take(self._planned.source.id, records)
        for one in batch:
            await one.acknowledge()
        self.state = replace(
            self.state,
            messages=self.state.messages + len(batch),
            newest_message=batch[-1].message.at,
            failures=0,
        )

    def _change(self, state: str, **more: Any) -> None:
        self.state = replace(self.state, state=state, since=self._clock(), next_try=None, **more)

    def _failed(self, reason: str) -> None:
        failures = self.state.failures + 1
        log.warning("a source cannot be heard", extra={"source": self._planned.source.id, "reason": reason})
        self._change("waiting", failures=failures, error=reason)
        pause = timedelta(seconds=pause_s(failures, self._chance()))
        self.state = replace(self.state, next_try=self._clock() + pause)


class Listeners:
    """The listeners of a twin, by source."""

    def __init__(self, coordinator: Coordinator, opens: Opens) -> None:
        self._listeners = {one: Listener(coordinator, one, opens) for one in listening_sources(coordinator)}

    async def run(self, stopped: asyncio.Event) -> None:
        """All of them, until ``stopped``; one that ends does not end the others."""
        await asyncio.gather(*(self._run(one, stopped) for one in self._listeners.values()))

    async def _run(self, listener: Listener, stopped: asyncio.Event) -> None:
        ended = asyncio.Event()
        follow = asyncio.create_task(_follow(stopped, ended))
        try:
            await listener.run(ended)
        finally:
            follow.cancel()

    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """How each is doing."""
        return {source_id: one.state.to_json() for source_id, one in self._listeners.items()}


def listening_sources(coordinator: Coordinator) -> list[str]:
    """Ids of the sources with a ``[refresh]`` whose connector and settings want to listen."""
    found = []
    for status in coordinator.sources():
        planned = status.planned
        connector = coordinator.connector(planned)
        if planned.source.refresh is None or not isinstance(connector, Listening):
            continue
        try:
            wanted = connector.listens(planned.origin, planned.settings) is not None
        except errors.SympolisError:
            wanted = True  # its listener tells why it cannot
        if wanted:
            found.append(planned.source.id)
    return found


def _records(batch: list[Heard], connector: Listening, settings: Any) -> list[Record]:
    """The rows of all messages, numbered through."""
    rows = [record for one in batch for record in connector.heard(one.message, settings)]
    return [replace(record, number=number) for number, record in enumerate(rows, start=1)]


async def _follow(first: asyncio.Event, second: asyncio.Event) -> None:
    await first.wait()
    second.set()


async def _unless(stopped: asyncio.Event, work: Any) -> Any:
    """What ``work`` gives; None, and ``work`` cancelled, where ``stopped`` comes first."""
    task, stop = asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for one in (task, stop):
            one.cancel()
        await asyncio.gather(task, stop, return_exceptions=True)
