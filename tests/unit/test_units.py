"""Unit conversions against published equivalences, and refusals that come before any data is touched."""

import pytest

from sympolis.acquisition import units


@pytest.mark.parametrize(
    ("unit", "source", "value", "expected"),
    [
        ("KMH", "MTS", 13.89, 50.004),
        ("MTS", "KMH", 50, 13.888888888888889),
        ("KMH", "KNT", 1, 1.852),
        ("CEL", "KEL", 273.15, 0.0),
        ("CEL", "FAH", 212, 100.0),
        ("FAH", "CEL", -40, -40.0),
        ("GQ", "GP", 0.5, 500.0),
        ("C62", "P1", 88.1, 0.881),
        ("KMK", "MTK", 2_852_781, 2.852781),
        ("HAR", "MTK", 4000, 0.4),
        ("HUR", "SEC", 5400, 1.5),
        ("PAL", "HPA", 1013.25, 101325.0),
    ],
)
def test_conversions(unit: str, source: str, value: float, expected: float) -> None:
    convert = units.converter(unit, source)
    assert convert is not None
    assert convert(value) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_same_unit_costs_nothing() -> None:
    assert units.converter("KMH", "KMH") is None
    assert units.converter("KMH", None) is None


@pytest.mark.parametrize(
    ("unit", "source", "part"),
    [
        ("KPH", None, "'KPH' is not a unit code"),
        ("KMH", "MPS", "'MPS' is not a unit code"),
        ("KMH", "CEL", "CEL (temperature) does not convert to KMH (speed)"),
        (None, "KMH", "from_unit needs unit"),
    ],
)
def test_a_conversion_without_sense_is_refused(unit: str | None, source: str | None, part: str) -> None:
    found = units.mistake(unit, source)
    assert found is not None
    assert part in found[0]


def test_a_sensible_conversion_is_no_mistake() -> None:
    assert units.mistake("KMH", "MTS") is None
    assert units.mistake(None, None) is None
