"""Times on the wire: ISO 8601 in UTC with a trailing Z (GS CIM 009, clause 4.6.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from sympolis.domain.errors import BadRequestData

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES: Final = tuple(f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_SECONDS: Final = tuple(f"{second:02}Z" for second in range(60))
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_instant(text: object, *, where: str) -> datetime:
    """An aware datetime in UTC from ISO 8601 text with a zone. Raises ``BadRequestData``."""
    if isinstance(text, str):
        try:
            return _instant(text)
        except (ValueError, OverflowError):
            pass
    raise BadRequestData(
        "this must be a date and time with a zone", where=where, hint="for example 2024-05-08T07:00:00Z"
    )


def find_instant(value: object) -> datetime | None:
    """Like ``parse_instant``, None for anything that is not one."""
    if isinstance(value, str):
        try:
            return _instant(value)
        except (ValueError, OverflowError):
            return None
    return None


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime:
    """Remembered, because what is measured together is sent with one time. Raises ``ValueError``."""
    if not _DATE_TIME.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text).astimezone(UTC)


def format_instant(at: datetime) -> str:
    """ISO 8601 in UTC with Z; fractions only where there are any."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat()[:-6] + "Z"


def format_microseconds(at: int) -> str:
    """What ``format_instant`` gives for so many microseconds since 1970, in a fifth of its time."""
    seconds, fraction = divmod(at, 1_000_000)
    if fraction:
        return format_instant(_EPOCH + timedelta(0, 0, at))
    day, second = divmod(seconds, 86_400)
    minute, second = divmod(second, 60)
    return f"{_day(day)}{_MINUTES[minute]}{_SECONDS[second]}"


def format_regular(first_s: int, step_s: int, count: int) -> list[str]:
    """So many instants, each ``step_s`` seconds after the one before, the first so many seconds after 1970.

    A day is a whole number of such steps; its times are spelt once for all days.
    """
    day, second = divmod(first_s, 86_400)
    skipped, phase = divmod(second, step_s)
    clocks = _clocks(phase, step_s)
    days = range(day, day + (skipped + count - 1) // len(clocks) + 1)
    found = [date + clock for date in map(_day, days) for clock in clocks]
    return found[skipped : skipped + count]


@lru_cache(maxsize=64)
def _clocks(phase: int, step_s: int) -> tuple[str, ...]:
    """The times of a day."""
    return tuple(_MINUTES[second // 60] + _SECONDS[second % 60] for second in range(phase, 86_400, step_s))


@lru_cache(maxsize=4096)
def _day(number: int) -> str:
    return (_EPOCH + timedelta(number)).isoformat()[:11]
