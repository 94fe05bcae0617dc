"""Heat demand building by building: the modelled figure behind a block, with what was taken for granted about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sympolis.domain.scenario import Override
from sympolis.plugins.simulators.heat_demand import measures
from sympolis.plugins.simulators.heat_demand.demand import calibration_factor, demand, no_effect, specific
from sympolis.plugins.simulators.heat_demand.stock import USES, Stock
from sympolis.plugins.simulators.heat_demand.typology import SIZES

AGES = ("until 1918", "1919 to 1948", "1949 to 1990", "since 1991")
MIXED = "the area's mix"


def write(stock: Stock, given: Mapping[str, Any], overrides: Sequence[Override], target: Path) -> int:
    """One row per heated building; returns how many. Demand is calibrated; new homes belong to blocks alone.

    Columns: id (of the outline; 0 stands in for an area without outlines), block, area, longitude, latitude, use, size,
    age, gross_floor_m2, living_m2, other_heated_m2, space_heat_kwh_m2 (of its dwellings, calibrated), heat_mwh.
    """
    import pyarrow
    import pyarrow.parquet

    factor = calibration_factor(demand(stock, given, no_effect(stock)).total_gwh, given)
    effect = measures.effect_of(stock, overrides)
    found = demand(stock, given, effect)
    named = np.array([*AGES, MIXED], dtype=object)
    table = pyarrow.table(
        {
            "id": stock.building,
            "block": np.array(stock.blocks, dtype=object)[stock.block],
            "area": np.array(stock.areas, dtype=object)[stock.area],
            "longitude": stock.where[:, 0].round(6),
            "latitude": stock.where[:, 1].round(6),
            "use": np.array(USES, dtype=object)[stock.use],
            "size": np.array(SIZES, dtype=object)[stock.size],
            "age": named[np.where(stock.age >= 0, stock.age, len(AGES))],
            "gross_floor_m2": np.where(stock.building > 0, stock.gross, np.nan).round(0),
            "living_m2": found.floor.living.round(1),
            "other_heated_m2": found.floor.other.round(1),
            "space_heat_kwh_m2": np.where(
                found.floor.living > 0, specific(stock, given, effect) * factor, np.nan
            ).round(1),
            "heat_mwh": ((found.homes + found.other) * factor).round(3),
        }
    )
    pyarrow.parquet.write_table(table, target, compression="zstd")
    return int(table.num_rows)
