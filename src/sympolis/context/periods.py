"""Durations that people write (ISO 8601, clause 4.5.19.1), and the calendar that months and years need.

An hour is always 3600 seconds; a month is as long as the month it falls into. Durations without months become seconds
and are for the stores; those with months are stepped through here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sympolis.domain.errors import BadRequestData

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+)W"
    r"|(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?)",
    re.ASCII,
)
_SECONDS: Final = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_MONTHS: Final = {"years": 12, "months": 1}
_INSTANT: Final = timedelta(microseconds=1)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_LONGEST_MONTHS: Final = 12_000
_LONGEST_S: Final = 1000 * 366 * 86_400


@dataclass(frozen=True, slots=True)
class Duration:
    """So many calendar months, then so many seconds."""

    months: int = 0
    seconds: int = 0

    def __bool__(self) -> bool:
        return bool(self.months or self.seconds)

    def after(self, at: datetime, times: int = 1) -> datetime:
        """The instant that is ``times`` durations later. Raises ``OverflowError`` past the year 9999.

        Counted from ``at`` at once, so that the 31st does not become the 28th on its way through February.
        """
        return _months_later(at, self.months * times) + timedelta(seconds=self.seconds * times)

    def periods(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The periods [from, to) from ``start`` on that begin before ``end``."""
        place, opened = 0, start
        while opened < end:
            place += 1
            try:
                closed = self.after(start, place)
            except OverflowError:  # the last one reaches to the end of time
                closed = _LAST
            yield opened, closed
            opened = closed


def just_after(at: datetime) -> datetime:
    """The next instant; at the end of time, the same."""
    return at + _INSTANT if at < _LAST else at


def parse_duration(text: object, *, where: str) -> Duration:
    """An ISO 8601 duration in the form ``P[n]Y[n]M[n]DT[n]H[n]M[n]S`` or ``P[n]W``. Raises ``BadRequestData``."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) and len(text) <= 64 else None
    parts = {name: int(value) for name, value in found.groupdict().items() if value} if found else {}
    if not parts or str(text).endswith("T"):
        raise BadRequestData(
            "this must be an ISO 8601 duration", where=where, hint="for example PT1H, P1D, P1M"
        )
    months = sum(parts.get(name, 0) * factor for name, factor in _MONTHS.items())
    seconds = sum(parts.get(name, 0) * factor for name, factor in _SECONDS.items())
    if months > _LONGEST_MONTHS or seconds > _LONGEST_S:
        raise BadRequestData("this duration is too long", where=where)
    return Duration(months, seconds)


def _months_later(at: datetime, months: int) -> datetime:
    if not months:
        return at
    years, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if years > 9999:
        raise OverflowError("past the last year")
    return at.replace(year=years, month=month + 1, day=min(at.day, monthrange(years, month + 1)[1]))
