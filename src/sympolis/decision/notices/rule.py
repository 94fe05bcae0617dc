"""What somebody wants to be told: of which reading, from which value on, by which ways, and when rather not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

MOST_WAYS: Final = 20
_DAY: Final = timedelta(days=1)


class About(StrEnum):
    """What kind of reading a rule looks at."""

    INDICATOR = "indicator"
    FORECAST = "forecast"
    ALERT = "alert"
    SOURCE = "source"
    QUESTION = "question"
    """A topic of the help desk with questions that are overdue."""


class Channel(StrEnum):
    """By which way somebody is told. ``inbox`` is Linked Data Notifications (W3C), ``push`` Web Push (RFC 8030)."""

    EMAIL = "email"
    NTFY = "ntfy"
    INBOX = "inbox"
    PUSH = "push"
    APPRISE = "apprise"


class Way(msgspec.Struct, frozen=True):
    """A channel and the address there: a mailbox, a topic's or an inbox's URL, a browser's subscription."""

    channel: Channel
    to: str


class Quiet(msgspec.Struct, frozen=True):
    """Hours (city's time) in which nobody is disturbed; ``until`` before ``start`` goes over midnight."""

    start: time
    until: time

    def ends(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet at ``at`` ends; None where it is not quiet then."""
        local = at.astimezone(zone)
        now = local.timetz().replace(tzinfo=None)
        overnight = self.until <= self.start
        quiet = (now >= self.start or now < self.until) if overnight else self.start <= now < self.until
        if not quiet:
            return None
        day = local.date() + (_DAY if overnight and now >= self.start else timedelta())
        return datetime.combine(day, self.until, zone)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. ``above``/``below``: limits of an indicator or forecast; alerts and sources need none: they are there.

    ``urgent`` ones know no quiet hours and no digest. ``digest`` is the hour at which all that came since the last is
    told at once. Where nobody has acknowledged it after ``escalate_after_min``, ``escalate_to`` are told, too.
    """

    id: str
    title: Mapping[str, str]
    about: About
    subject: str
    above: float | None = None
    below: float | None = None
    urgent: bool = False
    to: tuple[Way, ...] = ()
    quiet: Quiet | None = None
    digest: time | None = None
    escalate_after_min: int | None = None
    escalate_to: tuple[Way, ...] = ()
    builtin: bool = False
    """Of the city package; it is changed there."""

    def is_met(self, value: float) -> bool:
        """Whether a value is beyond a limit; a rule without limits is met by anything that is there."""
        if self.above is None and self.below is None:
            return True
        return (self.above is not None and value > self.above) or (
            self.below is not None and value < self.below
        )

    def due(self, at: datetime, zone: ZoneInfo) -> datetime:
        """When people are told of what came up at ``at``."""
        if self.urgent:
            return at
        if self.digest is not None:
            local = at.astimezone(zone)
            today = datetime.combine(local.date(), self.digest, zone)
            return today if local <= today else datetime.combine(local.date() + _DAY, self.digest, zone)
        return (self.quiet and self.quiet.ends(at, zone)) or at
