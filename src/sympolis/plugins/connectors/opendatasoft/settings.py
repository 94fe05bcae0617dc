"""What a source file may say under ``[settings]`` for an Opendatasoft portal."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class OpendatasoftSettings:
    """Which dataset, and which part of it."""

    dataset: str = option(pattern=r"[A-Za-z0-9_\-]+")
    """The dataset's identifier at the portal."""
    where: str = ""
    """A condition in the portal's query language (ODSQL), e.g. ``data >= date'2024-01-01'``."""
    select: str = ""
    """The columns wanted, as ODSQL; empty: all."""
    geometry: str = "geo_shape"
    """The field with the geometry or the point; where it is missing, ``geo_point_2d`` gives a point."""
