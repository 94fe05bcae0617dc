"""Leipzig's question about childcare, asked of the twin's own entities: who will ask, and who can have a place."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain.scenario import Override
from sympolis.orchestration.gather import gather
from sympolis.orchestration.naming import named
from sympolis.plugins import loader
from sympolis.plugins.simulator import WHOLE_PERIOD, Calibration, Linked, Member, MemberResult, Simulator
from sympolis.stores.memory import MemoryStore
from sympolis.testing.simulators import silent

FOLDER = Path(__file__).parents[1]
CITY = package.load(FOLDER)
SOURCES = ("areas", "population", "ages", "births", "poverty", "childcare-sites", "people-squares", "stops")
OCCUPIED_MAY_2025, NEEDED_2024 = 28_435, 31_577
"""The city's own figures: places taken on 16 May 2025, and the need it planned for the end of 2024."""


class Models:
    """Both models of the chain, prepared from one twin."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.simulators: dict[str, Simulator] = {}
        terms = Contexts().resolve_local(CITY.context["@context"])
        broker = Broker(MemoryStore())
        coordinator = acquiring.coordinator(
            CITY, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
        )

        async def gathered(model: str) -> Any:
            plan = CITY.models[model]
            simulator = named(loader.simulators()[plan.simulator], plan.types, model)
            return await gather(broker, terms, simulator.needs)

        async def ingest() -> None:
            for source in SOURCES:
                await coordinator.run(source)

        asyncio.run(ingest())
        for model in ("children", "childcare"):
            self.simulators[model] = loader.simulators()[CITY.models[model].simulator]()
            self.simulators[model].prepare(asyncio.run(gathered(model)), folder / model)
        self.calibration: Calibration = self.simulators["children"].calibrate(
            folder / "children", {}, WHOLE_PERIOD, 1, silent
        )

    def run(self, model: str, *overrides: Override, seed: int = 1, **given: Any) -> MemberResult:
        linked = {}
        if model == "childcare":
            fed = self.run("children", seed=seed)
            fields = {"young": fed.fields["asking_young"], "older": fed.fields["asking_older"]}
            linked = {"demand": Linked(fed.features, fields)}
        fixed = {one.name: one.value for one in CITY.models[model].parameters}
        member = Member(
            fixed | given, self._settled(model, overrides), WHOLE_PERIOD, seed,
            self.calibration.parameters if model == "children" else {}, linked=linked,
        )  # fmt: skip
        return self.simulators[model].run(self.folder / model, member, silent)

    def _settled(self, model: str, overrides: tuple[Override, ...]) -> tuple[Override, ...]:
        """With defaults for what the planner left open, as an ensemble gives them."""
        measures = {one.name: one for one in self.simulators[model].measures}
        return tuple(
            Override(
                one.measure,
                one.where,
                {p.name: p.default for p in measures[one.measure].parameters} | dict(one.parameters),
            )
            for one in overrides
        )


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(tmp_path_factory.mktemp("childcare"))


def test_forecasts_of_the_past_are_no_worse_than_no_change_and_their_intervals_hold(models: Models) -> None:
    held, plain = models.calibration.figures["held_out"], models.calibration.figures["uncalibrated"]
    assert held["mape"] < plain["mape"]
    assert 0.85 <= held["coverage"] <= 1.0
    assert sum("90 % intervals held" in note for note in models.calibration.notes) >= 4


def test_children_asking_are_near_what_the_city_counts(models: Models) -> None:
    """Between the places taken in May 2025 and the need planned for the end of 2024, give or take a tenth."""
    asking = [models.run("children", seed=seed, years_ahead=1).indicators["asking"] for seed in range(1, 9)]
    assert 0.9 * OCCUPIED_MAY_2025 < np.mean(asking) < 1.1 * NEEDED_2024


def test_places_known_stay_and_the_others_add_up_to_the_citys_total(models: Models) -> None:
    run = models.run("childcare", total_error=0.0)
    places = np.array(run.fields["site_places"][0])[63:]
    known = [number for number in places if float(number).is_integer()]
    assert len(places) == 311
    assert places.sum() == pytest.approx(32_731, rel=0.01), "a draw is cut off at 10 and 400"
    assert len(known) >= 71
    assert any("240 of 311" in text for text in run.warnings)


def test_nearly_everyone_can_reach_a_place_but_not_on_foot(models: Models) -> None:
    usual = models.run("childcare").indicators
    on_foot = models.run("childcare", mode="walk", limit_min=15.0).indicators
    assert usual["covered"] > 99
    assert on_foot["covered"] < usual["covered"] - 3
    assert on_foot["worst_fifth"] < on_foot["covered"]
    assert usual["worth_of_counting"] > 0


def test_new_sites_shorten_the_way_and_cost_money(models: Models) -> None:
    base = models.run("childcare").indicators
    three = models.run("childcare", Override("locate_sites", {}, {"sites": 3, "places": 120}))
    assert three.indicators["minutes"] < base["minutes"]
    assert three.indicators["yearly_cost"] > 1_000_000
    assert three.cost_cpu_s < 4


def test_homes_bring_children_where_they_are_built(models: Models) -> None:
    area = "urn:ngsi-ld:StatisticalArea:leipzig:92"
    base = models.run("childcare")
    built = models.run(
        "childcare",
        Override(
            "new_homes", {"features": [area]}, {"dwellings": 1000, "people_each": 2, "children_share": 0.2}
        ),
    )
    at = base.features.index(area)
    more = built.fields["asking_here"][0][at] - base.fields["asking_here"][0][at]
    assert 100 < more < 250
    assert built.indicators["asking"] - base.indicators["asking"] == pytest.approx(more)
