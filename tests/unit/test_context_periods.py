"""Durations that people write, and the calendar that months need."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sympolis.context.periods import Duration, just_after, parse_duration
from sympolis.domain.errors import BadRequestData

START = datetime(2024, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "months", "seconds"),
    [
        ("PT0S", 0, 0),
        ("P0D", 0, 0),
        ("P1M", 1, 0),
        ("P2Y", 24, 0),
        ("P2W", 0, 1_209_600),
        ("P3Y6M4DT12H30M5S", 42, 4 * 86_400 + 45_005),
        ("PT1M", 0, 60),
    ],
)
def test_durations_are_read(text: str, months: int, seconds: int) -> None:
    assert parse_duration(text, where="period") == Duration(months, seconds)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1", "1H", "P1DT", "P1Y2W", "P-1D", "P1.5D", "P1S", "PT1D", "P99999Y", None, 7]
)
def test_other_texts_are_refused(text: object) -> None:
    with pytest.raises(BadRequestData) as refused:
        parse_duration(text, where="period")
    assert refused.value.where == "period"


def test_a_month_is_as_long_as_the_month_it_falls_into() -> None:
    month = Duration(months=1)
    assert [month.after(START, times).day for times in range(4)] == [31, 29, 31, 30]


@given(
    st.integers(0, 30),
    st.integers(0, 10_000_000),
    st.integers(0, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_periods_follow_each_other_without_gap(months: int, seconds: int, start: datetime) -> None:
    period = Duration(months, seconds + 86_400)
    found = list(period.periods(start, period.after(start, 5)))
    assert len(found) == 5 and found[0][0] == start
    assert all(one[1] == other[0] for one, other in pairwise(found))


def test_the_last_period_reaches_to_the_end_of_time() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    *_, (opened, closed) = Duration(months=12_000).periods(START, last)
    assert opened < closed == last == just_after(last)
