"""Units that are words are words of one language: a figure is read with the reader's."""

from __future__ import annotations

import re

_WORDS = {
    "pp": {"it": "punti percentuali", "de": "Prozentpunkte", "en": "percentage points"},
    "persons": {"it": "persone", "de": "Personen", "en": "people"},
    "veh": {"it": "veicoli", "de": "Fahrzeuge", "en": "veh"},
    "veh·h": {"it": "veicoli·h", "de": "Fahrzeug·h", "en": "veh·h"},
    "veh/h": {"it": "veicoli/h", "de": "Fahrzeuge/h", "en": "veh/h"},
    "veh/d": {"it": "veicoli al giorno", "de": "Fahrzeuge am Tag", "en": "vehicles a day"},
    "d": {"it": "giorni", "de": "Tage", "en": "days"},
    "d/a": {"it": "giorni l’anno", "de": "Tage im Jahr", "en": "days a year"},
    "a": {"it": "anni", "de": "Jahre", "en": "years"},
    "person·h/d": {"it": "ore-persona al giorno", "de": "Personenstunden am Tag", "en": "person-hours a day"},
    "person·h": {"it": "ore-persona", "de": "Personenstunden", "en": "person-hours"},
    "of 100": {"it": "su 100", "de": "von 100", "en": "of 100"},
    "kinds": {"it": "tipi", "de": "Arten", "en": "kinds"},
    "points": {"it": "punti", "de": "Stellen", "en": "places"},
    "rooms": {"it": "stanze", "de": "Räume", "en": "rooms"},
    "trees": {"it": "alberi", "de": "Bäume", "en": "trees"},
    "veh·km/h": {"it": "veicoli·km/h", "de": "Fahrzeug·km/h", "en": "veh·km/h"},
    "veh·km/d": {"it": "veicoli·km al giorno", "de": "Fahrzeug·km am Tag", "en": "veh·km a day"},
    "m2/person": {"it": "m² a persona", "de": "m² je Person", "en": "m² per person"},
    "kWh/(person a)": {
        "it": "kWh a persona all’anno",
        "de": "kWh je Person und Jahr",
        "en": "kWh per person and year",
    },
    "0/1": {"it": "1 = sì, 0 = no", "de": "1 = ja, 0 = nein", "en": "1 = yes, 0 = no"},
    "C62/KMK": {"it": "per km²", "de": "je km²", "en": "per km²"},
}


_RAISED = re.compile(r"\b([cdk]?m)([23])\b")
"""UCUM writes m2 where people raise the figure."""


def unit_in_words(unit: str, language: str) -> str:
    """A unit as people write it: none where UCUM says 1, symbols as they are, words in ``language`` (else English)."""
    if unit == "1":
        return ""
    words = _WORDS.get(unit, {})
    return words.get(language) or words.get("en", _RAISED.sub(_raised, unit))


def _raised(found: re.Match[str]) -> str:
    return found[1] + {"2": "²", "3": "³"}[found[2]]
