"""``sympolis city new``: writes a package that passes the check, to be filled in file by file."""

from __future__ import annotations

import re
from pathlib import Path

from sympolis.acquisition.source import IDENTIFIER
from sympolis.domain import errors

Bbox = tuple[float, float, float, float]

_CITY = """\
# {name}: the facts of the city. Every field: docs/reference/city-package.md
id = "{id}"
version = "0.1.0"
country = "{country}"
bbox = [{west}, {south}, {east}, {north}]
crs = "EPSG:4326"             # the projected CRS your surveyors use, e.g. EPSG:25832
timezone = "{timezone}"
languages = ["en"]
operator = "City of {name}"
licence = "CC-BY-4.0"

[name]
en = "{name}"

[title]
en = "City twin of {name}"

[view]
center = [{x}, {y}]
zoom = 13.0

[[attribution]]
text = "City of {name}"
"""

_SOURCE = """\
id = "places"
connector = "geojson"
mapping = "places"
path = "samples/places.geojson"
url = "https://example.org/replace-with-the-portal"
licence = "CC0-1.0"
owner = "City of {name}"
attribution = "City of {name}"
order = 10

[title]
en = "Places"
"""

_MAPPING = """\
id = "places"
version = "1"
entity_type = "PointOfInterest"
entity_id = "{{id}}"

[geometry]
form = "record"

[[attributes]]
name = "name"
field = "name"
"""

_CONTEXT = """\
{{
  "@context": {{
    "PointOfInterest": "https://smartdatamodels.org/dataModel.PointOfInterest/PointOfInterest",
    "name": "https://smartdatamodels.org/name",
    "owner": "https://smartdatamodels.org/owner",
    "licence": "http://purl.org/dc/terms/license",
    "landingPage": "http://www.w3.org/ns/dcat#landingPage",
    "Source": "urn:sympolis:term:Source",
    "providedBy": "urn:sympolis:term:providedBy",
    "attribution": "urn:sympolis:term:attribution",
    "dataVersion": "urn:sympolis:term:dataVersion"
  }}
}}
"""

_MAP = """\
[[layers]]
id = "places"
title = {{ en = "Places" }}
kind = "point"
entity_type = "PointOfInterest"
source = "places"
default = true
"""

_SAMPLE = """\
{{"type":"FeatureCollection","features":[
{{"type":"Feature","id":"centre","properties":{{"name":"{name}"}},"geometry":{{"type":"Point","coordinates":[{x},{y}]}}}}
]}}
"""

_LICENSES = """\
# Where these tables come from

| table | derived from | owner | licence |
|---|---|---|---|
| `places.geojson` | made up by `sympolis city new`; replace it | City of {name} | CC0-1.0 |
"""

_TESTS = """\
\"\"\"{name}'s package is whole: nothing to mend, small, attributed, reproducible, every row accounted for.\"\"\"

from pathlib import Path

from sympolis.testing.city_packages import CityPackageContract


class TestPackage(CityPackageContract):
    folder = Path(__file__).parents[1]
    pack = None  # the folder that pipeline/ reads, e.g. Path("/data/{id}"): samples are then derived anew and compared
    held = {{}}  # rows held back on purpose, by source, e.g. {{"buildings": 1}}
"""

FILES = {
    "city.toml": _CITY,
    "sources/places.toml": _SOURCE,
    "mappings/places.toml": _MAPPING,
    "contexts/{id}.jsonld": _CONTEXT,
    "dashboards/map.toml": _MAP,
    "samples/places.geojson": _SAMPLE,
    "samples/LICENSES.md": _LICENSES,
    "tests/test_{module}_package.py": _TESTS,
    ".gitignore": "local/\n",
}


def new(
    folder: Path, *, name: str, bbox: Bbox, country: str = "IT", timezone: str = "Europe/Rome"
) -> list[Path]:
    """Write a package for the city ``name`` into ``folder``, whose last part becomes its id; the files written.

    ``bbox`` is [west, south, east, north] in degrees. Raises ``AlreadyExists`` and ``CityPackageInvalid``.
    """
    if folder.exists():
        raise errors.AlreadyExists("is there already", where=str(folder), hint="choose another folder")
    if not re.fullmatch(IDENTIFIER, folder.name):
        hint = "small letters, digits and hyphens, e.g. san-lazzaro"
        raise errors.CityPackageInvalid("cannot be a city's id", where=folder.name, hint=hint)
    west, south, east, north = bbox
    facts = {
        "id": folder.name,
        "module": folder.name.replace("-", "_"),
        "name": name,
        "country": country,
        "timezone": timezone,
        **{"west": west, "south": south, "east": east, "north": north},
        **{"x": round((west + east) / 2, 5), "y": round((south + north) / 2, 5)},
    }
    written = []
    for place, text in FILES.items():
        path = folder / place.format(**facts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**facts), encoding="utf-8")
        written.append(path)
    return written
