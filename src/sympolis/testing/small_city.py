"""A whole city in a few kilobytes: eight streets, four traffic loops with three days of counts, two areas.

``write_package`` makes a real city package that the platform loads, checks and ingests like any other; one of its rows
is wrong on purpose. Traffic is the toy model of ``testing.simulators``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STREETS = 8
LOOPS = 4
DAYS = ("2024-03-04", "2024-03-05", "2024-03-09")
"""Monday, Tuesday, Saturday."""
BAD_ROW = 3
"""The row of the loops' counts that the gate refuses: a negative count."""

_CITY = """
id = "smallville"
version = "0.1.0"
country = "IT"
bbox = [11.2, 44.4, 11.5, 44.6]
crs = "EPSG:25832"
timezone = "Europe/Rome"
languages = ["en"]
operator = "Town of Smallville"
licence = "CC0-1.0"
name = { en = "Smallville" }
title = { en = "Twin of Smallville" }
view = { center = [11.33, 44.495], zoom = 14.0 }
[[attribution]]
text = "Town of Smallville"
licence = "CC0-1.0"
"""

_TERMS = (
    *("name", "length", "capacity", "roadClass", "intensity", "population", "fragilityIndex"),
    *("licence", "owner", "attribution", "landingPage", "dataVersion", "providedBy"),
)
_TYPES = ("RoadSegment", "ItemFlowObserved", "StatisticalArea")

_SOURCE = """
id = "{id}"
connector = "{connector}"
mapping = "{id}"
path = "samples/{path}"
url = "https://data.smallville.example/{id}"
licence = "CC0-1.0"
owner = "Town of Smallville"
attribution = "Town of Smallville"
order = {order}
title = {{ en = "{title}" }}
[expectations]
min_rows = 1
"""

_COUNT_RULES = """
known_entity = true
[expectations.attributes.intensity]
type = "number"
low = 0
high = 10000
"""

_MAPPINGS = {
    "streets": """
id = "streets"
version = "1"
entity_type = "RoadSegment"
entity_id = "{id}"
[geometry]
form = "record"
[[attributes]]
name = "name"
field = "name"
[[attributes]]
name = "length"
field = "length"
unit = "MTR"
[[attributes]]
name = "capacity"
field = "capacity"
[[attributes]]
name = "roadClass"
value = "residential"
""",
    "loops": """
id = "loops"
version = "1"
entity_type = "ItemFlowObserved"
entity_id = "{id}"
[geometry]
form = "record"
[[attributes]]
name = "name"
field = "name"
""",
    "areas": """
id = "areas"
version = "1"
entity_type = "StatisticalArea"
entity_id = "{id}"
[geometry]
form = "record"
[[attributes]]
name = "name"
field = "name"
[[attributes]]
name = "population"
field = "population"
[[attributes]]
name = "fragilityIndex"
field = "fragility"
""",
    "counts": """
id = "counts"
version = "1"
entity_type = "ItemFlowObserved"
entity_id = "{loop}"
mode = "observations"
[time]
fields = ["date"]
format = "%Y-%m-%d"
[[series]]
attribute = "intensity"
columns = "h{i:02d}"
unit = "C62"
""",
}

_MAP = """
[[layers]]
id = "streets"
title = { en = "Streets" }
kind = "line"
entity_type = "RoadSegment"
source = "streets"
default = true
order = 10
[[layers.fields]]
name = "roadClass"
[[layers]]
id = "loops"
title = { en = "Traffic loops" }
kind = "point"
entity_type = "ItemFlowObserved"
source = "counts"
time = "hour"
order = 20
[[layers.fields]]
name = "intensity"
title = { en = "Vehicles" }
unit = "veh/h"
"""


def write_package(folder: Path) -> Path:
    """Write the package into ``folder``; the folder."""
    texts = {
        "city.toml": _CITY,
        "contexts/smallville.jsonld": json.dumps({"@context": _context()}),
        "dashboards/map.toml": _MAP,
        "samples/streets.geojson": _collection([_street(n) for n in range(STREETS)]),
        "samples/loops.geojson": _collection([_loop(n) for n in range(LOOPS)]),
        "samples/areas.geojson": _collection([_area(0, "West", 90), _area(1, "East", 110)]),
        "samples/counts.csv": _counts(),
        **{f"mappings/{name}.toml": text for name, text in _MAPPINGS.items()},
    }
    for order, (name, connector) in enumerate(
        [("streets", "geojson"), ("loops", "geojson"), ("areas", "geojson"), ("counts", "csv")]
    ):
        path = f"{name}.{connector}"
        source = _SOURCE.format(id=name, connector=connector, path=path, order=order, title=name.title())
        texts[f"sources/{name}.toml"] = source + (_COUNT_RULES if name == "counts" else "")
    for place, text in texts.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def street_id(number: int) -> str:
    """A street's URN."""
    return f"urn:ngsi-ld:RoadSegment:smallville:{number}"


def loop_id(number: int) -> str:
    """A traffic loop's URN."""
    return f"urn:ngsi-ld:ItemFlowObserved:smallville:{number}"


def count_at(loop: int, hour: int) -> int:
    """Vehicles counted at a loop in an hour (local time), the same every day."""
    return 100 * (loop + 1) + hour


def _context() -> dict[str, str]:
    return {name: f"https://smallville.example/terms/{name}" for name in (*_TERMS, *_TYPES)}


def _collection(features: list[dict[str, Any]]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def _feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _street(number: int) -> dict[str, Any]:
    x = round(11.3 + number / 100, 4)
    line = {"type": "LineString", "coordinates": [[x, 44.49], [x, 44.499]]}
    return _feature(line, id=str(number), name=f"Street {number}", length=1000.0, capacity=500 + 10 * number)


def _loop(number: int) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [round(11.3 + number / 100, 4), 44.494]}
    return _feature(point, id=str(number), name=f"Loop {number}")


def _area(number: int, name: str, fragility: float) -> dict[str, Any]:
    west, east = ((11.28, 11.335), (11.335, 11.42))[number]
    ring = [[west, 44.45], [east, 44.45], [east, 44.55], [west, 44.55], [west, 44.45]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return _feature(shape, id=str(number), name=name, population=1000, fragility=fragility)


def _counts() -> str:
    lines = ["loop,date," + ",".join(f"h{hour:02d}" for hour in range(24))]
    for day in DAYS:
        for loop in range(LOOPS):
            values = [str(count_at(loop, hour)) for hour in range(24)]
            if len(lines) == BAD_ROW:
                values[8] = "-5"
            lines.append(f"{loop},{day}," + ",".join(values))
    return "\n".join(lines) + "\n"
