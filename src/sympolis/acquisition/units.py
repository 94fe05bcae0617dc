"""Converts between units by their UN/CEFACT Recommendation 20 codes, for the quantities cities exchange.

A small table on purpose: a conversion that is not listed is refused when the package is checked, rather than guessed.
Factors are exact definitions of the SI (BIPM, The International System of Units, 9th ed.) or of the code itself.
"""

from __future__ import annotations

from collections.abc import Callable

UNITS = {
    "C62": ("count", 1.0, 0.0),
    "P1": ("count", 0.01, 0.0),
    "KMH": ("speed", 1 / 3.6, 0.0),
    "MTS": ("speed", 1.0, 0.0),
    "KNT": ("speed", 1852 / 3600, 0.0),
    "MTR": ("length", 1.0, 0.0),
    "KMT": ("length", 1000.0, 0.0),
    "CMT": ("length", 0.01, 0.0),
    "MMT": ("length", 0.001, 0.0),
    "MTK": ("area", 1.0, 0.0),
    "HAR": ("area", 10_000.0, 0.0),
    "KMK": ("area", 1_000_000.0, 0.0),
    "CEL": ("temperature", 1.0, 273.15),
    "KEL": ("temperature", 1.0, 0.0),
    "FAH": ("temperature", 5 / 9, 459.67 * 5 / 9),
    "GQ": ("concentration", 1e-6, 0.0),
    "GP": ("concentration", 1e-3, 0.0),
    "KMQ": ("concentration", 1e3, 0.0),
    "GRM": ("mass", 0.001, 0.0),
    "KGM": ("mass", 1.0, 0.0),
    "TNE": ("mass", 1000.0, 0.0),
    "SEC": ("time", 1.0, 0.0),
    "MIN": ("time", 60.0, 0.0),
    "HUR": ("time", 3600.0, 0.0),
    "DAY": ("time", 86_400.0, 0.0),
    "HPA": ("pressure", 100.0, 0.0),
    "PAL": ("pressure", 1.0, 0.0),
    "KWH": ("energy", 3.6e6, 0.0),
    "JOU": ("energy", 1.0, 0.0),
    "KWT": ("power", 1000.0, 0.0),
    "WTT": ("power", 1.0, 0.0),
    "DD": ("angle", 1.0, 0.0),
    "EUR": ("money", 1.0, 0.0),
    "D54": ("irradiance", 1.0, 0.0),
    "B13": ("radiant exposure", 1.0, 0.0),
}
"""code → (quantity, factor, offset): value in the quantity's base unit = value × factor + offset.

``P1`` per cent; ``GQ`` µg/m³, ``GP`` mg/m³, ``KMQ`` kg/m³ (base g/m³); ``D54`` W/m², ``B13`` J/m²; ``DD`` degree of
arc; ``EUR`` the ISO 4217 code that UN/CEFACT uses for money.
"""


def mistake(unit: str | None, from_unit: str | None) -> tuple[str, str] | None:
    """(what is wrong, hint) with converting ``from_unit`` to ``unit``, or None if it can be done."""
    for code in (unit, from_unit):
        if code is not None and code not in UNITS:
            return (
                f"{code!r} is not a unit code known here",
                f"known UN/CEFACT codes: {', '.join(sorted(UNITS))}",
            )
    if from_unit is not None and unit is None:
        return "from_unit needs unit", "name the unit the value is converted to"
    if unit is not None and from_unit is not None and UNITS[unit][0] != UNITS[from_unit][0]:
        return (
            f"{from_unit} ({UNITS[from_unit][0]}) does not convert to {unit} ({UNITS[unit][0]})",
            "check both codes",
        )
    return None


def converter(unit: str | None, from_unit: str | None) -> Callable[[float], float] | None:
    """The function from a value in ``from_unit`` to one in ``unit``; None where nothing is to be done."""
    if unit is None or from_unit is None or unit == from_unit:
        return None
    _, factor, offset = UNITS[from_unit]
    _, to_factor, to_offset = UNITS[unit]
    scale, shift = factor / to_factor, (offset - to_offset) / to_factor
    return lambda value: value * scale + shift
