"""What a source file may say under ``[settings]`` for CityJSON."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class CityJsonSettings:
    """Which geometry is read, in which reference system, and how large a file may be."""

    lod: str = option("", pattern=r"[0-3](\.[0-3])?|")
    """Level of detail, such as ``1`` or ``2.2``; without it the finest below 3 that a building has."""
    parts: str = option("merged", choices=("merged", "apart"))
    """``merged``: a building with all its parts is one row; ``apart``: each part is a row, with its ``parent``."""
    srs: int | None = option(None, minimum=0)
    """The EPSG code that the file must name; another one fails the source instead of moving the city."""
    max_size_mb: int = option(500, minimum=1, maximum=4000, unit="MB")
    """Of a document, which is read whole, or of one line of a CityJSONSeq, which is read line by line."""
