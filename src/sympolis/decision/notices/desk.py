"""Looks at what rules are about and sees to it that people are told: once, in their time, again where nobody heard.

A rule that is met raises one notice, which stands until the rule is no longer met: a value that lingers at its limit
tells nobody twice. Notice and deliveries are written in one transaction before anything is sent; a delivery that fails
is tried again after 1, 2, 4 ... minutes, for a day. Whoever stops between sending and writing it down sends once more,
under the same message id: lost is worse than twice, and receivers can tell.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from sympolis.decision.notices.record import Delivery, Notice, NoticeBook, Reading, State
from sympolis.decision.notices.rule import About, Channel, Rule, Way
from sympolis.domain import errors

Read = Callable[[Set[About]], Awaitable[Sequence[Reading]]]
"""What there is to look at of these kinds."""

MOST_ATTEMPTS: Final = 11
"""1 + 2 + 4 ... minutes: the last try is some 17 hours after the first."""
_AT_ONCE: Final = 200

log = logging.getLogger(__name__)


class Carrier(Protocol):
    """Carries messages by one channel."""

    async def send(self, to: str, notices: Sequence[Notice], message_id: str) -> None:
        """Tell of some notices in one message. Raises ``DeliveryFailed`` (try again), ``DeliveryRefused`` (do not)."""
        ...


class NoticeDesk:
    """See the module. ``look`` and ``deliver`` are each called now and then; at once they exclude each other."""

    def __init__(
        self,
        book: NoticeBook,
        read: Read,
        carriers: Mapping[Channel, Carrier],
        *,
        builtin: Iterable[Rule] = (),
        zone: ZoneInfo,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.book = book
        self._read = read
        self._carriers = carriers
        self._builtin = {rule.id: rule for rule in builtin}
        self._zone = zone
        self._now = now
        self._lock = asyncio.Lock()

    @property
    def channels(self) -> list[str]:
        """The channels that this twin has."""
        return [str(one) for one in self._carriers]

    def watch_for(self, builtin: Iterable[Rule]) -> None:
        """Put other rules in the place of the city's own; a notice of one that is gone is over."""
        gone = self._builtin
        self._builtin = {rule.id: rule for rule in builtin}
        for rule in set(gone) - set(self._builtin):
            standing = self.book.standing(rule)
            if standing is not None:
                self.book.keep(replace(standing, state=State.OVER, over_at=self._now()))

    def rules(self) -> list[Rule]:
        """The city's own, then those that people made."""
        return [*self._builtin.values(), *self.book.rules()]

    def keep_rule(self, rule: Rule) -> None:
        """Make or change a rule. Raises ``Conflict`` (one of the city package), ``BadRequestData`` (no such way)."""
        if rule.id in self._builtin:
            raise errors.Conflict(
                "this rule is the city package's", where="id", hint="change it there, or take another id"
            )
        for way in (*rule.to, *rule.escalate_to):
            if way.channel not in self._carriers:
                known = ", ".join(self._carriers) or "none"
                raise errors.BadRequestData(
                    f"this twin has no channel {way.channel}", where="to", hint=f"known: {known}"
                )
        self.book.keep_rule(rule)

    def drop_rule(self, rule: str) -> None:
        """Remove a rule that people made. Raises ``NotFound``, ``Conflict`` for one of the city package."""
        if rule in self._builtin:
            raise errors.Conflict("this rule is the city package's", where="rule", hint="remove it there")
        if not self.book.drop_rule(rule):
            raise errors.NotFound(f"there is no rule {rule[:60]}", where="rule")

    async def look(self) -> int:
        """Hold every rule against what is read now; how many notices were raised."""
        readings = await self._read({rule.about for rule in self.rules()})
        async with self._lock:
            return sum(self._held(rule, readings) for rule in self.rules())

    def _held(self, rule: Rule, readings: Sequence[Reading]) -> bool:
        met = next((one for one in readings if _is_about(rule, one) and rule.is_met(one.value)), None)
        standing, now = self.book.standing(rule.id), self._now()
        if met is None:
            if standing is not None:
                self.book.keep(replace(standing, state=State.OVER, over_at=now))
            return False
        if standing is not None:
            self._escalate(rule, standing, now)
            return False
        notice = Notice(
            id=f"notice-{now:%Y%m%d}-{secrets.token_hex(5)}",
            rule=rule.id,
            title=rule.title,
            reading=met,
            urgent=rule.urgent,
            state=State.OPEN,
            raised_at=now,
        )
        self.book.keep(notice, _told(notice, rule.to, rule.due(now, self._zone)))
        return True

    def _escalate(self, rule: Rule, notice: Notice, now: datetime) -> None:
        if rule.escalate_after_min is None or notice.escalated or notice.state is not State.OPEN:
            return
        if now - notice.raised_at >= timedelta(minutes=rule.escalate_after_min):
            self.book.keep(replace(notice, escalated=True), _told(notice, rule.escalate_to, now))

    def acknowledge(self, notice: str, by: str) -> Notice:
        """Somebody sees to it. Raises ``NotFound``."""
        found = self.book.notice(notice)
        if found is None:
            raise errors.NotFound(
                f"there is no notice {notice[:60]}", where="notice", hint="see /api/notifications"
            )
        if found.state is not State.OPEN:
            return found
        seen = replace(found, state=State.ACKNOWLEDGED, acknowledged_at=self._now(), acknowledged_by=by)
        self.book.keep(seen)
        return seen

    async def deliver(self) -> int:
        """Send what is due; how many deliveries went well."""
        async with self._lock:
            due = self.book.waiting(self._now(), limit=_AT_ONCE)
            ways = sorted(due, key=lambda one: (one.way.channel, one.way.to))
            groups = [list(found) for _, found in groupby(ways, key=lambda one: one.way)]
            return sum([await self._sent(found) for found in groups])

    async def _sent(self, deliveries: Sequence[Delivery]) -> int:
        """One message to one address, of all that is due there."""
        way = deliveries[0].way
        notices = [found for one in deliveries if (found := self.book.notice(one.notice)) is not None]
        try:
            await self._carriers[way.channel].send(way.to, notices, deliveries[0].id)
        except (KeyError, errors.DeliveryRefused) as refused:
            self.book.settle([replace(one, state="given up", error=str(refused)[:300]) for one in deliveries])
            return 0
        except errors.DeliveryFailed as failed:
            self.book.settle([self._later(one, failed) for one in deliveries])
            return 0
        except (
            Exception
        ) as broken:  # an address that its library chokes on must not keep others from being told
            log.exception("a channel could not handle an address", extra={"action": way.channel})
            why = f"{type(broken).__name__}: {broken}"[:300]
            self.book.settle([replace(one, state="given up", error=why) for one in deliveries])
            return 0
        self.book.settle([replace(one, state="sent", sent_at=self._now()) for one in deliveries])
        return len(deliveries)

    def _later(self, one: Delivery, failed: errors.DeliveryFailed) -> Delivery:
        attempts, error = one.attempts + 1, failed.message[:300]
        if attempts >= MOST_ATTEMPTS:
            return replace(one, state="given up", attempts=attempts, error=error)
        due = self._now() + timedelta(minutes=2 ** (attempts - 1))
        return replace(one, attempts=attempts, error=error, due=due)

    async def run(self, stopped: asyncio.Event, every_s: float = 60.0) -> None:
        """Look and deliver until ``stopped``; whatever goes wrong once is tried again the next time."""
        while not stopped.is_set():
            try:
                await self.look()
                await self.deliver()
            except errors.SympolisError:
                log.exception("rules could not be looked at")
            try:
                await asyncio.wait_for(stopped.wait(), every_s)
            except TimeoutError:
                continue


def _is_about(rule: Rule, reading: Reading) -> bool:
    return rule.about is reading.about and rule.subject in ("*", reading.subject)


def _told(notice: Notice, ways: Sequence[Way], due: datetime) -> list[Delivery]:
    return [
        Delivery(id=f"{notice.id}-{secrets.token_hex(4)}", notice=notice.id, way=way, due=due)
        for way in dict.fromkeys(ways)
    ]
