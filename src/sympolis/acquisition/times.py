"""Reads the times that sources write: formats, time zones, and the hours that a clock change removes.

Everything inside the twin is UTC. A source's clock is declared, never guessed: Italian counters follow the civil
clock, the air-quality network follows solar time all year.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_CACHE_SIZE = 20_000
YEAR_END = "year-end"
"""The format of a year of which the last day is meant."""


def duration(text: str | None) -> timedelta | None:
    """An ISO 8601 duration of days, hours and minutes; None for None."""
    found = _DURATION.fullmatch(text) if text else None
    if found is None:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


class Clock:
    """Turns what a source writes into UTC. Remembers what it read: series repeat their days thousands of times."""

    def __init__(self, zone: str, form: str) -> None:
        self.zone = ZoneInfo(zone)
        self.form = form
        self._parse = _parser(form)
        self._known: dict[Any, datetime] = {}

    def local(self, raw: Any) -> datetime:
        """The time as written: naive on the source's own clock, or aware. Raises ``ValueError``."""
        known = self._known.get(raw)
        if known is None:
            known = self._parse(raw)
            if len(self._known) < _CACHE_SIZE:
                self._known[raw] = known
        return known

    def utc(self, moment: datetime) -> datetime:
        """The UTC time of ``moment``; of an hour that comes twice, the first. ``ValueError`` for one that never was."""
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        result = moment.replace(tzinfo=self.zone).astimezone(UTC)
        if result.astimezone(self.zone).replace(tzinfo=None) != moment:
            raise ValueError(f"{moment:%Y-%m-%d %H:%M} does not exist in {self.zone.key} (clock change)")
        return result


def as_written(form: str) -> str:
    """What a form asks for, by the example of one moment: whoever fills cells knows no ``%d/%m/%Y``."""
    if form == "iso":
        return "such as 2024-03-31 or 2024-03-31T08:00:00"
    if form == "unix":
        return "seconds since 1970, such as 1711872000"
    if form == YEAR_END:
        return "a year, such as 2024"
    return f"such as {datetime(2024, 3, 31, 8, tzinfo=UTC).strftime(form)}"


def _parser(form: str) -> Callable[[Any], datetime]:
    if form == "iso":
        return _iso
    if form == "unix":
        return lambda raw: datetime.fromtimestamp(float(raw), UTC)
    if form == YEAR_END:
        return lambda raw: datetime(int(str(raw)[:4]), 12, 31)  # noqa: DTZ001 - the source's own clock
    return lambda raw: raw if isinstance(raw, datetime) else datetime.strptime(str(raw), form)  # noqa: DTZ007


def _iso(raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw
    if isinstance(raw, date):
        return datetime(raw.year, raw.month, raw.day)  # noqa: DTZ001 - the source's own clock
    return datetime.fromisoformat(str(raw))


def iso_text(raw: Any) -> str:
    """``raw`` (text or datetime with an offset) as ISO 8601 in UTC. Raises ``ValueError``."""
    moment = _iso(raw)
    if moment.tzinfo is None:
        raise ValueError(f"{raw!r} has no offset from UTC")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
