"""What a source file may say under ``[settings]`` for a GTFS timetable."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option

TABLES = ("stops", "routes", "trips", "shapes", "services", "agencies")


@dataclass(frozen=True, kw_only=True)
class GtfsSettings:
    """Which table becomes the rows: several sources may read the same package."""

    table: str = option("stops", choices=TABLES)
    """``stops`` (points), ``routes`` (with the line most of its trips follow), ``trips``, ``shapes`` (lines),
    ``services`` (days on which they run), ``agencies``."""
    most_mb: int = option(2_000, minimum=1, maximum=100_000, unit="MB")
    """Of one table unpacked; a larger one fails the source, so that no small package fills the machine."""
