"""Units that are words are words of one language: a figure is read with the reader's."""

from __future__ import annotations

_WORDS = {
    "pp": {"it": "punti percentuali", "de": "Prozentpunkte", "en": "percentage points"},
    "persons": {"it": "persone", "de": "Personen", "en": "people"},
    "veh": {"it": "veicoli", "de": "Fahrzeuge", "en": "veh"},
    "veh·h": {"it": "veicoli·h", "de": "Fahrzeug·h", "en": "veh·h"},
    "veh/h": {"it": "veicoli/h", "de": "Fahrzeuge/h", "en": "veh/h"},
}


def unit_in_words(unit: str, language: str) -> str:
    """A unit as people write it: none where UCUM says 1, symbols as they are, words in ``language`` (else English)."""
    if unit == "1":
        return ""
    words = _WORDS.get(unit, {})
    return words.get(language) or words.get("en", unit)
