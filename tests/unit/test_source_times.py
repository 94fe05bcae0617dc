"""A source's clock: formats, zones and the hours a clock change takes or repeats."""

from datetime import UTC, date, datetime, timedelta

import pytest

from sympolis.acquisition.times import Clock, duration


def utc(clock: Clock, raw: object) -> datetime:
    return clock.utc(clock.local(raw))


@pytest.mark.parametrize(
    ("zone", "form", "raw", "expected"),
    [
        ("Europe/Rome", "iso", "2024-01-15T08:00:00", datetime(2024, 1, 15, 7, tzinfo=UTC)),
        ("Europe/Rome", "iso", "2024-07-15", datetime(2024, 7, 14, 22, tzinfo=UTC)),
        ("Europe/Rome", "iso", "2024-07-15T08:00:00Z", datetime(2024, 7, 15, 8, tzinfo=UTC)),
        ("Europe/Rome", "iso", date(2024, 7, 15), datetime(2024, 7, 14, 22, tzinfo=UTC)),
        ("Europe/Rome", "%d/%m/%Y %H", "31/12/2024 23", datetime(2024, 12, 31, 22, tzinfo=UTC)),
        ("Europe/Rome", "unix", "1704067200", datetime(2024, 1, 1, tzinfo=UTC)),
        ("Etc/GMT-1", "%Y-%m-%d %H:%M", "2024-03-31 02:00", datetime(2024, 3, 31, 1, tzinfo=UTC)),
        ("Etc/GMT-1", "%Y-%m-%d %H:%M", "2024-07-01 02:00", datetime(2024, 7, 1, 1, tzinfo=UTC)),
        ("Europe/Rome", "iso", "2024-10-27T02:30:00", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
    ],
)
def test_times_become_utc(zone: str, form: str, raw: object, expected: datetime) -> None:
    assert utc(Clock(zone, form), raw) == expected


def test_an_hour_that_never_was_is_refused() -> None:
    with pytest.raises(ValueError, match="2024-03-31 02:30 does not exist in Europe/Rome"):
        utc(Clock("Europe/Rome", "iso"), "2024-03-31T02:30:00")


@pytest.mark.parametrize("raw", ["", "yesterday", "2024-13-01", "2024-02-30"])
def test_a_text_that_is_no_time_is_refused(raw: str) -> None:
    with pytest.raises(ValueError):
        utc(Clock("Europe/Rome", "iso"), raw)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("PT1H", timedelta(hours=1)), ("P2DT30M", timedelta(days=2, minutes=30)), (None, None), ("once", None)],
)
def test_durations(text: str | None, expected: timedelta | None) -> None:
    assert duration(text) == expected
