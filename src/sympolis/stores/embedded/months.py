"""Months as numbers, year * 12 + month - 1, and the microseconds at which they begin."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from sympolis.stores.embedded.bodies import instant, microseconds


def month_of(at: int) -> int:
    """The month that an instant in microseconds falls into (UTC)."""
    found = instant(at)
    return found.year * 12 + found.month - 1


def month_at(at: datetime) -> int:
    """The month that an instant falls into (UTC)."""
    return month_of(microseconds(at))


@lru_cache(maxsize=1024)
def bounds(month: int) -> tuple[int, int]:
    """A month as [low, high) in microseconds."""
    return _begin(month), _begin(month + 1)


def spell(month: int) -> str:
    """A month as people write it: 2024-05."""
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _begin(month: int) -> int:
    if month // 12 > 9999:
        return 2**62
    return microseconds(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))
