"""What a source file may say under ``[settings]`` for CityGML."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class CityGmlSettings:
    """Which geometry is read, in which reference system, and how large a file may be."""

    lod: str = option("", choices=("", "0", "1", "2"))
    """Level of detail; without it the finest of 0 to 2 that a building has."""
    parts: str = option("merged", choices=("merged", "apart"))
    """``merged``: a building with all its parts is one row; ``apart``: each part is a row, with its ``parent``."""
    srs: str = ""
    """What the file's ``srsName`` must hold, such as ``25832``; another one fails the source."""
    axes: str = option("xy", choices=("xy", "yx"))
    """``yx`` where northing (or latitude) comes first, as in ``urn:ogc:def:crs:EPSG::4326``."""
    most_mb: int = option(20_000, minimum=1, maximum=200_000, unit="MB")
    """Of XML in one file, which is read building by building."""
