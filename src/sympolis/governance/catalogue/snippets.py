"""How to use a dataset from the tools that people have: curl, Python, R and QGIS. Texts ready to be pasted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sympolis.governance.catalogue.building import GEO_JSON, LD_JSON, PARQUET
from sympolis.governance.catalogue.model import Dataset, Distribution


@dataclass(frozen=True, slots=True)
class Snippet:
    """A few lines for one tool; ``language`` is what to highlight them as."""

    tool: str
    language: str
    text: str


_ENTITIES: Final = (
    ("curl", "shell", "curl '{url}&limit=10&format=simplified' -H '{header}: {link}'"),
    (
        "Python",
        "python",
        "import json, urllib.request\n\nquestion = urllib.request.Request(\n    '{url}&limit=100&format=simplified',\n"
        "    headers={{'{header}': '{link}'}})\nwith urllib.request.urlopen(question) as answer:\n"
        "    entities = json.load(answer)",
    ),
    (
        "R",
        "r",
        "library(httr)\nlibrary(jsonlite)\nanswer <- GET('{url}&limit=100&format=simplified',\n"
        "  add_headers({header} = '{link}'))\nentities <- fromJSON(content(answer, 'text', encoding = 'UTF-8'))",
    ),
)
_LINK: Final = '<{}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
_FEATURES: Final = (
    (
        "Python (GeoPandas)",
        "python",
        "import geopandas\n\nfeatures = geopandas.read_file('{download}')",
    ),
    ("R (sf)", "r", "library(sf)\nfeatures <- st_read('{download}')"),
    (
        "QGIS",
        "text",
        "Layer > Add Layer > Add WFS / OGC API - Features Layer > New: {root}",
    ),
)
_GEO_JSON_FILE: Final = (
    *_FEATURES[:2],
    ("QGIS", "text", "Layer > Add Layer > Add Vector Layer > Protocol: HTTP(S) > {url}"),
)
_FILES: Final = (
    (
        "Python (client)",
        "python",
        "from sympolis.client import Twin\n\nframe = Twin('{server}').dataset('{dataset}').frame()",
    ),
    ("DuckDB", "sql", "SELECT * FROM read_parquet('{url}')"),
)
_BY_MEDIA: Final = {LD_JSON: _ENTITIES, GEO_JSON: _FEATURES, PARQUET: _FILES}


def snippets_of(dataset: Dataset) -> tuple[Snippet, ...]:
    """The snippets for each way in which the dataset can be had."""
    return tuple(
        snippet for distribution in dataset.distributions for snippet in _snippets(distribution, dataset.id)
    )


def _snippets(distribution: Distribution, dataset_id: str) -> tuple[Snippet, ...]:
    templates = _BY_MEDIA.get(distribution.media_type, ())
    if templates is _FEATURES and "/collections/" not in distribution.access_url:
        templates = _GEO_JSON_FILE
    words: Mapping[str, str] = {
        "url": distribution.access_url,
        "download": distribution.download_url or distribution.access_url,
        "root": distribution.access_url.partition("/collections/")[0],
        "server": distribution.access_url.partition("/api/")[0],
        "dataset": dataset_id,
        "header": "Link" if distribution.context else "Accept",
        "link": _LINK.format(distribution.context) if distribution.context else "application/json",
    }
    return tuple(Snippet(tool, language, text.format(**words)) for tool, language, text in templates)
