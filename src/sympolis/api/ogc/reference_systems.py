"""Coordinate reference systems by their IRIs, with the axis order that each of them has (OGC 18-058r1, Part 2).

The twin keeps WGS84 longitude and latitude (CRS84). EPSG:4326 is the same system with latitude first, and a client that
asks for it gets latitude first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sympolis.domain import errors
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import shapely
else:
    np = later("numpy")
    shapely = later("shapely")

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"


@dataclass(frozen=True, slots=True)
class ReferenceSystem:
    """A system that can be asked for; ``code`` is an EPSG code, None for CRS84."""

    iri: str
    code: int | None = None

    def from_crs84(self, geometry: Mapping[str, Any]) -> Mapping[str, Any]:
        """A GeoJSON geometry of the twin in this system."""
        return geometry if self.code is None else _moved(geometry, _transformer(self.code, back=False))

    def to_crs84(self, geometry: Mapping[str, Any]) -> Mapping[str, Any]:
        """A GeoJSON geometry of this system in CRS84. Raises ``InvalidRequest`` where it is none."""
        try:
            return geometry if self.code is None else _moved(geometry, _transformer(self.code, back=True))
        except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError) as problem:
            raise errors.InvalidRequest(
                f"this geometry is not usable: {problem}", where="filter"
            ) from problem

    def box_to_crs84(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """A box (first and second axis, low and high) of this system around the same area in CRS84."""
        if self.code is None:
            return box
        bounds = _transformer(self.code, back=True).transform_bounds(*box, densify_pts=21)
        west, south, east, north = (float(one) for one in bounds)
        return west, south, east, north

    @property
    def header(self) -> tuple[tuple[bytes, bytes], ...]:
        """``Content-Crs`` (section 6.4)."""
        return ((b"content-crs", f"<{self.iri}>".encode()),)


WORLD: Final = ReferenceSystem(CRS84)


def offered(city_crs: str | None) -> tuple[ReferenceSystem, ...]:
    """The systems that every collection offers: CRS84, its twin, Web Mercator, and the city's own (EPSG:…)."""
    codes = [4326, 3857]
    if city_crs is not None and (own := int(city_crs.removeprefix("EPSG:"))) not in codes:
        codes.append(own)
    return (WORLD, *(ReferenceSystem(f"{_EPSG}{code}", code) for code in codes))


def named(iri: str | None, systems: tuple[ReferenceSystem, ...], *, where: str) -> ReferenceSystem:
    """The system with this IRI, CRS84 without one. Raises ``InvalidRequest`` with those there are."""
    if iri is None:
        return WORLD
    for system in systems:
        if system.iri == iri.strip("[]<>"):
            return system
    raise errors.InvalidRequest(
        "this reference system is not offered", where=where, hint=", ".join(one.iri for one in systems)
    )


@lru_cache(maxsize=16)
def _transformer(code: int, *, back: bool) -> Any:
    from pyproj import Transformer

    ends = ("OGC:CRS84", f"EPSG:{code}")
    return Transformer.from_crs(*(reversed(ends) if back else ends))


def _moved(geometry: Mapping[str, Any], transformer: Any) -> Mapping[str, Any]:
    def move(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    found: Mapping[str, Any] = shapely.geometry.mapping(
        shapely.transform(shapely.geometry.shape(geometry), move)
    )
    return found
