"""What was measured after a measure: a real change is found with its size, none is not invented, too little is said."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.orchestration.aftermath import Aftermath, as_computed, difference, verdict, weeks
from sympolis.orchestration.observed import ObservedIndicator
from sympolis.stores.memory import MemoryStore

TERMS = Contexts().core()
ZONE = ZoneInfo("Europe/Rome")
MEASURE = date(2025, 3, 3)
NOW = datetime(2025, 6, 10, 12, tzinfo=UTC)
NO2 = ObservedIndicator("no2", {"en": "NO2"}, "µg/m³", "AirQualityObserved", "NO2", source="air")


def random_weeks(mean: float, number: int, seed: int) -> list[float]:
    return list(np.random.default_rng(seed).normal(mean, 2.0, number))


def test_means_are_of_whole_weeks() -> None:
    days = {date(2025, 1, 1) + timedelta(days=n): float(n) for n in range(16)}
    assert weeks(days) == [3.0, 10.0]


def test_the_interval_is_that_of_welch() -> None:
    """By hand: means 2 and 5, variances 1 and 1, n 3: error sqrt(2/3), 4 degrees of freedom, t 2.1318."""
    found = difference([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    assert found is not None
    half = 2.131847 * math.sqrt(2 / 3)
    assert found == pytest.approx((3.0, 3.0 - half, 3.0 + half), rel=1e-5)


def test_intervals_of_nothing_hold_nothing_nine_times_in_ten() -> None:
    pairs = [difference(random_weeks(30, 8, n), random_weeks(30, 8, n + 10_000)) for n in range(400)]
    held = sum(verdict(one) == "no clear change" for one in pairs)
    assert 0.86 <= held / len(pairs) <= 0.94


def test_too_few_weeks_say_nothing() -> None:
    assert verdict(difference([1.0, 2.0], [5.0, 6.0, 7.0])) == "not enough data"


@pytest.mark.parametrize(
    ("computed", "expected"),
    [({"low": -4.0, "high": -2.0}, True), ({"low": 1.0, "high": 2.0}, False), (None, None)],
)
def test_both_are_true_where_their_intervals_meet(computed: Any, expected: bool | None) -> None:
    assert as_computed((-3.0, -5.0, -1.0), {"value": 0.0, "interval": computed}) is expected


async def observed(change: float) -> Broker:
    """Two stations with a season, day by day for a year and a half; from the measure on, ``change`` is added."""
    random, broker = np.random.default_rng(7), Broker(MemoryStore())
    kind, name = (TERMS.expand("AirQualityObserved"),), TERMS.expand("NO2")
    start = datetime(2024, 1, 1, 11, tzinfo=UTC)
    points = []
    for station in ("urn:ngsi-ld:AirQualityObserved:a", "urn:ngsi-ld:AirQualityObserved:b"):
        await broker.upsert([Entity(station, kind, {name: (Attribute(AttributeKind.PROPERTY, 1.0),)})])
        for n in range(526):
            at = start + timedelta(days=n)
            value = 40 + 10 * math.cos(2 * math.pi * n / 364) + random.normal(0, 2)
            points.append(Observation(station, kind, name, at, value + change * (at.date() >= MEASURE)))
    await broker.observe(points)
    return broker


async def measured(change: float, since: date = MEASURE) -> dict[str, Any]:
    aftermath = Aftermath(await observed(change), TERMS, (NO2,), ZONE)
    found: dict[str, Any] = await aftermath.measured([], since, None, now=NOW)
    return found


@pytest.mark.parametrize(("change", "expected"), [(-6.0, "lower"), (0.0, "no clear change"), (6.0, "higher")])
def test_seasons_do_not_pass_for_effects(change: float, expected: str) -> None:
    """From winter to June NO2 falls by itself; a year earlier it did, too."""
    [figure] = asyncio.run(measured(change))["figures"]
    assert figure["verdict"] == expected and figure["days"]["against"] == "the same days a year earlier"
    low, high = figure["change"]["interval"]["low"], figure["change"]["interval"]["high"]
    assert low - 0.5 <= change <= high + 0.5


def test_without_a_year_before_the_days_before_are_taken() -> None:
    [figure] = asyncio.run(measured(0.0, date(2024, 8, 1)))["figures"]
    assert figure["days"]["against"] == "the days before"


@pytest.mark.parametrize("since", [date(2025, 6, 9), date(2026, 1, 1), date(2001, 1, 1)])
def test_days_that_cannot_be_asked_about_are_refused(since: date) -> None:
    with pytest.raises(errors.BadRequestData, match="in the past"):
        asyncio.run(measured(0.0, since))
