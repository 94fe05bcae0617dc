"""The toy model keeps the simulator contract, and the contract suite itself is exercised."""

from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import Inputs
from sympolis.testing.simulators import SimulatorContract, ToySimulator


def _street(number: int) -> dict[str, object]:
    return {
        "id": f"urn:ngsi-ld:RoadSegment:test:{number}",
        "length": 100.0 + number,
        "capacity": 500 + 10 * number,
    }


def _count(number: int) -> dict[str, object]:
    series = {"intensity": {"times": ["2024-01-08T07:00:00Z"], "values": [480 + 12 * number]}}
    return {"id": f"urn:ngsi-ld:ItemFlowObserved:test:{number}", "series": series}


class TestToySimulator(SimulatorContract):
    simulator = ToySimulator
    allowed = Override("close_street", {"segments": ["urn:ngsi-ld:RoadSegment:test:1"]})
    refused = Override("close_street", {"segments": ["urn:ngsi-ld:RoadSegment:test:99"]})

    def inputs(self) -> Inputs:
        return {"segments": [_street(n) for n in range(6)], "counts": [_count(n) for n in range(6)]}
