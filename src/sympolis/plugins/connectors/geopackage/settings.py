"""What a source file may say under ``[settings]`` for a GeoPackage."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class GeoPackageSettings:
    """Which layer is read."""

    layer: str = ""
    """Name of the feature table; may be left out where there is only one."""
    srs: int | None = option(None, minimum=0)
    """The EPSG code that the layer must have; another one fails the source instead of moving the city."""
