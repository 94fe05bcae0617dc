"""Converts between units: UN/CEFACT Recommendation 20 codes on the twin's side, codes or words on the source's side.

What a twin stores is always a code of the table below, with factors that are exact by definition (BIPM, The
International System of Units, 9th ed., or the code's own). What a source gives may also be said in words
(``from_unit = "degF"``, ``"mile/hour"``): those are read by pint, which is loaded only then. A conversion between
different quantities is refused when the package is checked, never while data flows.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

CODE = "[A-Z0-9]{2,3}"
_WORD = r"[A-Za-zµμ°Ω%][A-Za-zµμ°Ω%_]{0,29}(²|³|\^-?[1-4])?"
WORDS = rf"{_WORD}([ ]?[*/][ ]?{_WORD}){{0,4}}"
"""A unit in words, as pint reads it: no number but a small exponent, since pint would work out 9^9^9."""

UNITS = {
    "C62": ("count", 1.0, 0.0),
    "P1": ("count", 0.01, 0.0),
    "59": ("count", 1e-6, 0.0),
    "61": ("count", 1e-9, 0.0),
    "IE": ("count", 1.0, 0.0),
    "KMH": ("speed", 1 / 3.6, 0.0),
    "MTS": ("speed", 1.0, 0.0),
    "KNT": ("speed", 1852 / 3600, 0.0),
    "HM": ("speed", 1609.344 / 3600, 0.0),
    "H67": ("speed", 0.001 / 3600, 0.0),
    "MTR": ("length", 1.0, 0.0),
    "KMT": ("length", 1000.0, 0.0),
    "CMT": ("length", 0.01, 0.0),
    "MMT": ("length", 0.001, 0.0),
    "FOT": ("length", 0.3048, 0.0),
    "INH": ("length", 0.0254, 0.0),
    "SMI": ("length", 1609.344, 0.0),
    "NMI": ("length", 1852.0, 0.0),
    "MTK": ("area", 1.0, 0.0),
    "HAR": ("area", 10_000.0, 0.0),
    "KMK": ("area", 1_000_000.0, 0.0),
    "MTQ": ("volume", 1.0, 0.0),
    "LTR": ("volume", 0.001, 0.0),
    "MQS": ("volume flow", 1.0, 0.0),
    "MQH": ("volume flow", 1 / 3600, 0.0),
    "G51": ("volume flow", 0.001, 0.0),
    "L2": ("volume flow", 0.001 / 60, 0.0),
    "CEL": ("temperature", 1.0, 273.15),
    "KEL": ("temperature", 1.0, 0.0),
    "FAH": ("temperature", 5 / 9, 459.67 * 5 / 9),
    "GQ": ("concentration", 1e-6, 0.0),
    "GP": ("concentration", 1e-3, 0.0),
    "KMQ": ("concentration", 1e3, 0.0),
    "M1": ("concentration", 1.0, 0.0),
    "GRM": ("mass", 0.001, 0.0),
    "KGM": ("mass", 1.0, 0.0),
    "TNE": ("mass", 1000.0, 0.0),
    "C26": ("time", 0.001, 0.0),
    "SEC": ("time", 1.0, 0.0),
    "MIN": ("time", 60.0, 0.0),
    "HUR": ("time", 3600.0, 0.0),
    "DAY": ("time", 86_400.0, 0.0),
    "HTZ": ("frequency", 1.0, 0.0),
    "HPA": ("pressure", 100.0, 0.0),
    "PAL": ("pressure", 1.0, 0.0),
    "KPA": ("pressure", 1000.0, 0.0),
    "MBR": ("pressure", 100.0, 0.0),
    "BAR": ("pressure", 100_000.0, 0.0),
    "JOU": ("energy", 1.0, 0.0),
    "KJO": ("energy", 1000.0, 0.0),
    "WHR": ("energy", 3600.0, 0.0),
    "KWH": ("energy", 3.6e6, 0.0),
    "MWH": ("energy", 3.6e9, 0.0),
    "GWH": ("energy", 3.6e12, 0.0),
    "WTT": ("power", 1.0, 0.0),
    "KWT": ("power", 1000.0, 0.0),
    "MAW": ("power", 1e6, 0.0),
    "AMP": ("current", 1.0, 0.0),
    "VLT": ("voltage", 1.0, 0.0),
    "LUX": ("illuminance", 1.0, 0.0),
    "D10": ("conductivity", 1.0, 0.0),
    "H43": ("conductivity", 100.0, 0.0),
    "DD": ("angle", 1.0, 0.0),
    "2N": ("level", 1.0, 0.0),
    "EUR": ("money", 1.0, 0.0),
    "D54": ("irradiance", 1.0, 0.0),
    "B13": ("radiant exposure", 1.0, 0.0),
}
"""code → (quantity, factor, offset): value in the quantity's base unit = value × factor + offset.

``P1`` per cent, ``59`` and ``61`` parts per million and billion, ``IE`` persons; ``H67`` mm/h (of rain); ``GQ`` µg/m³,
``GP`` mg/m³, ``M1`` mg/l, ``KMQ`` kg/m³ (base g/m³); ``G51`` l/s, ``L2`` l/min; ``H43`` S/cm; ``D54`` W/m², ``B13``
J/m²; ``DD`` degree of arc; ``2N`` decibel; ``EUR`` the ISO 4217 code that UN/CEFACT uses for money.
"""

_BASES = {
    "count": "dimensionless", "speed": "m/s", "length": "m", "area": "m^2", "volume": "m^3", "volume flow": "m^3/s",
    "temperature": "kelvin", "concentration": "g/m^3", "mass": "kg", "time": "s", "frequency": "Hz", "pressure": "Pa",
    "energy": "J", "power": "W", "current": "A", "voltage": "V", "illuminance": "lux", "conductivity": "S/m",
    "angle": "degree", "irradiance": "W/m^2", "radiant exposure": "J/m^2",
}  # fmt: skip
"""The base unit of each quantity, as pint writes it; levels and money convert to nothing."""


class Line(NamedTuple):
    """How a unit relates to its quantity's base unit: base = value × factor + offset."""

    factor: float
    offset: float


class UnitMistake(ValueError):
    """A unit that cannot be used, with a hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def mistake(unit: str | None, from_unit: str | None) -> tuple[str, str] | None:
    """(what is wrong, hint) with converting ``from_unit`` to ``unit``, or None if it can be done."""
    try:
        _check_code(unit)
        if from_unit is not None and unit is None:
            raise UnitMistake("from_unit needs unit", "name the unit the value is converted to")
        if unit is not None and from_unit is not None:
            _line(from_unit, UNITS[unit][0], unit)
    except UnitMistake as wrong:
        return wrong.message, wrong.hint
    return None


def converter(unit: str | None, from_unit: str | None) -> Callable[[float], float] | None:
    """The function from a value in ``from_unit`` to one in ``unit``; None where nothing is to be done.

    Raises ``UnitMistake`` (a ``ValueError``) for what ``mistake`` complains of.
    """
    if unit is None or from_unit is None or unit == from_unit:
        return None
    _check_code(unit)
    quantity, to_factor, to_offset = UNITS[unit]
    given = _line(from_unit, quantity, unit)
    scale, shift = given.factor / to_factor, (given.offset - to_offset) / to_factor
    return lambda value: value * scale + shift


def _check_code(unit: str | None) -> None:
    if unit is not None and unit not in UNITS:
        hint = f"known UN/CEFACT codes: {', '.join(sorted(UNITS))}"
        raise UnitMistake(f"{unit!r} is not a unit code known here", hint)


def _line(given: str, quantity: str, unit: str) -> Line:
    if given in UNITS:
        own, factor, offset = UNITS[given]
        if own != quantity:
            raise UnitMistake(f"{given} ({own}) does not convert to {unit} ({quantity})", "check both codes")
        return Line(factor, offset)
    if given.isupper() and len(given) <= 3:  # looks like a code: pint would read "MPS" as megapicoseconds
        meant = code_of(given)
        _check_code(meant or given)
        return _line(meant or given, quantity, unit)
    return _line_in_words(given, quantity, unit)


_EXAMPLES = "a UN/CEFACT code, or words such as degF, mile/hour, kWh, µg/m^3"
_FAR = 2.0**20
"""The second point: far enough from the first that an offset costs no digits."""


@functools.cache
def _line_in_words(given: str, quantity: str, unit: str) -> Line:
    """The line of a unit that is said in words; straight, so that two points tell it."""
    if not re.fullmatch(WORDS, given):
        raise UnitMistake(f"{given!r} is not a unit known here", _EXAMPLES)
    base = _BASES.get(quantity)
    if base is None:
        raise UnitMistake(f"nothing converts to {unit} ({quantity})", f"leave from_unit out, or write {unit}")
    import pint

    try:
        zero, far = (float(_registry().Quantity(value, given).to(base).magnitude) for value in (0.0, _FAR))
    except pint.DimensionalityError:
        raise UnitMistake(
            f"{given!r} does not convert to {unit} ({quantity})", "check the unit and the code"
        ) from None
    except Exception as cause:  # pint's grammar raises errors of a dozen kinds
        raise UnitMistake(f"{given!r} is not a unit known here", _EXAMPLES) from cause
    return Line((far - zero) / _FAR, zero)


@functools.cache
def between(given: str, wanted: str) -> Line:
    """How a value in ``given`` becomes one in ``wanted``, both in words as models write them (``veh/h``, ``kg/h``).

    Raises ``UnitMistake`` where either is unknown or they measure different quantities.
    """
    for unit in (given, wanted):
        if not re.fullmatch(WORDS, unit):
            raise UnitMistake(f"{unit!r} is not a unit known here", _EXAMPLES)
    import pint

    try:
        zero, far = (float(_registry().Quantity(value, given).to(wanted).magnitude) for value in (0.0, _FAR))
    except pint.DimensionalityError:
        raise UnitMistake(f"{given} does not convert to {wanted}", "check both units") from None
    except Exception as cause:  # pint's grammar raises errors of a dozen kinds
        raise UnitMistake(f"{given!r} or {wanted!r} is not a unit known here", _EXAMPLES) from cause
    return Line((far - zero) / _FAR, zero)


@functools.cache
def _registry() -> Any:
    """Pint's units, with the few that portals write and pint does not know."""
    import pint

    found: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    found.define("vehicle = count = veh")
    found.define("person = count = inhabitant")
    found.define("ppb = 1e-9 = parts_per_billion")
    return found


def code_of(words: str) -> str | None:
    """The code that a unit in a column's name or a portal's metadata stands for; None where nothing is certain."""
    plain = words.strip()
    if plain in UNITS:
        return plain
    return _WORDS.get(plain.casefold())


_SPELT = {
    "P1": "% percent per_cent prozent percento",
    "59": "ppm",
    "61": "ppb",
    "KMH": "km/h kmh kph km_h km/ora",
    "MTS": "m/s m_s ms-1 m/sec",
    "KNT": "kn knots kt nodi knoten",
    "HM": "mph mile/hour mi/h",
    "H67": "mm/h mm/hr",
    "MTR": "m meter metre meters metres metri",
    "KMT": "km kilometer kilometre chilometri",
    "CMT": "cm",
    "MMT": "mm millimeter millimetre",
    "FOT": "ft feet foot",
    "MTK": "m2 m² sqm mq qm",
    "HAR": "ha hectare hektar ettari",
    "KMK": "km2 km² kmq qkm",
    "MTQ": "m3 m³ mc cbm",
    "LTR": "l liter litre litri",
    "MQH": "m3/h m³/h",
    "MQS": "m3/s m³/s",
    "G51": "l/s",
    "CEL": "°c degc celsius grad_celsius c°",
    "KEL": "kelvin",
    "FAH": "°f degf fahrenheit",
    "GQ": "µg/m3 µg/m³ ug/m3 ug/m³ µg/mc ug_m3",
    "GP": "mg/m3 mg/m³ mg_m3",
    "M1": "mg/l",
    "KGM": "kg",
    "TNE": "t tonne ton tonnellate tonnen",
    "SEC": "s sec second seconds secondi sekunden",
    "MIN": "min minutes minuti minuten",
    "HUR": "h hours ore stunden",
    "HPA": "hpa",
    "PAL": "pa pascal",
    "KPA": "kpa",
    "MBR": "mbar",
    "KWH": "kwh",
    "MWH": "mwh",
    "WTT": "w watt",
    "KWT": "kw",
    "MAW": "mw megawatt",
    "VLT": "v volt",
    "AMP": "a ampere",
    "LUX": "lux lx",
    "DD": "° deg degree degrees gradi grad",
    "2N": "db db(a) dba",
    "EUR": "€ eur euro",
    "D54": "w/m2 w/m²",
}
_WORDS = {word.casefold(): code for code, words in _SPELT.items() for word in words.split()}
