"""Units as SensorThings shows them: name, symbol and definition for UN/CEFACT Recommendation 20 codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_KNOWN: Final[Mapping[str, tuple[str, str]]] = {
    "C62": ("one", "1"),
    "P1": ("percent", "%"),
    "59": ("part per million", "ppm"),
    "61": ("part per billion", "ppb"),
    "IE": ("person", "persons"),
    "KMH": ("kilometre per hour", "km/h"),
    "MTS": ("metre per second", "m/s"),
    "MTR": ("metre", "m"),
    "KMT": ("kilometre", "km"),
    "CMT": ("centimetre", "cm"),
    "MMT": ("millimetre", "mm"),
    "MTK": ("square metre", "m²"),
    "MTQ": ("cubic metre", "m³"),
    "LTR": ("litre", "l"),
    "MQS": ("cubic metre per second", "m³/s"),
    "MQH": ("cubic metre per hour", "m³/h"),
    "CEL": ("degree Celsius", "°C"),
    "KEL": ("kelvin", "K"),
    "FAH": ("degree Fahrenheit", "°F"),
    "GQ": ("microgram per cubic metre", "µg/m³"),
    "GP": ("milligram per cubic metre", "mg/m³"),
    "GRM": ("gram", "g"),
    "KGM": ("kilogram", "kg"),
    "TNE": ("tonne", "t"),
    "SEC": ("second", "s"),
    "MIN": ("minute", "min"),
    "HUR": ("hour", "h"),
    "WTT": ("watt", "W"),
    "KWT": ("kilowatt", "kW"),
    "KWH": ("kilowatt hour", "kW·h"),
    "MWH": ("megawatt hour", "MW·h"),
    "D54": ("watt per square metre", "W/m²"),
    "A97": ("hectopascal", "hPa"),
    "PAL": ("pascal", "Pa"),
    "DD": ("degree", "°"),
    "2N": ("decibel", "dB"),
}
"""The recommendation's names and symbols of those that cities measure in; other codes stand for themselves."""
_LIST: Final = "https://unece.org/trade/uncefact/cl-recommendations#"


def unit_of_measurement(code: str | None) -> dict[str, str | None]:
    """Section 8.2.4, table 12: all three are null where a value has no unit."""
    if code is None:
        return {"name": None, "symbol": None, "definition": None}
    name, symbol = _KNOWN.get(code, (code, code))
    return {"name": name, "symbol": symbol, "definition": f"{_LIST}{code}"}
