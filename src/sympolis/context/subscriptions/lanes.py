"""Queues of notifications, one per endpoint: in order, one at a time, tried again until delivered or given up.

An endpoint that fails keeps its own queue waiting and no other. ``Settler`` writes down, in groups, what has become of
the notifications, so that a slow disk does not slow the sending.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sympolis.context.subscriptions.books import DeadLetter, Pending, Settlement, SubscriptionBooks
from sympolis.context.subscriptions.notice import Notice
from sympolis.context.subscriptions.sending import DeliveryPolicy, Notifier, Time
from sympolis.context.subscriptions.subscription import Endpoint, Record
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused, StoreUnavailable

log = logging.getLogger(__name__)

_RETRY_S = 1.0
_LAST_KEEPING_S = 5.0

_T = TypeVar("_T")
LaneKey = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What becomes one Notification. ``numbers`` are its places in the kept queue; none where it is not kept."""

    tenant: str
    subscription: str
    elements: tuple[bytes, ...]
    numbers: tuple[int, ...] = ()


def parcel_of(pending: list[Pending]) -> Parcel:
    """One Notification for all of these, which are of one subscription."""
    first = pending[0]
    elements = tuple(one.element for one in pending)
    return Parcel(first.tenant, first.subscription, elements, tuple(one.number for one in pending))


class Sender(Protocol):
    """What a lane asks about subscriptions."""

    def notice(self, parcel: Parcel) -> Notice | None:
        """The Notification to send now; None where its subscription is gone or asleep."""
        ...

    def record(self, parcel: Parcel, change: Callable[[Record], Record]) -> None:
        """Change how a subscription's notifications have fared."""
        ...


class Settler:
    """Keeps steps in the books, all that have come together at once. ``kept`` is called after each, with it."""

    def __init__(self, books: SubscriptionBooks, kept: Callable[[Settlement], None], time: Time) -> None:
        self._books = books
        self._time = time
        self._kept = kept
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sympolis-subscriptions")
        self._due = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        self._spawned: set[asyncio.Task[None]] = set()
        self._term = 0
        self.resting = False
        """Whether another process keeps the books now: what comes together here is not kept."""
        self.step = Settlement()
        """Where to put what is to be kept next; call ``wake`` afterwards."""

    def start(self) -> None:
        """Begin to keep."""
        self._task = asyncio.create_task(self._run())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that follows from a step, until it ends or ``close``."""
        task = asyncio.create_task(work)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    def wake(self) -> None:
        """There is something to keep."""
        self._idle.clear()
        self._due.set()

    async def flush(self) -> None:
        """Wait until all is kept."""
        await self._idle.wait()

    async def close(self) -> None:
        """Keep what is there and stop."""
        if self._task is not None:
            with suppress(TimeoutError):  # a full disk must not keep the server from stopping
                async with asyncio.timeout(_LAST_KEEPING_S):
                    await self.flush()
            self._task.cancel()
            await asyncio.gather(self._task, *self._spawned, return_exceptions=True)
        self._thread.shutdown()

    def abandon(self) -> None:
        """Keep nothing of what has not been kept: another process does this work by now."""
        self._term += 1
        self.step = Settlement()
        self._due.set()

    async def do(self, work: Callable[[], _T]) -> _T:
        """Run other work on the books, after what is being kept."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            step, self.step = self.step, Settlement()
            if step and not self.resting:
                await self._keep(step)
            if not self._due.is_set():
                self._idle.set()

    async def _keep(self, step: Settlement) -> None:
        term = self._term
        while term == self._term:
            try:
                await self.do(lambda: self._books.settle(step))
            except StoreUnavailable:
                log.exception("the state of subscriptions could not be kept", extra={"action": "notify"})
                await self._time.sleep(_RETRY_S)
            else:
                self._kept(step)
                return


class Lanes:
    """All endpoints' queues."""

    def __init__(
        self, sender: Sender, notifier: Notifier, settler: Settler, *, time: Time, policy: DeliveryPolicy
    ) -> None:
        self.sender = sender
        self.notifier = notifier
        self.settler = settler
        self.time = time
        self.policy = policy
        self.gate = asyncio.Semaphore(policy.concurrent)
        self._lanes: dict[LaneKey, _Lane] = {}

    def put(self, parcel: Parcel, endpoint: Endpoint) -> None:
        """Queue a notification."""
        key = (endpoint.uri, endpoint.receiver_info)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(self, endpoint.uri, lambda: self._lanes.pop(key, None))
        lane.put(parcel)

    def waiting(self) -> int:
        """How many notifications wait or are under way."""
        return sum(lane.waiting for lane in self._lanes.values())

    def holds(self, tenant: str, subscription_id: str) -> bool:
        """Whether a notification of this subscription waits or is under way."""
        return any(lane.holds(tenant, subscription_id) for lane in self._lanes.values())

    def bury(self, parcel: Parcel, uri: str, reason: str, attempts: int) -> None:
        """Give a notification up."""
        number = parcel.numbers[0] if parcel.numbers else 0
        now = self.time.now()
        self.settler.step.dead.append(
            DeadLetter(
                number, parcel.tenant, parcel.subscription, uri, now, reason, attempts, parcel.elements
            )
        )
        self.discharge(parcel)
        log.warning("notification given up: %s", reason, extra={"action": "notify", "uri": uri})

    def discharge(self, parcel: Parcel) -> None:
        """Take a notification out of the kept queue."""
        for number in parcel.numbers:
            self.settler.step.remove(number)
        self.settler.wake()

    async def rest(self) -> None:
        """Stop sending; what waits stays in the books."""
        tasks = [lane.task for lane in self._lanes.values()]
        self._lanes.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop sending for good."""
        await self.rest()
        await self.notifier.close()


class _Lane:
    """The queue of one endpoint; its task lives as long as there is something in it."""

    def __init__(self, lanes: Lanes, uri: str, ended: Callable[[], object]) -> None:
        self._lanes = lanes
        self._uri = uri
        self._ended = ended
        self._queue: deque[Parcel] = deque()
        self.task = asyncio.create_task(self._run())

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def holds(self, tenant: str, subscription_id: str) -> bool:
        return any((one.tenant, one.subscription) == (tenant, subscription_id) for one in self._queue)

    def put(self, parcel: Parcel) -> None:
        if len(self._queue) >= self._lanes.policy.queue:
            self._lanes.bury(parcel, self._uri, "the endpoint's queue is full", 0)
        else:
            self._queue.append(parcel)

    async def _run(self) -> None:
        while self._queue:  # no await between this test and _ended: nothing can be put into a lane that ends
            try:
                await self._deliver(self._queue[0])
            except Exception:  # a defect of ours must not silence the endpoint for good
                log.exception("notification could not be made", extra={"action": "notify"})
                self._lanes.bury(self._queue[0], self._uri, "it could not be made: see the server's log", 0)
            self._queue.popleft()
        self._ended()

    async def _deliver(self, parcel: Parcel) -> None:
        for attempt in range(1, self._lanes.policy.attempts + 1):
            notice = self._lanes.sender.notice(parcel)
            if notice is None:
                self._lanes.discharge(parcel)
                return
            reason = await self._attempt(parcel, notice)
            if reason is None:
                self._lanes.discharge(parcel)
                return
            if isinstance(reason, DeliveryRefused) or attempt == self._lanes.policy.attempts:
                self._lanes.bury(parcel, self._uri, str(reason), attempt)
                return
            await self._lanes.time.sleep(self._wait(attempt, notice))

    async def _attempt(self, parcel: Parcel, notice: Notice) -> DeliveryFailed | None:
        started = self._lanes.time.now()
        try:
            async with self._lanes.gate:
                await self._lanes.notifier.send(notice)
        except DeliveryFailed as problem:
            self._lanes.sender.record(parcel, lambda record: _failed(record, started))
            return problem
        self._lanes.sender.record(parcel, lambda record: _succeeded(record, started))
        return None

    def _wait(self, attempt: int, notice: Notice) -> float:
        policy = self._lanes.policy
        longest = min(policy.first_wait_s * 2.0 ** (attempt - 1), policy.longest_wait_s)
        return max(longest * (1 - policy.jitter * random.random()), notice.endpoint.cooldown_s)  # noqa: S311


def _succeeded(record: Record, at: datetime) -> Record:
    return replace(
        record, times_sent=record.times_sent + 1, last_notification=at, last_success=at, failed=False
    )


def _failed(record: Record, at: datetime) -> Record:
    return replace(
        record,
        times_sent=record.times_sent + 1,
        times_failed=record.times_failed + 1,
        last_notification=at,
        last_failure=at,
        failed=True,
    )
