"""A model that another one feeds keeps the simulator contract."""

from collections.abc import Mapping

from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import Inputs, Linked
from sympolis.testing.simulators import SimulatorContract
from sympolis.testing.toy_exposure import ToyExposure

STREETS = tuple(f"urn:ngsi-ld:RoadSegment:test:{number}" for number in range(3))


class TestToyExposure(SimulatorContract):
    simulator = ToyExposure
    calibrated = False
    allowed = Override("screen", {}, {"share": 0.2})

    def inputs(self) -> Inputs:
        return {"streets": [{"id": street, "name": street[-1]} for street in STREETS]}

    def linked(self) -> Mapping[str, Linked]:
        return {"traffic": Linked(STREETS, {"volume": [[10.0, 20.0, 30.0]]})}

    def test_check_refuses_with_a_reason(self, tmp_path: object) -> None:  # type: ignore[override]
        """It refuses a combination only."""
        model, folder = self.prepared(tmp_path / "model")  # type: ignore[operator]
        assert model.check(folder, [self.allowed, self.allowed], self.window)
