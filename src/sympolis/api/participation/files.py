"""What was said as files that people open: CSV for tables, GeoJSON for maps, JSON for everything."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sympolis.api.cells import harmless
from sympolis.api.http import Reply, encode
from sympolis.decision.participation.project import ProjectPlan

Json = dict[str, Any]
_MEDIA: Final = {
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "json": "application/json",
}
_COLUMNS: Final = (
    "id", "at", "phase", "kind", "category", "title", "text", "name", "place_name", "longitude", "latitude",
    "scenario", "run", "levers", "up", "down", "comments", "language",
)  # fmt: skip


def export(
    plan: ProjectPlan, form: str, rows: Sequence[Json], comments: Sequence[Json], answers: Sequence[Json]
) -> Reply:
    """The reply with the file. Comments and answers are in the JSON alone; CSV and GeoJSON have a row each."""
    if form == "csv":
        body = _csv(rows)
    elif form == "geojson":
        body = encode({"type": "FeatureCollection", "features": [feature(one) for one in rows]})
    else:
        whole = {"project": msgspec.to_builtins(plan), "contributions": rows, "comments": comments}
        body = encode({**whole, "answers": answers})
    name = f'attachment; filename="{plan.id}.{form}"'.encode()
    return Reply(body=body, media=_MEDIA[form], headers=((b"Content-Disposition", name),))


def feature(row: Json) -> Json:
    """A contribution as GeoJSON feature; one without a place has no geometry (RFC 7946, 3.2)."""
    properties = {name: value for name, value in row.items() if name not in ("id", "place")}
    return {"type": "Feature", "id": row["id"], "geometry": row["place"], "properties": properties}


def _csv(rows: Sequence[Json]) -> bytes:
    """UTF-8 with a byte order mark, which Excel asks for."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        longitude, latitude = _position(row["place"])
        levers = json.dumps(row["levers"], sort_keys=True) if row["levers"] else ""
        flat = {**row, "longitude": longitude, "latitude": latitude, "levers": levers}
        writer.writerow({name: harmless(flat[name]) for name in _COLUMNS})
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _position(place: Json | None) -> tuple[Any, Any]:
    """A point's own position, else the first of the line or outline."""
    found: Any = None if place is None else place["coordinates"]
    while found and isinstance(found[0], list | tuple):
        found = found[0]
    return (found[0], found[1]) if found else ("", "")
