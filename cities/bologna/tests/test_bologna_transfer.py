"""Leipzig's heat-demand service on Bologna's data: it runs on estimates, and says which data it would need."""

import asyncio
from pathlib import Path

import pytest

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.app import try_service
from sympolis.city import acquiring, package
from sympolis.city.owners import owners
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.orchestration.gather import gather
from sympolis.orchestration.worklist import Asking, worklist
from sympolis.plugins import loader
from sympolis.plugins.simulator import WHOLE_PERIOD, Member
from sympolis.stores.memory import MemoryStore
from sympolis.testing.simulators import silent

FOLDER = Path(__file__).parents[1]
HERE = package.load(FOLDER)
THERE = package.load(FOLDER.parent / "leipzig")


def test_the_other_citys_service_runs_and_what_it_lacks_is_work() -> None:
    check = asyncio.run(try_service(THERE, "heat-stock", HERE))
    assert check["verdict"] == "runs with adaptations"
    tasks = worklist([Asking("heat-stock", {}, check)], owners(HERE), HERE.facts.operator)
    missing = {task["attribute"] for task in tasks if task["kind"] == "gap"}
    assert {"builtUntil1918", "builtSince1991", "livingArea"} <= missing
    assert {task["attribute"] for task in tasks if task["kind"] == "proxy"} == {"rows"}


def test_the_heat_that_comes_out_is_of_the_order_of_people_and_floor(tmp_path: Path) -> None:
    """Some 390,000 residents: between 3 and 8 MWh each, all uses together."""
    terms, broker = Contexts().resolve_local(HERE.context["@context"]), Broker(MemoryStore())
    coordinator = acquiring.coordinator(
        HERE, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )
    simulator = loader.simulators()["heat_demand"]

    async def gathered() -> object:
        for source in ("statistical-areas", "stock-estimate", "area-blocks"):
            await coordinator.run(source)
        return await gather(
            broker, terms, simulator.needs, read_table=lambda facts: (FOLDER / facts["file"]).read_bytes()
        )

    model = simulator()
    model.prepare(asyncio.run(gathered()), tmp_path)  # type: ignore[arg-type]
    given = {one.name: one.default for one in simulator.parameters}
    found = model.run(tmp_path, Member(given, (), WHOLE_PERIOD, 1), silent)
    assert 1_200 < found.indicators["demand"] < 3_200
    assert found.indicators["calibration_factor"] == pytest.approx(1.0), "no official figure: not levelled"
