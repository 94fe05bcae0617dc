"""Who is told of what, when: once for each time that a rule is met, in their time, again where nobody heard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sympolis.decision.notices.desk import MOST_ATTEMPTS, NoticeDesk
from sympolis.decision.notices.record import Delivery, Notice, Reading, State
from sympolis.decision.notices.rule import About, Channel, Quiet, Rule, Way
from sympolis.domain import errors
from sympolis.stores.embedded.notices import EmbeddedNotices

ROME = ZoneInfo("Europe/Rome")
NIGHT = Quiet(time(22), time(7))
PHONE, DUTY = Way(Channel.NTFY, "https://ntfy.example/air"), Way(Channel.EMAIL, "duty@city.example")
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def rule(**more: object) -> Rule:
    given = {"id": "no2", "title": {"en": "NO2"}, "about": About.INDICATOR, "subject": "no2", "above": 50.0}
    return Rule(**{**given, "to": (PHONE,), **more})  # type: ignore[arg-type]


@dataclass
class Post:
    """Notes what is sent; ``fails`` says what goes wrong first."""

    sent: list[tuple[str, list[str], str]] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    async def send(self, to: str, notices: Sequence[Notice], message_id: str) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append((to, [one.rule for one in notices], message_id))


class House:
    """A desk whose clock and readings are set by hand."""

    def __init__(self, *rules: Rule) -> None:
        self.at, self.value, self.post = START, 20.0, Post()
        self.book = EmbeddedNotices.in_memory()
        self.desk = self.again()
        for one in rules:
            self.desk.keep_rule(one)

    def again(self) -> NoticeDesk:
        """The twin after a restart: the same book, nothing in memory."""
        carriers = {Channel.NTFY: self.post, Channel.EMAIL: self.post}
        self.desk = NoticeDesk(self.book, self._read, carriers, zone=ROME, now=lambda: self.at)
        return self.desk

    async def _read(self, about: object) -> Sequence[Reading]:
        return [
            Reading(
                about=About.INDICATOR, subject="no2", title={"en": "NO2"}, value=self.value, unit="µg/m³", at=self.at
            )
        ]  # fmt: skip

    def look(self, value: float | None = None, **later: float) -> list[tuple[str, list[str], str]]:
        """Let time pass, read a value, tell people; what was sent so far."""
        self.value = self.value if value is None else value
        self.at += timedelta(**later)
        asyncio.run(self.desk.look())
        asyncio.run(self.desk.deliver())
        return self.post.sent

    def notices(self) -> list[Notice]:
        return self.book.notices(limit=10)


def test_a_rule_that_is_met_tells_once() -> None:
    house = House(rule())
    assert house.look(49.0) == []
    assert len(house.look(51.0)) == 1
    assert len(house.look(60.0, minutes=5)) == 1
    assert house.look(30.0, minutes=5) and house.notices()[0].state is State.OVER
    assert len(house.look(55.0, minutes=5)) == 2, "met anew, told anew"


def test_a_restart_tells_nobody_twice_and_forgets_nobody() -> None:
    house = House(rule())
    house.value = 60.0
    asyncio.run(house.desk.look())
    asyncio.run(house.again().look())
    asyncio.run(house.desk.deliver())
    asyncio.run(house.again().deliver())
    assert len(house.post.sent) == 1


@pytest.mark.parametrize(
    ("local", "told"),
    [((21, 59), (21, 59)), ((22, 0), (7, 0)), ((3, 0), (7, 0)), ((7, 0), (7, 0)), ((12, 0), (12, 0))],
)
def test_quiet_hours_go_over_midnight(local: tuple[int, int], told: tuple[int, int]) -> None:
    at = datetime(2026, 3, 2, *local, tzinfo=ROME)
    due = rule(quiet=NIGHT).due(at, ROME).astimezone(ROME)
    assert (due.hour, due.minute) == told and due >= at


def test_quiet_hours_end_at_seven_when_the_clocks_change() -> None:
    """On 29 March 2026 the night is an hour shorter in Rome."""
    due = rule(quiet=NIGHT).due(datetime(2026, 3, 28, 23, tzinfo=ROME), ROME)
    assert due.astimezone(UTC) == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_what_is_urgent_knows_no_night() -> None:
    at = datetime(2026, 3, 2, 23, tzinfo=ROME)
    assert rule(quiet=NIGHT, digest=time(8), urgent=True).due(at, ROME) == at


def test_a_digest_tells_all_at_once() -> None:
    house = House(rule(digest=time(8)), rule(id="other", digest=time(8)))
    assert house.look(60.0) == []
    [(to, rules, _)] = house.look(60.0, hours=20)
    assert to == PHONE.to and sorted(rules) == ["no2", "other"]


def test_nobody_having_seen_to_it_others_are_told() -> None:
    house = House(rule(escalate_after_min=30, escalate_to=(DUTY,)))
    house.look(60.0)
    assert len(house.look(minutes=29)) == 1
    assert [to for to, _, _ in house.look(minutes=1)] == [PHONE.to, DUTY.to]
    assert len(house.look(minutes=60)) == 2, "once is enough"


def test_what_somebody_sees_to_is_not_escalated() -> None:
    house = House(rule(escalate_after_min=30, escalate_to=(DUTY,)))
    house.look(60.0)
    seen = house.desk.acknowledge(house.notices()[0].id, "anna")
    assert (seen.state, seen.acknowledged_by) == (State.ACKNOWLEDGED, "anna")
    assert len(house.look(minutes=60)) == 1


def test_what_fails_is_tried_again_under_the_same_id() -> None:
    house = House(rule())
    house.post.fails = [errors.DeliveryFailed("down"), errors.DeliveryFailed("down")]
    assert house.look(60.0) == [] and house.look(minutes=0.5) == []
    assert house.look(minutes=0.5) == [], "the second attempt fails, too"
    assert house.look(minutes=1) == [], "after two minutes, not one"
    [(_, _, message)] = house.look(minutes=1)
    [delivery] = house.book.deliveries(house.notices()[0].id)
    assert (delivery.state, delivery.attempts, delivery.id) == ("sent", 2, message)


def test_what_is_refused_is_given_up_and_shown() -> None:
    house = House(rule())
    house.post.fails = [errors.DeliveryRefused("no such topic")]
    house.look(60.0)
    [lost] = house.book.given_up(limit=10)
    assert lost.state == "given up" and "no such topic" in lost.error


def test_an_address_that_a_channel_chokes_on_keeps_nobody_else_from_being_told() -> None:
    house = House(rule(to=(DUTY, PHONE)))
    house.post.fails = [ValueError("Invalid IPv6 URL")]
    assert [to for to, _, _ in house.look(60.0)] == [PHONE.to]
    assert [one.error for one in house.book.given_up(limit=10)] == ["ValueError: Invalid IPv6 URL"]
    assert house.look(60.0, minutes=5) == house.post.sent and len(house.post.sent) == 1


def test_after_a_day_of_failures_it_is_given_up() -> None:
    house = House(rule())
    house.post.fails = [errors.DeliveryFailed("down") for _ in range(MOST_ATTEMPTS)]
    house.look(60.0)
    for attempt in range(MOST_ATTEMPTS):
        house.look(minutes=2**attempt)
    assert house.post.sent == [] and len(house.book.given_up(limit=10)) == 1


def test_a_source_or_alert_needs_no_limit() -> None:
    house = House(rule(about=About.ALERT, above=None), rule(id="any", subject="*", above=None))
    assert [rules for _, rules, _ in house.look(1.0)] == [["any"]]


def test_a_notice_and_those_told_are_one_transaction() -> None:
    """Where a delivery cannot be written, neither is the notice: nobody would ever be told of it."""
    house = House()
    notice = Notice(
        id="n", rule="r", title={}, urgent=False, state=State.OPEN, raised_at=START,
        reading=Reading(about=About.ALERT, subject="x", title={}, value=1.0, at=START),
    )  # fmt: skip
    broken = Delivery(id=None, notice="n", way=PHONE, due=START)  # type: ignore[arg-type]
    with pytest.raises(errors.StoreUnavailable):
        house.book.keep(notice, [Delivery(id="d", notice="n", way=PHONE, due=START), broken])
    assert house.notices() == [] and house.book.deliveries("n") == []
