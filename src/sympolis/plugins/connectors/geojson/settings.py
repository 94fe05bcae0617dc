"""What a source file may say under ``[settings]`` for GeoJSON."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class GeoJsonSettings:
    """Limits of the file."""

    max_size_mb: int = option(200, minimum=1, maximum=4000, unit="MB")
    """The file is read whole; a larger one is refused rather than filling the memory."""
