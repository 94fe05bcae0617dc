"""What was noticed and who is told of it, as it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from sympolis.decision.notices.rule import About, Rule, Way


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule can look at, at one moment. ``page`` is where people see more of it."""

    about: About
    subject: str
    title: Mapping[str, str]
    value: float
    unit: str = ""
    at: datetime
    page: str = ""


class State(StrEnum):
    """Where a notice stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    OVER = "over"
    """What it was about has passed."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a rule was met, from beginning to end: however often one looks, there is one notice."""

    id: str
    rule: str
    title: Mapping[str, str]
    reading: Reading
    urgent: bool
    state: State
    raised_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    over_at: datetime | None = None
    escalated: bool = False


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One person's being told of one notice. ``id`` is the message's own, too, so that a repeat is recognised."""

    id: str
    notice: str
    way: Way
    due: datetime
    state: str = "waiting"
    """``waiting``, ``sent``, or ``given up``."""
    attempts: int = 0
    error: str = ""
    sent_at: datetime | None = None


class NoticeBook(Protocol):
    """Keeps rules, notices and deliveries; what returned is durable."""

    def rules(self) -> list[Rule]:
        """Those that people made here."""
        ...

    def keep_rule(self, rule: Rule) -> None:
        """Make or change one."""
        ...

    def drop_rule(self, rule: str) -> bool:
        """Remove one; whether there was one."""
        ...

    def notices(self, *, limit: int, only: State | None = None) -> list[Notice]:
        """Newest first."""
        ...

    def notice(self, notice: str) -> Notice | None:
        """One of them."""
        ...

    def standing(self, rule: str) -> Notice | None:
        """The rule's notice that is not over yet."""
        ...

    def keep(self, notice: Notice, deliveries: Sequence[Delivery] = ()) -> None:
        """Both or neither: a notice without its deliveries would be lost."""
        ...

    def waiting(self, until: datetime, *, limit: int) -> list[Delivery]:
        """Deliveries that are due, oldest first."""
        ...

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Write down how they went."""
        ...

    def deliveries(self, notice: str) -> list[Delivery]:
        """Those of a notice."""
        ...

    def given_up(self, *, limit: int) -> list[Delivery]:
        """Those that could not be delivered, newest first."""
        ...

    def people(self) -> list[str]:
        """Everybody who is named: accounts that acknowledged something, ``mailto:`` and a mailbox (small letters)."""
        ...

    def named(self, person: str) -> list[str]:
        """The ids of notices, rules and deliveries that name somebody (an account, or ``mailto:`` and a mailbox)."""
        ...

    def forget(self, person: str) -> int:
        """Take somebody out: nothing is sent to them any more, nothing says that they saw to it. Of how much."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...
