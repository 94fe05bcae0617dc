"""A model of areas, points, grids and no hours keeps the simulator contract."""

import struct

from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import Inputs
from sympolis.testing.simulators import SimulatorContract
from sympolis.testing.toy_heat import ToyHeat


def area(number: int) -> dict[str, object]:
    return {"id": f"urn:ngsi-ld:StatisticalArea:test:{number}", "name": f"Area {number}", "population": 100}


GRID = {
    "crs": "EPSG:25832",
    "shape": [1, 3],
    "affine": [90.0, 0.0, 680000.0, 0.0, -90.0, 4930000.0],
    "unit": "CEL",
    "values": struct.pack("<3f", 30.0, 34.0, float("nan")),
}


class TestToyHeat(SimulatorContract):
    simulator = ToyHeat
    calibrated = False
    allowed = Override("plant_trees", {"features": ["urn:ngsi-ld:StatisticalArea:test:1"]}, {"trees": 5})
    refused = Override("plant_trees", {"features": ["urn:ngsi-ld:StatisticalArea:test:99"]}, {"trees": 5})

    def inputs(self) -> Inputs:
        return {
            "areas": [area(n) for n in range(3)],
            "trees": [{"id": "urn:ngsi-ld:Tree:test:1"}],
            "surface": [{"id": "urn:ngsi-ld:Coverage:test:1", "grid": GRID}],
        }
