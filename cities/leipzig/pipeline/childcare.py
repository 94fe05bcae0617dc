"""Childcare sites and stops of public transport, as OpenStreetMap has them: the places of the 30-minute question.

Telephone numbers, mail addresses and networks are left out. Where a site's places are not known they stay unknown:
240 of 311 sites.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import tables

KINDS = ("bus", "train", "tram")


def build(pack: Path, out: Path) -> None:
    """Write childcare/sites.geojson and mobility/stops.geojson below ``out``."""
    sites = tables.read_features(pack / "childcare" / "osm_kindergarten_2024-07-10.geojson")
    tables.write_features(
        out / "childcare" / "sites.geojson", ((_key(row), _site(row), shape) for row, shape in sites)
    )
    tables.write_features(out / "mobility" / "stops.geojson", _stops(pack / "mobility"))


def _key(row: dict[str, Any]) -> str:
    """``node/271002304`` → ``n271002304``: OpenStreetMap numbers nodes, ways and relations apart."""
    kind, number = row["osm"].split("/")
    return f"{kind[0]}{number}"


def _site(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": row.get("name"),
        "operator": row.get("operator"),
        "operator_type": row.get("operator:type"),
        "places": _whole(row.get("capacity")),
        "youngest": _whole(row.get("min_age")),
        "oldest": _whole(row.get("max_age")),
        "street": row.get("addr:street"),
        "house_number": row.get("addr:housenumber"),
    }


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


def _stops(folder: Path) -> Iterable[tables.Feature]:
    """A stop that trams and buses share stands in two files; the first kind that has it keeps it."""
    seen: dict[str, tables.Feature] = {}
    for kind in KINDS:
        for row, shape in tables.read_features(folder / f"osm_{kind}-stops.geojson"):
            key = _key(row)
            seen.setdefault(key, (key, {"name": row.get("name"), "kind": kind}, shape))
    return seen.values()
