"""What a source file may say under ``[settings]`` for a NeTEx publication."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class NetexSettings:
    """Which objects become the rows."""

    objects: str = option(
        "stop_places", choices=("stop_places", "quays", "stop_points", "lines", "operators")
    )
    """``stop_places`` and ``quays`` (with their points), ``stop_points`` (the timetable's), ``lines``,
    ``operators``."""
    most_mb: int = option(10_000, minimum=1, maximum=100_000, unit="MB")
    """Of XML in one file, unpacked."""
