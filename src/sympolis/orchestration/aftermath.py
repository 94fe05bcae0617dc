"""What was measured after a measure began, beside what had been computed: with an interval, and honest where too little
is known to tell.

The days since are held against the same days a year earlier, so that seasons do not pass for effects; where there are
too few of those, against the days just before. Days that follow one another are alike, so means of whole weeks are the
sample (block means; Künsch 1989, doi:10.1214/aos/1176347265), and the interval of their difference is Welch's (1947,
doi:10.1093/biomet/34.1-2.28). A difference is not yet an effect: everything else that changed in that time is in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import fmean, variance
from typing import Any, Final
from zoneinfo import ZoneInfo

from sympolis.analysis.intervals import LEVEL, student_t
from sympolis.context.broker import Broker
from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeRange, TimeRelation, TypeIs
from sympolis.domain import errors
from sympolis.orchestration import documents, gather
from sympolis.orchestration.observed import ObservedIndicator

Json = dict[str, Any]
Days = Mapping[date, float]

WEEK: Final = 7
LEAST_WEEKS: Final = 3
"""Fewer whole weeks on either side say nothing."""
_ENOUGH: Final = 0.8
"""The share of days a year earlier that must have been measured to be held against."""
_DAY_S: Final = 86_400
_HALF_A_DAY: Final = timedelta(hours=12)
_MOST_DAYS: Final = 3 * 366
_MOST_ENTITIES: Final = 1000


@dataclass(frozen=True, slots=True)
class Aftermath:
    """Reads the observed figures of a city day by day. ``zone``: the city's, whose days they are."""

    broker: Broker
    names: gather.Names
    observed: Sequence[ObservedIndicator]
    zone: ZoneInfo

    async def measured(
        self, expected: Sequence[Mapping[str, Any]], since: date, until: date | None, *, now: datetime
    ) -> Json:
        """Every observed figure since the measure began; ``expected``: the computed changes, found by equal names.

        Raises ``BadRequestData`` for days that have not been, or more than three years.
        """
        last = until or now.astimezone(self.zone).date() - timedelta(days=1)
        if not timedelta(days=1) <= last - since <= timedelta(days=_MOST_DAYS) or last > now.date():
            raise errors.BadRequestData(
                "the days since the measure have to lie in the past, three years of them at most",
                where="since",
            )
        computed = {one["name"]: one for one in expected}
        figures = [await self._figure(one, since, last, computed.get(one.name)) for one in self.observed]
        return {"since": since.isoformat(), "until": last.isoformat(), "figures": figures}

    async def _figure(
        self, one: ObservedIndicator, since: date, until: date, computed: Mapping[str, Any] | None
    ) -> Json:
        after = await self._days(one, since, until)
        before, against = await self._before(one, since, until)
        change = difference(weeks(before), weeks(after))
        return {
            "name": one.name,
            "title": dict(one.title),
            "unit": one.unit,
            "source": one.source,
            "days": {"before": len(before), "after": len(after), "against": against},
            "change": None if change is None else _shown(change),
            "verdict": verdict(change),
            "computed": None if computed is None else computed["change"],
            "as_computed": as_computed(change, None if computed is None else computed["change"]),
        }

    async def _before(self, one: ObservedIndicator, since: date, until: date) -> tuple[Days, str]:
        length = until - since
        year = timedelta(days=364)  # whole weeks: Mondays are held against Mondays
        found = await self._days(one, since - year, until - year)
        if len(found) >= _ENOUGH * (length.days + 1):
            return found, "the same days a year earlier"
        return await self._days(
            one, since - length - timedelta(days=1), since - timedelta(days=1)
        ), "the days before"

    async def _days(self, one: ObservedIndicator, first: date, last: date) -> Days:
        """The mean over all entities, day by day."""
        start = datetime.combine(first, time(), self.zone).astimezone(UTC)
        query = HistoryQuery(
            Query(types=TypeIs(self.names.expand(one.type)), limit=_MOST_ENTITIES),
            TimeRange(TimeRelation.BETWEEN, start, start + (last - first) + timedelta(days=1)),
            names=(self.names.expand(one.attribute),),
            methods=(Aggregation.AVG,),
            period_s=_DAY_S,
        )
        history = await self.broker.history(query)
        values: dict[date, list[float]] = {}
        for bucket in (bucket for series in history.series for bucket in series.buckets):
            value = bucket.figures.get(Aggregation.AVG)
            if isinstance(value, int | float) and math.isfinite(value):
                noon = (
                    bucket.start.astimezone(self.zone) + _HALF_A_DAY
                )  # an hour early or late in summer time
                values.setdefault(noon.date(), []).append(float(value))
        return {day: fmean(found) for day, found in sorted(values.items())}


def weeks(days: Days) -> list[float]:
    """Means of seven measured days each; those at the end that fill none are left out."""
    values = list(days.values())
    return [fmean(values[at : at + WEEK]) for at in range(0, len(values) - WEEK + 1, WEEK)]


def difference(before: Sequence[float], after: Sequence[float]) -> tuple[float, float, float] | None:
    """Mean difference with its interval (value, low, high); None where there are too few weeks."""
    if min(len(before), len(after)) < LEAST_WEEKS:
        return None
    shares = [variance(one) / len(one) for one in (before, after)]
    error = math.sqrt(sum(shares))
    value = fmean(after) - fmean(before)
    if error == 0.0:
        return value, value, value
    freedom = sum(shares) ** 2 / sum(
        share**2 / (len(one) - 1) for share, one in zip(shares, (before, after), strict=True)
    )
    half = student_t(LEVEL, max(1, int(freedom))) * error
    return value, value - half, value + half


def verdict(change: tuple[float, float, float] | None) -> str:
    """``higher``, ``lower``, ``no clear change``, or ``not enough data``."""
    if change is None:
        return "not enough data"
    _, low, high = change
    return "higher" if low > 0 else "lower" if high < 0 else "no clear change"


def as_computed(change: tuple[float, float, float] | None, computed: Mapping[str, Any] | None) -> bool | None:
    """Whether what was measured and what was computed can both be true; None where one is not known."""
    interval = None if computed is None else computed.get("interval")
    if change is None or interval is None:
        return None
    return bool(change[1] <= interval["high"] and interval["low"] <= change[2])


def _shown(change: tuple[float, float, float]) -> Json:
    value, low, high = (documents.number(one) for one in change)
    return {"value": value, "interval": {"low": low, "high": high, "level": LEVEL}}
