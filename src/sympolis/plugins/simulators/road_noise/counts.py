"""Sets the level of the demand's traffic, hour by hour, by what loops counted on ordinary weekdays.

The demand covers one hour of one year; noise needs a whole day of today. On the segments with loops, each hour's
mean count over all weekdays is divided by what the demand sends over the same segments in its own hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import mean
from typing import Any
from zoneinfo import ZoneInfo

HOURS = 24
SATURDAY = 5
LEAST_VALUES = 10
FLAT = (
    "no loop counts every hour: the demand's own hour was taken for the whole day, so evenings and nights are"
    " too loud"
)


def profile(
    entities: Sequence[Mapping[str, Any]],
    index: Mapping[str, int],
    flows: Sequence[float],
    hour: int,
    time_zone: str,
) -> tuple[list[float], list[str]]:
    """(factor on the demand's flow by hour of the day, what must be said about it)."""
    observed, modelled = [0.0] * HOURS, 0.0
    used = 0
    for entity in entities:
        segment = index.get(str(entity.get("refRoadSegment", "")))
        means = _means(entity, ZoneInfo(time_zone))
        if segment is None or means is None or not flows[segment]:
            continue
        observed = [total + value for total, value in zip(observed, means, strict=True)]
        modelled += flows[segment]
        used += 1
    if not modelled or not observed[hour]:
        return [1.0] * HOURS, [FLAT]
    ratio = observed[hour] / modelled
    note = f"demand levelled to {used} loops: they count {ratio:.2f} times what it sends over them in its own hour"
    return [round(value / modelled, 5) for value in observed], [note]


def _means(entity: Mapping[str, Any], zone: ZoneInfo) -> list[float] | None:
    """Mean count of each hour on weekdays; None where an hour has too few."""
    series = (entity.get("series") or {}).get("intensity") or {}
    found: dict[int, list[float]] = defaultdict(list)
    for text, value in zip(series.get("times", ()), series.get("values", ()), strict=True):
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00")).astimezone(zone)
        if at.weekday() < SATURDAY and isinstance(value, int | float) and value >= 0:
            found[at.hour].append(float(value))
    if any(len(found[hour]) < LEAST_VALUES for hour in range(HOURS)):
        return None
    return [mean(found[hour]) for hour in range(HOURS)]
