"""What a source file may say under ``[settings]`` for an OGC API Features."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class OgcFeaturesSettings:
    """Which collection, and which part of it."""

    collection: str = option(pattern=r"[^/?#]+")
    """The collection's identifier."""
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees."""
    datetime: str = ""
    """An instant or an interval, as the standard writes it."""
    page_rows: int = option(1_000, minimum=1, maximum=10_000)
    """Features per request; a server may give fewer."""
