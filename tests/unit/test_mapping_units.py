"""Units in words: pint reads them, and what it says agrees with the table of codes."""

import pytest

from sympolis.acquisition import units


@pytest.mark.parametrize(
    ("unit", "words", "value", "expected"),
    [
        ("CEL", "degF", 212, 100.0),
        ("CEL", "kelvin", 0, -273.15),
        ("KMH", "mile/hour", 30, 48.28032),
        ("GQ", "mg/m^3", 0.04, 40.0),
        ("C62", "percent", 12, 0.12),
        ("G51", "m^3/hour", 3.6, 1.0),
        ("KWH", "kilocalorie", 860.4206500956, 1.0),
        ("C62", "vehicle", 7, 7.0),
    ],
)
def test_words_convert(unit: str, words: str, value: float, expected: float) -> None:
    convert = units.converter(unit, words)
    assert convert is not None
    assert convert(value) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("unit", "words", "part"),
    [
        ("KMH", "kWh", "does not convert to KMH (speed)"),
        ("CEL", "m/s", "does not convert to CEL (temperature)"),
        ("KMH", "furlongs per snail", "is not a unit known here"),
        ("2N", "dB", "nothing converts to 2N"),
        ("KMH", "2", "is not a unit known here"),
        ("KMH", "m" + "**9" * 12, "not"),
    ],
)
def test_words_without_sense_are_refused(unit: str, words: str, part: str) -> None:
    found = units.mistake(unit, words)
    assert found is not None
    assert part in found[0]


SAME = {
    "KMH": "km/h", "KNT": "knot", "HM": "mile/hour", "H67": "mm/hour", "KMT": "km", "CMT": "cm", "MMT": "mm",
    "FOT": "foot", "INH": "inch", "SMI": "mile", "NMI": "nautical_mile", "HAR": "hectare", "KMK": "km^2",
    "LTR": "liter", "MQH": "m^3/hour", "G51": "liter/s", "L2": "liter/minute", "CEL": "degC", "FAH": "degF",
    "GQ": "µg/m^3", "GP": "mg/m^3", "KMQ": "kg/m^3", "M1": "mg/liter", "GRM": "gram", "TNE": "metric_ton",
    "C26": "ms", "MIN": "minute", "HUR": "hour", "DAY": "day", "HPA": "hPa", "KPA": "kPa", "MBR": "mbar", "BAR": "bar",
    "KJO": "kJ", "WHR": "Wh", "KWH": "kWh", "MWH": "MWh", "GWH": "GWh", "KWT": "kW", "MAW": "MW", "H43": "S/cm",
    "P1": "percent", "59": "ppm", "61": "ppb",
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(SAME))
def test_the_table_agrees_with_pint(code: str) -> None:
    quantity = units.UNITS[code][0]
    base = next(
        one
        for one, (kind, _, offset) in units.UNITS.items()
        if kind == quantity and one != code and not offset
    )
    by_table, by_pint = units.converter(base, code), units.converter(base, SAME[code])
    assert by_table is not None and by_pint is not None
    assert by_table(37.5) == pytest.approx(by_pint(37.5), rel=1e-9)


@pytest.mark.parametrize(
    ("words", "code"), [("°C", "CEL"), ("km/h", "KMH"), ("µg/m³", "GQ"), ("kWh", "KWH"), ("soup", None)]
)
def test_units_in_column_names(words: str, code: str | None) -> None:
    assert units.code_of(words) == code
