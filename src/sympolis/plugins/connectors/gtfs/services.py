"""On which days services run: the calendar with its exceptions, made one row a service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from sympolis.plugins.connector import Record
from sympolis.plugins.connectors.gtfs.package import Package, Row

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST: Final = timedelta(days=5 * 366)
"""A calendar beyond this is a mistake, not a plan."""
_ADDED: Final = "1"


def services(package: Package) -> Iterator[Record]:
    """A row a service: how many days, the first and the last, and on which weekdays most of them are."""
    days: dict[str, set[date]] = {}
    faults: dict[str, list[str]] = {}
    if package.has("calendar"):
        for _, row in package.rows("calendar"):
            _regular(row, days.setdefault(row.get("service_id", ""), set()), faults)
    if package.has("calendar_dates") or not package.has("calendar"):
        for _, row in package.rows("calendar_dates"):
            _exception(row, days.setdefault(row.get("service_id", ""), set()), faults)
    for number, (service, found) in enumerate(days.items(), start=1):
        yield Record(number, _summary(service, found), faults=tuple(faults.get(service, ())))


def _regular(row: Row, found: set[date], faults: dict[str, list[str]]) -> None:
    first, last = _date(row.get("start_date")), _date(row.get("end_date"))
    if first is None or last is None or last - first > _LONGEST:
        told = f"runs from {row.get('start_date')!r} to {row.get('end_date')!r}, which is no period"
        faults.setdefault(row.get("service_id", ""), []).append(told)
        return
    runs = [row.get(name) == "1" for name in _WEEKDAYS]
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if runs[day.weekday()]:
            found.add(day)


def _exception(row: Row, found: set[date], faults: dict[str, list[str]]) -> None:
    day = _date(row.get("date"))
    if day is None:
        faults.setdefault(row.get("service_id", ""), []).append(f"has an exception on {row.get('date')!r}")
    elif row.get("exception_type") == _ADDED:
        found.add(day)
    else:
        found.discard(day)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _summary(service: str, days: set[date]) -> dict[str, object]:
    counts = [sum(day.weekday() == number for day in days) for number in range(7)]
    usual = [name for name, count in zip(_WEEKDAYS, counts, strict=True) if count * 2 > max(counts)]
    return {
        "service_id": service,
        "days": len(days),
        "first_day": min(days).isoformat() if days else None,
        "last_day": max(days).isoformat() if days else None,
        "weekdays": usual,
    }
