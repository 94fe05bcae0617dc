"""Reads counting loops as an ordinary working day, because that is the day the model claims to show.

A loop's series is grouped by local hour. Weekends are left out, and so is any day on which the loops that report
carry less than ``ORDINARY_DAY`` of their usual traffic (public holidays, school holidays, strikes, half days): this
needs no calendar and works for any city. An hour above what the lanes can physically carry is a fault of the loop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

from sympolis.plugins.simulators.sumo_traffic.network import Network

ORDINARY_DAY = 0.8
"""A day with a median of loops' traffic below this share of their own median is not an ordinary working day."""
LANE_LIMIT = 2400.0
"""More vehicles in an hour and lane than this are not believed (Highway Capacity Manual: 2,250–2,400 pc/h/lane)."""
MINIMUM_DAYS = 10
"""Ordinary days a loop must have reported for its mean to count."""
SATURDAY = 5
HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class Counts:
    """One loop on a simulated segment: its counts by local day and hour of the day, weekdays only."""

    id: str
    segment: int
    values: Mapping[date, Mapping[int, float]]

    def mean(self, hour: int, days: Iterable[date]) -> float | None:
        """Mean of this hour over ``days``; None where fewer than ``MINIMUM_DAYS`` were reported."""
        found = [self.values[day][hour] for day in days if day in self.values and hour in self.values[day]]
        return mean(found) if len(found) >= MINIMUM_DAYS else None


def read_counts(entities: Sequence[Mapping[str, Any]], network: Network, time_zone: str) -> list[Counts]:
    """The loops that lie on the network and ever counted a vehicle, by id."""
    zone = ZoneInfo(time_zone)
    found = []
    for entity in sorted(entities, key=lambda e: str(e["id"])):
        segment = network.find(str(entity.get("refRoadSegment", "")))
        if segment is None:
            continue
        values = _by_day(entity, zone, network.segments[segment].lanes * LANE_LIMIT)
        if any(value > 0 for day in values.values() for value in day.values()):
            found.append(Counts(str(entity["id"]), segment, values))
    return found


def _by_day(entity: Mapping[str, Any], zone: ZoneInfo, limit: float) -> dict[date, dict[int, float]]:
    series = (entity.get("series") or {}).get("intensity") or {}
    values: dict[date, dict[int, float]] = defaultdict(dict)
    for text, value in zip(series.get("times", ()), series.get("values", ()), strict=True):
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00")).astimezone(zone)
        if at.weekday() < SATURDAY and isinstance(value, int | float) and 0 <= value <= limit:
            values[at.date()][at.hour] = float(value)
    return dict(values)


def ordinary_days(counts: Sequence[Counts], hour: int) -> tuple[list[date], list[date], list[float]]:
    """(ordinary days, days left out, the ordinary days' traffic against the median day) judged in this hour."""
    usual = {c.id: median([day[hour] for day in c.values.values() if hour in day] or [0.0]) for c in counts}
    shares: dict[date, list[float]] = defaultdict(list)
    for c in counts:
        for day, hours in c.values.items():
            if hour in hours and usual[c.id] > 0:
                shares[day].append(hours[hour] / usual[c.id])
    level = {day: median(values) for day, values in shares.items()}
    kept = sorted(day for day, share in level.items() if share >= ORDINARY_DAY)
    return (
        kept,
        sorted(set(level) - set(kept)),
        [level[day] for day in kept if len(shares[day]) >= MINIMUM_DAYS],
    )


def day_profile(counts: Sequence[Counts], reference_hour: int) -> tuple[float, ...] | None:
    """Traffic by hour of an ordinary working day against ``reference_hour``, from loops that report every hour."""
    days, _, _ = ordinary_days(counts, reference_hour)
    sums = [0.0] * HOURS_PER_DAY
    for c in counts:
        means = [c.mean(hour, days) for hour in range(HOURS_PER_DAY)]
        if None not in means:
            sums = [total + (value or 0.0) for total, value in zip(sums, means, strict=True)]
    if sums[reference_hour] <= 0:
        return None
    return tuple(round(total / sums[reference_hour], 4) for total in sums)
