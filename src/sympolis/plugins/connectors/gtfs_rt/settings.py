"""What a source file may say under ``[settings]`` for a GTFS Realtime feed."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class GtfsRealtimeSettings:
    """Which kind of message becomes the rows; a feed may hold all three."""

    entity: str = option("vehicles", choices=("vehicles", "trip_updates", "stop_updates", "alerts"))
    """``vehicles``: where they are; ``trip_updates``: a row a trip with its delay; ``stop_updates``: a row a trip and
    stop; ``alerts``: a row an alert."""
    language: str = option("", pattern="[a-zA-Z-]*")
    """Which of an alert's texts; empty: the first."""
