"""Full-load hours of a turbine in an hourly year: wind at the hub, air density, power curve (windpowerlib, MIT)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sympolis.plugins.sunlight import Year

_MEASURED_AT_M = 10
_SEA_LEVEL_PA = 101_325.0
_SCALE_HEIGHT_M = 8_434.0
_KELVIN = 273.15


def full_load_hours(year: Year, given: Mapping[str, Any]) -> float:
    """Energy over rated power, after losses [h]: logarithmic profile from 10 m, density at the hub from the gas law."""
    import pandas as pd
    from windpowerlib import ModelChain, WindTurbine

    turbine = WindTurbine(turbine_type=given["turbine"], hub_height=given["hub_height"])
    columns = {
        ("wind_speed", _MEASURED_AT_M): year.wind * given["wind_year"],
        ("temperature", 2): year.temperature + _KELVIN,
        ("pressure", 0): np.full(len(year.times), _SEA_LEVEL_PA * np.exp(-year.altitude_m / _SCALE_HEIGHT_M)),
        ("roughness_length", 0): np.full(len(year.times), float(given["roughness"])),
    }
    weather = pd.DataFrame(columns, index=pd.DatetimeIndex(year.times.astype("datetime64[s]"), tz="UTC"))
    chain = ModelChain(turbine, density_model="ideal_gas", density_correction=True).run_model(weather)
    hours = float(np.nansum(chain.power_output.to_numpy()) / turbine.nominal_power)
    return hours * (1.0 - float(given["wind_losses"]))
