"""Periods in columns: spelt as instants are spelt one by one, whatever their length and their gaps."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sympolis.context.buckets import Buckets, microseconds
from sympolis.context.instants import format_instant

STARTS = st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1 < at.year < 9990)
SECOND = 1_000_000


def buckets(start, period_s, places):
    opened = microseconds(start) + np.array(sorted(places), dtype=np.int64) * period_s * SECOND
    return Buckets(opened, opened + period_s * SECOND, {})


@given(
    STARTS,
    st.booleans(),
    st.sampled_from([1, 59, 60, 600, 900, 3600, 7000, 86_400, 604_800]),
    st.sets(st.integers(0, 3000), min_size=1, max_size=60) | st.integers(1, 3000).map(range),
)
@example(datetime(9999, 12, 31, 20, tzinfo=UTC), True, 3600, {0, 1, 2})
@example(datetime(2024, 2, 28, 23, 59, 59, tzinfo=UTC), True, 3600, range(49))
def test_times_are_spelt_alike(start, whole, period_s, places):
    found = buckets(start.replace(microsecond=0) if whole else start, period_s, places)
    opened, closed = found.spelled()
    assert opened == [format_instant(bucket.start) for bucket in found]
    assert closed == [format_instant(bucket.end) for bucket in found]


@pytest.mark.parametrize("places", [range(24), [0, 1, 5, 23]])
def test_hours_of_a_day(places):
    found = buckets(datetime(2025, 1, 1, tzinfo=UTC), 3600, places)
    opened, _ = found.spelled()
    assert opened == [format_instant(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=n)) for n in places]
