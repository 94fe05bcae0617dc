"""The interfaces at which a twin answers, one line each: the catalogue lists them and policies name them by their ids.

Which requests belong to which interface says ``api.services``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface: where it is below the server's address, and the standard that it follows (IRI)."""

    id: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    path: str
    standard: str
    right: str = "context.read"
    """What whoever reads by it has to have."""


INTERFACES: Final = (
    Interface(
        "ngsi-ld",
        {"it": "Context broker (NGSI-LD)", "de": "Kontextbroker (NGSI-LD)", "en": "Context broker (NGSI-LD)"},
        {
            "it": "Entità, la loro storia, interrogazioni e sottoscrizioni.",
            "de": "Entitäten, ihre Geschichte, Abfragen und Abonnements.",
            "en": "Entities, their history, queries and subscriptions.",
        },
        "/ngsi-ld/v1",
        "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld",
    ),
    Interface(
        "ogc",
        {"it": "Elementi (OGC API)", "de": "Objekte (OGC API)", "en": "Features (OGC API)"},
        {
            "it": "Tutto ciò che ha un luogo, per mappe e sistemi informativi geografici.",
            "de": "Alles, was einen Ort hat, für Karten und Geoinformationssysteme.",
            "en": "Everything with a place, for maps and geographic information systems.",
        },
        "/ogc",
        "http://www.opengis.net/spec/ogcapi-features-1/1.0",
    ),
    Interface(
        "tiles",
        {"it": "Tessere vettoriali (OGC API)", "de": "Vektorkacheln (OGC API)", "en": "Vector tiles (OGC API)"},
        {
            "it": "Gli stessi elementi come tessere per mappe, anche in un archivio PMTiles.",
            "de": "Dieselben Objekte als Kacheln für Karten, auch als PMTiles-Archiv.",
            "en": "The same features as tiles for maps, also as a PMTiles archive.",
        },
        "/ogc",
        "http://www.opengis.net/spec/ogcapi-tiles-1/1.0",
    ),
    Interface(
        "edr",
        {
            "it": "Valori in un luogo (OGC API)",
            "de": "Werte an einem Ort (OGC API)",
            "en": "Values at a place (OGC API)",
        },
        {
            "it": "Che cosa dicono griglie e stazioni di un punto o di un'area (Environmental Data Retrieval).",
            "de": "Was Raster und Messstellen über einen Punkt oder ein Gebiet sagen (Environmental Data Retrieval).",
            "en": "What grids and stations say of a point or an area (Environmental Data Retrieval).",
        },
        "/ogc",
        "http://www.opengis.net/spec/ogcapi-edr-1/1.1",
    ),
    Interface(
        "sensorthings",
        {"it": "Sensori (SensorThings)", "de": "Sensoren (SensorThings)", "en": "Sensors (SensorThings)"},
        {
            "it": "Ciò che è misurato, come cose, flussi di dati e osservazioni.",
            "de": "Was gemessen wird, als Dinge, Datenströme und Beobachtungen.",
            "en": "What is measured, as things, datastreams and observations.",
        },
        "/sta/v1.1",
        "http://www.opengis.net/spec/iot_sensing/1.1",
    ),
    Interface(
        "ldes",
        {"it": "Flussi di modifiche (LDES)", "de": "Änderungsströme (LDES)", "en": "Streams of changes (LDES)"},
        {
            "it": "Tutte le versioni in ordine, per chi ne tiene una copia.",
            "de": "Alle Fassungen der Reihe nach, für alle, die eine Kopie führen.",
            "en": "All versions in order, for those who keep a copy.",
        },
        "/ldes",
        "https://w3id.org/ldes/specification",
    ),
    Interface(
        "downloads",
        {"it": "File interi", "de": "Ganze Dateien", "en": "Whole files"},
        {
            "it": "Un insieme di dati intero in un file: GeoParquet, Arrow o CSV.",
            "de": "Ein ganzer Datensatz als eine Datei: GeoParquet, Arrow oder CSV.",
            "en": "A whole dataset as one file: GeoParquet, Arrow or CSV.",
        },
        "/api/datasets",
        "https://geoparquet.org/releases/v1.1.0/",
        "catalogue.read",
    ),
    Interface(
        "processes",
        {
            "it": "Modelli come processi (OGC API)",
            "de": "Modelle als Prozesse (OGC API)",
            "en": "Models as processes (OGC API)",
        },
        {
            "it": "Modelli e servizi del gemello, da eseguire da altre piattaforme.",
            "de": "Modelle und Dienste des Zwillings, von anderen Plattformen ausführbar.",
            "en": "The twin's models and services, to be executed by other platforms.",
        },
        "/ogc/processes",
        "http://www.opengis.net/spec/ogcapi-processes-1/1.0",
        "results.read",
    ),
)  # fmt: skip

IDS: Final = frozenset(one.id for one in INTERFACES)
