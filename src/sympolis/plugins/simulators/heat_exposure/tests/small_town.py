"""A town of nine areas whose surface is known: hotter by industry, cooler by trees, so that the model can be judged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

CELLS, CELL_M, WEST, NORTH = 72, 90.0, 680_000.0, 4_930_000.0
PER_TREE_K, INDUSTRY_K = -0.04, 4.0


def _grid(values: Any) -> dict[str, Any]:
    return {
        "crs": "EPSG:25832",
        "shape": list(values.shape),
        "affine": [CELL_M, 0.0, WEST, 0.0, -CELL_M, NORTH],
        "unit": "C62",
        "values": np.asarray(values, dtype="<f4").tobytes(),
    }


def _coverage(name: str, variable: str, values: Any, year: str = "2024") -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Coverage:town:{name}",
        "type": "Coverage",
        "variable": variable,
        "validTo": f"{year}-08-31T00:00:00Z",
        "grid": _grid(values),
    }


def _areas() -> list[dict[str, Any]]:
    from pyproj import Transformer

    degrees = Transformer.from_crs("EPSG:25832", "EPSG:4326", always_xy=True).transform
    side, found = CELLS * CELL_M / 3, []
    for number in range(9):
        x, y = WEST + number % 3 * side, NORTH - number // 3 * side
        corners = [(x, y), (x + side, y), (x + side, y - side), (x, y - side), (x, y)]
        found.append(
            {
                "id": f"urn:ngsi-ld:StatisticalArea:town:{number}",
                "type": "StatisticalArea",
                "name": f"Area {number}",
                "location": {"type": "Polygon", "coordinates": [[degrees(*corner) for corner in corners]]},
                "population": 1000 + 500 * number,
                "populationOver65": 400 - 20 * number,
                "fragilityIndex": 96.0 + number,
                "shadeShare": 0.3,
                "streetShadeShare": 0.2 if number < 3 else None,
            }
        )
    return found


def _weather() -> list[dict[str, Any]]:
    """Eight summers; five days of 36 °C in the last July, 30 °C otherwise."""
    days = [date(year, 6, 1) + timedelta(days=n) for year in range(2017, 2025) for n in range(92)]
    high = [36.0 if day.month == 7 and day.day <= 5 else 28.0 + day.day % 5 for day in days]
    times = [f"{day}T00:00:00Z" for day in days]
    series = {
        "temperatureMax": {"times": times, "values": high},
        "temperatureMin": {"times": times, "values": [value - 13.0 for value in high]},
        "relativeHumidity": {"times": times, "values": [0.5] * len(days)},
    }
    return [{"id": "urn:ngsi-ld:WeatherObserved:town:1", "type": "WeatherObserved", "series": series}]


def inputs() -> dict[str, list[dict[str, Any]]]:
    """Everything the model needs, noise of 0.5 K in the temperatures."""
    random = np.random.default_rng(7)
    lines, columns = np.indices((CELLS, CELLS))
    trees = np.where((lines // 6 + columns // 6) % 3 == 0, 30.0, 2.0)
    industry = np.where((lines // 9 + columns // 9) % 4 == 0, 1.0, 0.0)
    truth = 40.0 + PER_TREE_K * trees + INDUSTRY_K * industry
    surface = truth + random.normal(0, 0.5, truth.shape)
    area = _areas()
    middle = area[4]["location"]["coordinates"][0]
    street = {"type": "LineString", "coordinates": [middle[0], middle[2]]}
    return {
        "areas": area,
        "roads": [{"id": "urn:ngsi-ld:Road:town:1", "type": "Road", "location": street}],
        "surface": [_coverage("t24", "landSurfaceTemperature", surface)],
        "trees": [_coverage("trees", "publicTrees", trees)],
        "industry": [_coverage("industry", "industryShare", industry)],
        "weather": _weather(),
    }
