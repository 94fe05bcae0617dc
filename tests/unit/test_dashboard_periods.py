"""Numbers of a period: annual means, days above a value, means of eight hours, working days, and days that lack."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.unit.test_dashboard_figures import TEXT, plan

from sympolis.analysis.dashboards import periods
from sympolis.analysis.dashboards.plan import FigurePlan, HistoryOf, SumOf, mistakes

ROME = ZoneInfo("Europe/Rome")
DAY = date(2024, 1, 10)


def history(**more: Any) -> HistoryOf:
    return HistoryOf(entity_type="Air", entity="a", attribute="no2", **more)


def hours(first: datetime, values: list[float]) -> list[tuple[datetime, float]]:
    return [(first + timedelta(hours=i), value) for i, value in enumerate(values)]


def days(first: date, values: list[float], zone: ZoneInfo = ROME) -> list[tuple[datetime, float]]:
    midnights = [datetime.combine(first + timedelta(days=i), time(), zone) for i in range(len(values))]
    found = [one.astimezone(UTC) for one in midnights]
    return list(zip(found, values, strict=True))


def test_a_mean_is_of_every_value_unless_a_day_is_made_one_first() -> None:
    points = [
        *hours(datetime(2024, 1, 9, 12, tzinfo=UTC), [10.0, 20.0, 30.0]),
        (datetime(2024, 1, 10, 12, tzinfo=UTC), 60.0),
    ]
    found = periods.number(history(days=2), points, DAY, ROME)
    assert (found.value, found.days, found.of) == (30.0, 2, 2)
    assert periods.number(history(days=2, day="mean"), points, DAY, ROME).value == 40.0
    assert periods.number(history(days=2, day="max", statistic="min"), points, DAY, ROME).value == 30.0
    assert periods.number(history(days=2, statistic="sum"), points, DAY, ROME).value == 120.0


def test_a_day_is_above_a_value_only_where_it_is_greater() -> None:
    points = days(date(2024, 1, 6), [50.0, 50.1, 49.0, 80.0, 10.0])
    found = periods.number(history(days=5, statistic="days_above", day="max", above=50.0), points, DAY, ROME)
    assert (found.value, found.days) == (2.0, 5)


def test_the_year_is_the_calendar_year_up_to_the_key_date() -> None:
    points = days(date(2023, 12, 31), [1000.0, *[float(i) for i in range(1, 20)]])
    found = periods.number(history(), points, DAY, ROME)
    assert (found.value, found.days, found.of) == (5.5, 10, 10)
    assert found.at == datetime(2024, 1, 9, 23, tzinfo=UTC)


def test_a_day_ends_at_the_midnight_of_its_own_zone_in_summer_too() -> None:
    """A day of the last Sunday of March has 23 hours: sums of civil days neither lose nor double one."""
    points = hours(datetime(2024, 3, 29, 23, tzinfo=UTC), [1.0] * 72)
    by_day = [
        periods.number(history(days=1, statistic="sum"), points, date(2024, 3, day), ROME).value
        for day in (30, 31)
    ]
    assert by_day == [24.0, 23.0]
    solar = ZoneInfo("Etc/GMT-1")
    assert periods.number(history(days=1, statistic="sum"), points, date(2024, 3, 31), solar).value == 24.0


def test_too_few_days_give_no_number_but_say_how_many_there_were() -> None:
    points = days(date(2024, 1, 1), [1.0] * 7)
    assert periods.number(history(), points, DAY, ROME) == periods.Period(None, 7, 10)
    assert periods.number(history(least_share=0.7), points, DAY, ROME).value == 1.0
    assert periods.number(history(), [], DAY, ROME) == periods.Period(None, 0, 10)


def test_a_day_with_too_few_values_does_not_count() -> None:
    points = [
        *hours(datetime(2024, 1, 8, 23, tzinfo=UTC), [5.0] * 24),
        *hours(datetime(2024, 1, 10, 3, tzinfo=UTC), [100.0] * 3),
    ]
    found = periods.number(history(days=2, day="sum", least_values=24, least_share=0.5), points, DAY, ROME)
    assert (found.value, found.days, found.of) == (120.0, 1, 2)


def test_working_days_are_mondays_to_fridays() -> None:
    points = days(date(2024, 1, 1), [1.0, 1.0, 1.0, 1.0, 1.0, 99.0, 99.0, 1.0, 1.0, 1.0])
    found = periods.number(history(workdays=True), points, DAY, ROME)
    assert (found.value, found.days, found.of) == (1.0, 8, 8)


def test_eight_hours_belong_to_the_day_on_which_they_end() -> None:
    """From 17:00 of the day before to 01:00: seven of the hours are of that day, the mean is of the next."""
    points = hours(datetime(2024, 1, 9, 16, tzinfo=UTC), [160.0] * 8 + [0.0] * 15)
    plan_of_day = history(days=1, day="max_8h", statistic="max")
    assert periods.number(plan_of_day, points, DAY, ROME).value == 160.0
    begin, end = periods.needed(plan_of_day, DAY, ROME)
    assert (begin, end) == (datetime(2024, 1, 9, 15, tzinfo=UTC), datetime(2024, 1, 10, 23, tzinfo=UTC))


def test_eight_hours_need_six_that_were_measured() -> None:
    five = hours(datetime(2024, 1, 10, 10, tzinfo=UTC), [90.0] * 5)
    measured = history(days=1, day="max_8h", statistic="max")
    assert periods.number(measured, five, DAY, ROME).value is None
    assert (
        periods.number(measured, [*five, (five[-1][0] + timedelta(hours=1), 30.0)], DAY, ROME).value == 80.0
    )


def test_years_that_were_measured_too_rarely_are_left_out() -> None:
    points = [
        *days(date(2022, 1, 1), [2.0] * 365),
        *days(date(2023, 1, 1), [4.0] * 100),
        *days(date(2024, 1, 1), [6.0] * 366),
    ]
    assert periods.yearly(history(), points, ROME) == [(date(2022, 12, 31), 2.0), (date(2024, 12, 31), 6.0)]


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        ({"history": history(statistic="days_above", day="max")}, "days_above, and nothing else, has above"),
        ({"history": history(above=3.0)}, "days_above, and nothing else, has above"),
        ({"history": history(statistic="days_above", above=3.0)}, "days_above needs day"),
        ({"sum": SumOf(entity_type="Area", observed=True)}, "name it"),
        ({"history": history(), "sum": SumOf(entity_type="Area")}, "exactly one of"),
    ],
)
def test_what_a_period_cannot_mean_is_found(bound: dict[str, Any], message: str) -> None:
    made = plan(FigurePlan(id="a", title=TEXT, unit="", **bound))
    assert any(message in text for _, text in mistakes(made))
