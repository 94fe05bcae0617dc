"""Programmes want the state every six months: when the next snapshot is due."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sympolis.assessment.records import Moment, Snapshot

MONTHS: Final = 6


def due(snapshots: Sequence[Snapshot], now: datetime) -> dict[str, Any]:
    """``moment``: which snapshot is next, baseline, interim or none after the final one; ``due``: its day.

    A baseline is due at once; ``overdue`` says that the day has passed.
    """
    if any(one.moment is Moment.FINAL for one in snapshots):
        return {"moment": None, "due": None, "overdue": False}
    if not any(one.moment is Moment.BASELINE for one in snapshots):
        return {"moment": Moment.BASELINE, "due": now.date().isoformat(), "overdue": False}
    day = later(datetime.fromisoformat(snapshots[-1].at).date())
    return {"moment": Moment.INTERIM, "due": day.isoformat(), "overdue": now.date() > day}


def later(day: date, months: int = MONTHS) -> date:
    """The same day so many months later; the month's last where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
