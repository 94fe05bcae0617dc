"""By when a question is to be answered: so many working days, in the city's time, without its holidays.

The clock of a question starts when it is asked, or with the next working day where that is none; it then runs for whole
working days, to the same time of day. Easter by the anonymous Gregorian computus (Meeus, Astronomical Algorithms 1991,
chapter 8): many holidays are so many days from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_EASTER: Final = re.compile(r"easter([+-]\d{1,3})?", re.ASCII)
_YEARLY: Final = re.compile(r"\d\d-\d\d", re.ASCII)
_LEAP: Final = 2000


class Calendar:
    """Working days: Monday to Friday, but for ``holidays``; moments are read in ``zone``.

    A holiday is ``2026-11-18``, each year's ``12-25``, or ``easter+1``.
    """

    def __init__(self, holidays: Iterable[str], zone: ZoneInfo) -> None:
        self._holidays = tuple(holidays)
        self._zone = zone

    def works_on(self, day: date) -> bool:
        """Whether it is a working day."""
        return day.weekday() < _SATURDAY and not any(_falls_on(one, day) for one in self._holidays)

    def after(self, asked: datetime, working_days: int) -> datetime:
        """The moment so many working days after ``asked`` (aware)."""
        local = asked.astimezone(self._zone)
        day, clock = local.date(), local.time()
        if not self.works_on(day):
            day, clock = self._next(day), time()
        for _ in range(working_days):
            day = self._next(day)
        return datetime.combine(day, clock, self._zone)

    def _next(self, day: date) -> date:
        day += _DAY
        while not self.works_on(day):
            day += _DAY
        return day


def holiday_complaint(written: str) -> str | None:
    """What is wrong with a holiday as it is written; None where nothing is."""
    if _EASTER.fullmatch(written):
        return None
    try:
        date.fromisoformat(f"{_LEAP}-{written}" if _YEARLY.fullmatch(written) else written)
    except ValueError:
        return f"{written[:40]!r} is no holiday: write 2026-11-18, 12-25 or easter+1"
    return None


def easter(year: int) -> date:
    """Easter Sunday of a year, Western churches."""
    golden, century, rest = year % 19, *divmod(year, 100)
    leaps, odd = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * odd + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _falls_on(holiday: str, day: date) -> bool:
    if found := _EASTER.fullmatch(holiday):
        return day == easter(day.year) + timedelta(days=int(found[1] or 0))
    return holiday == (f"{day:%m-%d}" if _YEARLY.fullmatch(holiday) else f"{day:%Y-%m-%d}")
