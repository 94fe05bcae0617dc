"""Which days are like Sundays: people do not go to work, schools and offices are closed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sympolis.analysis.forecasting.plan import ForecastPlan

_SUNDAY: Final = 6


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, 1991, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def is_free(plan: ForecastPlan, day: date) -> bool:
    """Whether a day is like a Sunday: it is one, or a holiday of the plan."""
    if day.weekday() == _SUNDAY or f"{day:%m-%d}" in plan.holidays:
        return True
    return plan.easter_monday and day == easter(day.year) + timedelta(days=1)
