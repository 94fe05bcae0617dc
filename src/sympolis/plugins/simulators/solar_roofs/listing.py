"""The table of single roofs that the model leaves for whoever wants to filter, sum or export them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sympolis.plugins.simulators.solar_roofs.roofs import Roofs
from sympolis.plugins.simulators.solar_roofs.yielding import Harvest


def write(roofs: Roofs, found: Harvest, file: Path) -> None:
    """Suitable roofs: building, area, form, the way its better face looks, kilowatts (peak), kilowatt hours a year."""
    import pyarrow
    import pyarrow.parquet

    chosen = (found.power_kw > 0) & (roofs.area >= 0)
    areas = np.array(roofs.areas, dtype=object)[roofs.area[chosen]]
    columns = {
        "id": roofs.ids[chosen],
        "area": pyarrow.array(areas.tolist()).dictionary_encode(),
        "roof": pyarrow.array(np.where(roofs.flat[chosen], "flat", "pitched").tolist()).dictionary_encode(),
        "ground": roofs.ground_m2[chosen].round(1).astype(np.float32),
        "power": found.power_kw[chosen].round(2).astype(np.float32),
        "yield": found.yield_kwh[chosen].round().astype(np.float32),
        "longitude": roofs.longitude[chosen].round(6),
        "latitude": roofs.latitude[chosen].round(6),
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), file, compression="zstd")
