"""Bologna's first question, asked of the twin's own entities: what charges and zones change, and what is heard."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain.scenario import Override, Window
from sympolis.orchestration.gather import gather
from sympolis.plugins import loader
from sympolis.plugins.simulator import WHOLE_PERIOD, Inputs, Member, MemberResult, Simulator
from sympolis.stores.memory import MemoryStore
from sympolis.testing.simulators import silent

FOLDER = Path(__file__).parents[1]
CITY = package.load(FOLDER)
SCENARIOS = {scenario.id: scenario for scenario in CITY.scenarios}
SOURCES = {
    "mobility": ("traffic-zones", "traffic-cordon", "car-fleet", "traffic-loops", "loop-counts"),
    "noise": (
        "statistical-areas", "population", "road-nodes", "traffic-signals", "road-network", "travel-demand",
        "traffic-loops", "loop-counts",
    ),
}  # fmt: skip


def from_the_twin(model: str) -> Inputs:
    """What the model needs, after its sources went through mapping and quality gate into a twin."""
    terms = Contexts().resolve_local(CITY.context["@context"])
    broker = Broker(MemoryStore())
    coordinator = acquiring.coordinator(
        CITY, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )

    async def gathered() -> Any:
        for source in SOURCES[model]:
            await coordinator.run(source)
        return await gather(broker, terms, loader.simulators()[CITY.models[model].simulator].needs)

    found: Inputs = asyncio.run(gathered())
    return found


class Model:
    """A model of the city, prepared, with the parameters that the city fixes."""

    def __init__(self, name: str, folder: Path) -> None:
        plan = CITY.models[name]
        self.simulator: Simulator = loader.simulators()[plan.simulator]()
        self.folder = folder
        self.parameters = {parameter.name: parameter.value for parameter in plan.parameters}
        self.inputs = from_the_twin(name)
        self.simulator.prepare(self.inputs, folder)

    def run(self, scenario: str = "", window: Window = WHOLE_PERIOD, **parameters: float) -> MemberResult:
        plans = SCENARIOS[scenario].overrides if scenario else ()
        overrides = tuple(Override(one.measure, one.where, one.parameters) for one in plans)
        assert self.simulator.check(self.folder, overrides, window) == []
        member = Member(self.parameters | parameters, overrides, window, 1)
        return self.simulator.run(self.folder, member, silent)


@pytest.fixture(scope="module")
def mobility(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model("mobility", tmp_path_factory.mktemp("mobility"))


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model("noise", tmp_path_factory.mktemp("noise"))


def test_the_twins_base_inflow_is_the_published_one(mobility: Model) -> None:
    base = mobility.run()
    assert base.indicators["entering"] == pytest.approx(168_139.01, abs=0.01)
    assert len(base.features) == 83


def test_charging_the_whole_city_gives_the_published_behaviour_at_the_middle_p50(mobility: Model) -> None:
    charged = mobility.run("charge-by-class", p50_cost=7.5).indicators
    assert charged["entering"] == pytest.approx(141_430, abs=1)
    assert charged["paying"] == pytest.approx(77_028, abs=1)
    assert charged["revenue"] == pytest.approx(293_123, abs=1)


def test_the_larger_zone_lowers_emissions_inside_and_raises_them_beside_it(mobility: Model) -> None:
    base, closed = mobility.run(), mobility.run("ztl-to-the-ring")
    nox = {
        zone: sum(row[k] for row in closed.fields["nox"]) - sum(row[k] for row in base.fields["nox"])
        for k, zone in enumerate(base.features)
    }
    assert sum(change < -1 for change in nox.values()) == 14, "zones inside the ring road"
    assert sum(change > 0 for change in nox.values()) > 5
    assert closed.indicators["revenue"] == 0.0


def test_thirty_in_the_west_is_heard(noise: Model) -> None:
    """Where buses are most of what drives, slower only means longer: such a street may gain a tenth of a decibel."""
    morning = Window(8, 9)
    base, slower = noise.run(window=morning), noise.run("quieter-west-30", window=morning)
    changes = [b - a for a, b in zip(base.fields["level"][0], slower.fields["level"][0], strict=True)]
    assert np.nanmax(changes) < 0.2 and np.nanmin(changes) < -0.5
    assert 0.2 < base.indicators["lden_mean"] - slower.indicators["lden_mean"] < 2.0
    assert 55 < base.indicators["lden_mean"] < 75


def test_the_vintage_of_demand_and_counts_is_said_where_they_meet(noise: Model) -> None:
    assert "36 loops" in noise.run(window=Window(8, 9)).warnings[0]


def test_the_days_shape_is_closer_to_loops_that_were_not_used(mobility: Model) -> None:
    found = mobility.simulator.calibrate(mobility.folder, mobility.inputs, WHOLE_PERIOD, 1, silent)
    before, after = found.figures["uncalibrated"], found.figures["held_out"]
    assert after["n"] == before["n"] == 24 * 50
    assert after["mae"] < before["mae"] and after["r2"] > before["r2"] > 0.85
