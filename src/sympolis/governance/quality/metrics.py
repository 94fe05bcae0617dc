"""What the figures of quality mean: one published definition for each metric, and the dimension it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. ``definition`` is what is published under its IRI; ``title`` is for people."""

    id: str
    dimension: str
    title: Texts
    definition: str


DIMENSIONS: Final[Mapping[str, Texts]] = {
    "completeness": {"it": "Completezza", "de": "Vollständigkeit", "en": "Completeness"},
    "validity": {"it": "Validità", "de": "Gültigkeit", "en": "Validity"},
    "uniqueness": {"it": "Unicità", "de": "Eindeutigkeit", "en": "Uniqueness"},
    "timeliness": {"it": "Tempestività", "de": "Aktualität", "en": "Timeliness"},
    "plausibility": {"it": "Plausibilità", "de": "Plausibilität", "en": "Plausibility"},
    "spatial-coverage": {"it": "Copertura spaziale", "de": "Räumliche Abdeckung", "en": "Spatial coverage"},
}

_ALL: Final = (
    Metric(
        "rows",
        "completeness",
        {"it": "Righe", "de": "Zeilen", "en": "Rows"},
        "The number of rows of the delivery.",
    ),
    Metric(
        "filled",
        "completeness",
        {"it": "Valori presenti", "de": "Vorhandene Werte", "en": "Values present"},
        "Of the values of this attribute that the accepted rows could hold, the share they hold.",
    ),
    Metric(
        "accepted",
        "validity",
        {"it": "Righe accettate", "de": "Angenommene Zeilen", "en": "Rows accepted"},
        "The share of the delivery's rows that passed the quality gate.",
    ),
    Metric(
        "unique",
        "uniqueness",
        {"it": "Righe uniche", "de": "Eindeutige Zeilen", "en": "Unique rows"},
        "One minus the share of rows that repeat or contradict an earlier row of the same delivery.",
    ),
    Metric(
        "in-range",
        "plausibility",
        {"it": "Valori plausibili", "de": "Plausible Werte", "en": "Plausible values"},
        "The share of rows without a value outside its plausible range.",
    ),
    Metric(
        "scale",
        "plausibility",
        {
            "it": "Scala rispetto al solito",
            "de": "Größe gegenüber dem Üblichen",
            "en": "Scale against the usual",
        },
        "The typical ratio of this attribute's values to those of the same hours of the week before.",
    ),
    Metric(
        "located",
        "spatial-coverage",
        {"it": "Righe con un luogo valido", "de": "Zeilen mit gültigem Ort", "en": "Rows with a valid place"},
        "The share of rows without a fault in their place: missing, invalid, or outside the city.",
    ),
    Metric(
        "cells-covered",
        "spatial-coverage",
        {
            "it": "Parti della città coperte",
            "de": "Abgedeckte Teile der Stadt",
            "en": "Parts of the city covered",
        },
        "Of a hundred equal cells of the city's bounding box, the share in which something of the dataset lies.",
    ),
    Metric(
        "age",
        "timeliness",
        {
            "it": "Età dell'ultima osservazione",
            "de": "Alter der letzten Beobachtung",
            "en": "Age of the last observation",
        },
        "The hours from the newest observation to the moment of judging.",
    ),
)
METRICS: Final[Mapping[str, Metric]] = {one.id: one for one in _ALL}
