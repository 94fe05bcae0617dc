"""What a city says of a model's parameters: its own source beside the value, and a range where it is unsure."""

from __future__ import annotations

import pytest

from sympolis.domain import errors
from sympolis.orchestration.naming import Stated, named
from sympolis.plugins.simulators.heat_supply import HeatSupply


def test_a_range_of_the_city_is_drawn_from_and_its_source_is_shown() -> None:
    told = named(HeatSupply, {}, "model x", {"transport": Stated(500.0, "cars of 2023", (250.0, 850.0))})
    [one] = [p for p in told.parameters if p.name == "transport"]
    assert (one.default, one.plausible, one.source) == (500.0, (250.0, 850.0), "cars of 2023")
    assert issubclass(told, HeatSupply)


def test_a_value_of_the_city_keeps_only_its_source() -> None:
    told = named(HeatSupply, {}, "model x", {"network_today": Stated(1600.0, "utility")})
    [one] = [p for p in told.parameters if p.name == "network_today"]
    assert (one.default, one.source) == (0.0, "utility"), "the value itself is handed over with every run"


@pytest.mark.parametrize("span", [(600.0, 850.0), (-5.0, 850.0)])
def test_a_range_must_hold_its_value_and_what_the_model_allows(span: tuple[float, float]) -> None:
    with pytest.raises(errors.SettingsInvalid, match="must hold"):
        named(HeatSupply, {}, "model x", {"transport": Stated(500.0, "s", span)})


def test_a_parameter_that_is_not_there_is_named() -> None:
    with pytest.raises(errors.SettingsInvalid, match="not a parameter"):
        named(HeatSupply, {}, "model x", {"transprot": Stated(5.0, "s", (1.0, 9.0))})
