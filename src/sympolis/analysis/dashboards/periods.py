"""From single observations to one number of a period: annual means, days above a value, the traffic of a working day.

Pure arithmetic. A day is a civil day of a time zone, since limits and counts are declared for such days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from statistics import fmean
from typing import Final

from sympolis.analysis.dashboards.plan import HistoryOf

Point = tuple[datetime, float]
_HOURS: Final = 8
_LEAST_HOURS: Final = 6
"""Of eight: three quarters, as Directive 2008/50/EC, annex XI, asks for."""
_SATURDAY: Final = 5
_OF_MANY: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "mean": fmean,
    "max": max,
    "min": min,
    "sum": sum,
}


@dataclass(frozen=True, slots=True)
class Period:
    """The number of a period (None: too few days were measured), on how many of its days it rests, and until when."""

    value: float | None
    days: int
    of: int
    at: datetime | None = None


def bounds(plan: HistoryOf, day: date) -> tuple[date, date]:
    """The first and the last day of the period that ends with ``day``."""
    return (day - timedelta(days=plan.days - 1) if plan.days else date(day.year, 1, 1)), day


def needed(plan: HistoryOf, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """From when (included) to when (excluded) observations matter; eight hours reach into the day before."""
    first, last = bounds(plan, day)
    begin = datetime.combine(first, time(), zone) - timedelta(hours=_HOURS if plan.day == "max_8h" else 0)
    return begin.astimezone(UTC), datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)


def number(plan: HistoryOf, points: Sequence[Point], day: date, zone: tzinfo) -> Period:
    """What ``plan`` says of the period that ends with ``day``; ``points`` may reach beyond it."""
    wanted = set(_days(plan, day))
    by_day: dict[date, list[Point]] = {}
    for at, value in points:
        local = at.astimezone(zone).date()
        if local in wanted:
            by_day.setdefault(local, []).append((at, value))
    counted = {one: found for one, found in by_day.items() if len(found) >= plan.least_values}
    values = _values(plan, counted, points, zone)
    if not values or len(counted) < plan.least_share * len(wanted):
        return Period(None, len(counted), len(wanted))
    newest = max(at for found in counted.values() for at, _ in found)
    return Period(_statistic(plan, values), len(counted), len(wanted), newest)


def yearly(plan: HistoryOf, points: Sequence[Point], zone: tzinfo) -> list[tuple[date, float]]:
    """The last day of each calendar year that was measured often enough, and its number."""
    years = sorted({at.astimezone(zone).year for at, _ in points})
    ends = [date(year, 12, 31) for year in years]
    by_year = {year: [one for one in points if _is_near(one[0], year)] for year in years}
    found = [(end, number(plan, by_year[end.year], end, zone).value) for end in ends]
    return [(end, value) for end, value in found if value is not None]


def _is_near(at: datetime, year: int) -> bool:
    """Whether it may matter to a year in any zone, so that not all points are gone through for each."""
    margin = timedelta(days=2)
    return datetime(year, 1, 1, tzinfo=UTC) - margin <= at < datetime(year + 1, 1, 1, tzinfo=UTC) + margin


def _days(plan: HistoryOf, day: date) -> Iterator[date]:
    first, last = bounds(plan, day)
    for offset in range((last - first).days + 1):
        one = first + timedelta(days=offset)
        if not plan.workdays or one.weekday() < _SATURDAY:
            yield one


def _values(
    plan: HistoryOf, counted: Mapping[date, Sequence[Point]], points: Sequence[Point], zone: tzinfo
) -> list[float]:
    if not plan.day:
        return [value for found in counted.values() for _, value in found]
    if plan.day == "max_8h":
        highest = _highest_of_eight_hours(points, zone)
        return [highest[one] for one in counted if one in highest]
    return [float(_OF_MANY[plan.day]([value for _, value in found])) for found in counted.values()]


def _statistic(plan: HistoryOf, values: Sequence[float]) -> float:
    if plan.above is not None:
        return float(sum(value > plan.above for value in values))
    return float(_OF_MANY[plan.statistic](values))


def _highest_of_eight_hours(points: Sequence[Point], zone: tzinfo) -> dict[date, float]:
    """Day → the highest mean of eight hours that end on it (an hour is told by its begin)."""
    hours: dict[int, list[float]] = {}
    for at, value in points:
        hours.setdefault(int(at.timestamp()) // 3600, []).append(value)
    means = {hour: fmean(values) for hour, values in hours.items()}
    highest: dict[date, float] = {}
    for hour in means:
        found = [means[one] for one in range(hour - _HOURS + 1, hour + 1) if one in means]
        if len(found) >= _LEAST_HOURS:
            day = datetime.fromtimestamp(hour * 3600, zone).date()
            highest[day] = max(highest.get(day, float("-inf")), fmean(found))
    return highest
