"""Odd stretches are found in series that look like a street's: each kind alone, and nothing where nothing is."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sympolis.governance.quality.anomalies import Event, Siblings, detect, examine
from sympolis.governance.quality.baseline import Series, series_of
from sympolis.governance.quality.trial import trial

ROME = ZoneInfo("Europe/Rome")
START = datetime(2024, 1, 1, tzinfo=UTC)
HOURS = 24 * 7 * 10
LOOPS = Path(__file__).parents[2] / "cities/bologna/samples/traffic/loop_counts.csv"


def street(number: int, *, holiday: bool = False) -> Series:
    """Ten weeks of hourly counts: a day's shape, quieter Sundays, counting noise; fewer cars on a holiday."""
    random = np.random.default_rng(number)
    hours = np.arange(HOURS)
    day = (1 - np.cos((hours % 24) / 24 * 2 * np.pi)) * 300 + 20
    mean = day * np.where(hours // 24 % 7 == 6, 0.6, 1.0) * (1 + number / 10)
    if holiday:
        mean = np.where(hours // 24 == 40, mean * 0.4, mean)
    values = random.poisson(mean).astype(float)
    return Series(f"street-{number}", np.int64(START.timestamp()) + hours * 3600, values)


def group(**more: Any) -> list[Series]:
    return [street(number, **more) for number in range(6)]


def found_in(series: Series, kind: str) -> list[Event]:
    siblings = Siblings(group(), ROME)
    return [one for one in examine(series, siblings, ROME) if one.kind == kind]


def test_ordinary_streets_are_not_odd() -> None:
    assert detect(group(), ROME) == []


def test_a_holiday_that_every_street_has_is_not_odd() -> None:
    assert [one for one in detect(group(holiday=True), ROME) if one.kind == "outlier"] == []


def test_a_holiday_that_one_street_has_alone_is_odd_and_says_so() -> None:
    events = found_in(street(1, holiday=True), "outlier")
    assert events and all(one.start >= START + timedelta(days=40) for one in events)
    assert events[0].reason["en"].endswith("similar sensors do not show it.")


def test_a_tenfold_value_is_told_with_its_interval() -> None:
    series = street(2)
    series.values[1000] *= 10
    [event] = found_in(series, "outlier")
    assert event.start == event.end == START + timedelta(hours=1000)
    assert event.value is not None and event.low is not None and event.high is not None
    assert event.low < event.value / 10 < event.high < event.value
    assert event.reason["en"].startswith(f"{event.value:g} instead of {event.low:.4g}–")
    assert event.reason["it"].startswith(f"{event.value:g} invece di {event.low:.4g}–".replace(".", ","))


def test_missing_hours_are_a_gap() -> None:
    series = street(2)
    kept = np.ones(HOURS, dtype=bool)
    kept[500:520] = False
    [event] = found_in(Series(series.feature, series.times[kept], series.values[kept]), "gap")
    assert (event.points, event.reason["de"]) == (20, "Es fehlen 20 Werte.")


def test_a_counter_that_hangs_is_a_flat_line() -> None:
    series = street(2)
    series.values[600:612] = series.values[600]
    [event] = found_in(series, "flat")
    assert event.points >= 12 and event.start <= START + timedelta(hours=600)


def test_half_the_lanes_lost_is_a_jump() -> None:
    series = street(2)
    series.values[900:] *= 0.4
    [event] = found_in(series, "jump")
    assert abs(event.start - (START + timedelta(hours=900))) < timedelta(days=2)
    assert event.score is not None and event.score < 0


def test_a_jump_in_few_weeks_does_not_hide_itself() -> None:
    """Five weeks of counts: the jump is in a third of all comparisons, and must not be taken for what is usual."""
    whole, kept = street(2), 24 * 35
    series = Series(whole.feature, whole.times[:kept], whole.values[:kept].copy())
    series.values[24 * 20 :] *= 0.4
    [event] = found_in(series, "jump")
    assert abs(event.start - (START + timedelta(days=20))) <= timedelta(days=3)


def test_a_station_that_hangs_where_hours_hardly_differ_is_a_flat_line() -> None:
    random = np.random.default_rng(3)
    values = np.round(30 + 8 * np.sin(np.arange(HOURS) / 40) + random.normal(0, 6, HOURS))
    series = Series("station", street(1).times, values)
    assert found_in(series, "flat") == []
    series.values[600:612] = 41.0
    [event] = found_in(series, "flat")
    assert event.points >= 12


def test_ever_fewer_cars_at_one_counter_alone_is_drift() -> None:
    series = street(2)
    series.values[:] *= np.linspace(1, 0.4, HOURS)
    [event] = found_in(series, "drift")
    assert event.reason["en"].startswith("The values move away little by little")


def test_little_is_not_judged() -> None:
    few = series_of("few", [(START + timedelta(hours=n), n) for n in range(40)])
    assert detect([few, series_of("none", [])], ROME) == []


def test_what_is_no_number_and_what_comes_twice_is_left_out() -> None:
    points = [(START, 1), (START, 2), (START + timedelta(hours=1), None), (START + timedelta(hours=2), True)]
    assert series_of("odd", points).values.tolist() == [2.0]


@pytest.fixture(scope="module")
def loops() -> list[Series]:
    """Twelve of Bologna's loops, January to April 2024."""
    points: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    with LOOPS.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            day = datetime.fromisoformat(row["date"]).replace(tzinfo=ROME)
            for hour in range(24):
                if row[f"h{hour:02d}"]:
                    at = (day + timedelta(hours=hour)).astimezone(UTC)
                    points[row["loop"]].append((at, int(row[f"h{hour:02d}"])))
    return [series_of(name, found) for name, found in sorted(points.items())][:12]


def test_known_faults_in_real_counts_are_found_as_often_as_the_documentation_says(
    loops: list[Series],
) -> None:
    figures = {one.kind: one for one in trial(loops, ROME, seed=1)}
    for kind in ("gap", "flat", "outlier"):
        assert figures[kind].recall == 1, kind
    assert figures["flat"].false_alarms == 0
    assert figures["outlier"].false_alarms_per_sensor_month < 3
