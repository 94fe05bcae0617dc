"""CoverageJSON (OGC 21-069r2): the documents that EDR answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sympolis.api.ogc.reference_systems import CRS84

MEDIA: Final = "application/vnd.cov+json"
_TIME: Final = {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}}
_UNITS: Final = "https://unece.org/trade/uncefact/cl-recommendations"


def parameter(name: str, unit: str | None) -> dict[str, Any]:
    """A parameter; ``unit`` is a UN/CEFACT Recommendation 20 code."""
    document: dict[str, Any] = {"type": "Parameter", "observedProperty": {"label": {"en": name}}}
    return document if unit is None else {**document, "unit": {"symbol": {"value": unit, "type": _UNITS}}}


def point_series(
    place: Sequence[float],
    times: Sequence[str],
    values: Mapping[str, Sequence[Any]],
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """Values at one place (longitude, latitude) over time; None where there is none."""
    axes = {"x": {"values": [place[0]]}, "y": {"values": [place[1]]}, "t": {"values": list(times)}}
    ranges = {name: _array(("t",), (len(times),), found) for name, found in values.items()}
    return _coverage("PointSeries", axes, _geographic(), parameters, ranges)


def grid(
    xs: Sequence[float],
    ys: Sequence[float],
    times: Sequence[str],
    values: Sequence[Any],
    *,
    name: str,
    crs: str,
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """Values of one parameter on a grid (of the axes t, y, x, the last the quickest) in a projected system."""
    axes = {"x": {"values": list(xs)}, "y": {"values": list(ys)}, "t": {"values": list(times)}}
    iri = f"http://www.opengis.net/def/crs/{crs.replace(':', '/0/')}"
    system = {"coordinates": ["x", "y"], "system": {"type": "ProjectedCRS", "id": iri}}
    ranges = {name: _array(("t", "y", "x"), (len(times), len(ys), len(xs)), values)}
    return _coverage("Grid", axes, system, parameters, ranges)


@dataclass(frozen=True, slots=True)
class Along:
    """Values of one parameter at positions along a path (longitude, latitude)."""

    name: str
    unit: str | None
    positions: Sequence[Sequence[float]]

    def at(self, time: str, values: Sequence[Any]) -> dict[str, Any]:
        """As they were at one time; '': they have none, and the positions are just points."""
        if time:
            return self.moving([time] * len(self.positions), values)
        return self._document("MultiPoint", ["x", "y"], self.positions, values)

    def moving(self, times: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
        """Each as it was at a time of its own."""
        tuples = [[time, *place] for time, place in zip(times, self.positions, strict=True)]
        return self._document("Trajectory", ["t", "x", "y"], tuples, values)

    def _document(
        self, kind: str, coordinates: list[str], tuples: Sequence[Any], values: Sequence[Any]
    ) -> dict[str, Any]:
        axes = {"composite": {"dataType": "tuple", "coordinates": coordinates, "values": list(tuples)}}
        ranges = {self.name: _array(("composite",), (len(tuples),), values)}
        return _coverage(kind, axes, _geographic(), {self.name: parameter(self.name, self.unit)}, ranges)


def collection(coverages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several coverages in one document."""
    return {"type": "CoverageCollection", "coverages": list(coverages)}


def _geographic() -> dict[str, Any]:
    return {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS", "id": CRS84}}


def _coverage(
    kind: str, axes: Mapping[str, Any], system: Any, parameters: Mapping[str, Any], ranges: Mapping[str, Any]
) -> dict[str, Any]:
    domain = {"type": "Domain", "domainType": kind, "axes": axes, "referencing": [system, _TIME]}
    return {"type": "Coverage", "domain": domain, "parameters": parameters, "ranges": ranges}


def _array(axes: Sequence[str], shape: Sequence[int], values: Sequence[Any]) -> dict[str, Any]:
    kind = "string" if any(isinstance(one, str) for one in values) else "float"
    return {
        "type": "NdArray",
        "dataType": kind,
        "axisNames": list(axes),
        "shape": list(shape),
        "values": list(values),
    }
