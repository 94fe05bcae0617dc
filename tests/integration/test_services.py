"""Services over the desk and over HTTP: levers, chains, checks, and what is refused before anything runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.scenario import Override, Scenario, Window
from sympolis.orchestration import linking, member_files, worker
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.model_desk import ModelSetup
from sympolis.orchestration.service import Feed, Lever, ServiceSetup, Step
from sympolis.orchestration.workers import PoolSettings
from sympolis.plugins.simulator import Link, MemberResult
from sympolis.stores.memory import MemoryStore
from sympolis.testing.simulators import ToySimulator
from sympolis.testing.toy_exposure import ToyExposure

TERMS = Contexts().core()
CHARGE = Scenario(
    "charge", {"en": "Charge"}, {}, "toy", (Override("charge_entry", {}, {"charge_eur": 5.0}),), Window(7, 9)
)
CHARGE_LEVER = Lever(name="charge", measure="charge_entry", parameter="charge_eur", low=0.0, high=10.0)
SCREEN_LEVER = Lever(name="screens", measure="screen", parameter="share")
POLICY = ServiceSetup(
    id="policy", title={"en": "Policy"}, question={"en": "What if entry cost money?"}, steps=(Step("toy"),),
    scenarios=("charge",), levers=(CHARGE_LEVER,), indicators=("nox",),
)  # fmt: skip


def chain(**fields: str) -> ServiceSetup:
    feed = Feed("traffic", "toy", fields or {"volume": "flow"})
    return ServiceSetup(
        id="exposure", title={"en": "Exposure"}, question={"en": "Who breathes it?"},
        steps=(Step("toy"), Step("exposure", (feed,))),
        scenarios=("charge",), levers=(CHARGE_LEVER, SCREEN_LEVER),
    )  # fmt: skip


def _prop(value: Any, kind: AttributeKind = AttributeKind.PROPERTY) -> Any:
    return (Attribute(kind, value),)


def _road(number: int) -> Entity:
    x = 11.3 + number / 100
    line = {"type": "LineString", "coordinates": [[x, 44.49], [x, 44.499]]}
    found = {
        "name": _prop(f"Via {number}"), "length": _prop(1000.0), "capacity": _prop(500.0 + number),
        "location": _prop(line, AttributeKind.GEO_PROPERTY),
    }  # fmt: skip
    attributes = {TERMS.expand(name): value for name, value in found.items()}
    return Entity(f"urn:ngsi-ld:RoadSegment:test:{number}", (TERMS.expand("RoadSegment"),), attributes)


def with_desk(folder: Path, work: Callable[[Desk], Any], *services: ServiceSetup, roads: int = 4,
              scenario: Scenario = CHARGE) -> Any:  # fmt: skip
    async def run() -> Any:
        broker = Broker(MemoryStore())
        await broker.upsert([_road(number) for number in range(roads)])
        desk = Desk(
            broker, TERMS, {"toy": ToySimulator, "toy_exposure": ToyExposure}, folder, city="test",
            models=[
                ModelSetup(id="toy", simulator="toy", calibrated=False),
                ModelSetup(id="exposure", simulator="toy_exposure", calibrated=False),
            ],
            scenarios=[scenario], services=services, workers=PoolSettings(workers=3, grace_s=0.3),
        )  # fmt: skip
        await desk.open()
        try:
            return await work(desk)
        finally:
            await desk.close()

    return asyncio.run(run())


async def done(desk: Desk, run: Any) -> Any:
    async for found in desk.run_events(run["id"]):
        run = found
    assert run["status"] == "done", run["error"]
    return run


def test_one_click_runs_the_services_scenario_and_what_it_is_compared_with(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        run = await done(desk, await desk.start_service("policy", {}))
        return run, await desk.compare(run["baseline"], run["id"]), await desk.service("policy")

    run, found, service = with_desk(tmp_path, work, POLICY)
    assert (run["scenario"], run["service"]) == ("charge", "policy")
    assert found["indicators"][0]["verdict"] == "likely lower", "5 EUR at -3 %/EUR"
    assert service["latest_run"] == run["id"]
    assert service["check"]["verdict"] == "runs with adaptations", "nothing is counted here"
    [missing] = service["check"]["adaptations"]
    assert (missing["kind"], missing["need"]) == ("absent", "counts")
    assert "Verkehrszählungen" in missing["text"]["de"]
    [lever] = service["levers"]
    assert (lever["low"], lever["high"], lever["default"], lever["unit"]) == (0.0, 10.0, 5.0, "EUR")
    assert [one["name"] for one in service["indicators"]] == ["nox"]


def test_a_moved_lever_is_a_scenario_that_anybody_can_open(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        first = await done(desk, await desk.start_service("policy", {"charge": 10.0}))
        second = await desk.start_service("policy", {"charge": 10.0})
        return first, second, await desk.scenario(first["scenario"]), await desk.service_runs("policy")

    first, second, scenario, runs = with_desk(tmp_path, work, POLICY)
    assert second["id"] == first["id"] and second["cached"]
    assert scenario["overrides"] == [
        {"measure": "charge_entry", "where": {}, "parameters": {"charge_eur": 10.0}}
    ]
    assert scenario["window"] == {"start_hour": 7, "end_hour": 9}
    assert [run["id"] for run in runs] == [first["id"]]


@pytest.mark.parametrize(
    ("levers", "where"),
    [
        ({"charge": 11.0}, "levers.charge"),
        ({"chrage": 1.0}, "levers.chrage"),
        ({"charge": "5"}, "levers.charge"),
    ],
)  # fmt: skip
def test_what_is_no_lever_or_out_of_bounds_is_refused_with_its_place(
    tmp_path: Path, levers: dict[str, Any], where: str
) -> None:
    async def work(desk: Desk) -> None:
        with pytest.raises(errors.BadRequestData) as refused:
            await desk.start_service("policy", levers)
        assert refused.value.where == where

    with_desk(tmp_path, work, POLICY)


def test_a_chain_is_paired_from_end_to_end(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        run = await done(desk, await desk.start_service("exposure", {}, members=4))
        traffic = await desk.run(run["upstream"]["traffic"])
        return run, traffic, await desk.compare(run["baseline"], run["id"]), await desk.run(run["baseline"])

    run, traffic, found, baseline = with_desk(tmp_path, work, chain())
    assert (run["model"], traffic["model"], traffic["status"]) == ("exposure", "toy", "done")
    assert baseline["upstream"]["traffic"] == traffic["baseline"], (
        "today's exposure is that of today's traffic"
    )
    [change] = found["indicators"]
    assert change["verdict"] == "likely better"
    assert -20 < change["change"]["percent"] < -10, "the exposure falls as the traffic does"
    exposure, travel = run["indicators"][0]["value"], traffic["indicators"][0]["value"]
    assert exposure == pytest.approx(0.1 * travel, rel=1e-6), "streets of one kilometre"


def test_only_the_link_that_changed_is_computed_again(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        first = await done(desk, await desk.start_service("exposure", {}, members=4))
        second = await done(desk, await desk.start_service("exposure", {"screens": 0.5}, members=4))
        again = await desk.start_service("exposure", {"screens": 0.5}, members=4)
        return first, second, again

    first, second, again = with_desk(tmp_path, work, chain())
    assert second["upstream"] == first["upstream"], "the traffic was there"
    assert second["baseline"] == first["baseline"]
    assert second["indicators"][0]["value"] == pytest.approx(first["indicators"][0]["value"] / 2)
    assert again["id"] == second["id"] and again["cached"]


def test_cancelling_the_end_of_a_chain_stops_what_nobody_else_waits_for(tmp_path: Path) -> None:
    trouble = replace(CHARGE, overrides=(Override("trouble", {}, {"kind": "slow"}),))
    stuck = replace(chain(), levers=(SCREEN_LEVER,))

    async def ended(desk: Desk, run: str) -> str:
        return [found["status"] async for found in desk.run_events(run)][-1]

    async def work(desk: Desk) -> None:
        first = await desk.start_service("exposure", {"screens": 0.2}, members=2)
        second = await desk.start_service("exposure", {"screens": 0.4}, members=2)
        traffic = first["upstream"]["traffic"]
        assert second["upstream"]["traffic"] == traffic and second["id"] != first["id"]
        await desk.cancel_run(first["id"])
        await desk.cancel_run(first["id"])
        assert await ended(desk, first["id"]) == "cancelled"
        assert (await desk.run(traffic))["status"] in ("queued", "running"), "the second waits for it"
        await desk.cancel_run(second["id"])
        assert await ended(desk, second["id"]) == "cancelled"
        assert await ended(desk, traffic) == "cancelled"

    with_desk(tmp_path, work, stuck, scenario=trouble)


def test_a_fed_run_says_in_the_twin_what_fed_it(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        run = await done(desk, await desk.start_service("exposure", {}, members=2))
        entity = await desk._broker.store.get(f"urn:ngsi-ld:SimulationRun:test:{run['id']}")
        return run, entity

    run, entity = with_desk(tmp_path, work, chain())
    fed = f"urn:ngsi-ld:SimulationRun:test:{run['upstream']['traffic']}"
    assert entity.value(TERMS.expand("upstream")) == {"traffic": fed}


def test_a_chain_fed_by_a_what_if_is_not_taken_for_the_city_as_it_is(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        run = await done(desk, await desk.start_service("exposure", {}, members=8))
        return run, await desk.scenario("baseline-exposure")

    run, baseline = with_desk(tmp_path, work, chain())
    assert run["baseline"] != run["id"]
    assert baseline["latest_run"] in (None, run["baseline"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"volume": "nox"}, "unit: nox comes in g/h, volume is needed in veh/h"),
        ({"volume": "speed"}, "schema: there is no field speed"),
        ({"flow": "flow"}, "schema: no field is named for volume"),
    ],
)
def test_links_that_do_not_fit_are_refused_before_anything_runs(
    tmp_path: Path, fields: dict[str, str], words: str
) -> None:
    async def work(desk: Desk) -> Any:
        with pytest.raises(errors.Conflict) as refused:
            await desk.start_service("exposure", {})
        assert words in refused.value.message
        return (await desk.service("exposure"))["check"], await desk.runs()

    check, runs = with_desk(tmp_path, work, chain(**fields))
    assert check["verdict"] == "cannot"
    assert any(words in problem["text"]["en"] for problem in check["problems"])
    assert runs == []


def test_a_link_in_another_unit_is_converted_and_the_check_says_so() -> None:
    """The toy counts vehicles by the hour; who wants them by the minute gets a sixtieth."""

    class ByTheMinute(ToyExposure):
        needs = (
            ToyExposure.needs[0],
            replace(ToyExposure.needs[1], units={"volume": "veh/min"}),
        )

    steps = chain().steps
    find = {"toy": ToySimulator, "exposure": ByTheMinute}.__getitem__
    assert linking.complaints(steps, find) == []
    [noted] = linking.adaptations(steps[1], find)
    assert noted.text["en"] == "volume comes in veh/h and is converted to veh/min"
    assert linking.conversions(steps[1], find)["traffic"]["volume"] == pytest.approx((1 / 60, 0.0))


def test_a_worker_converts_what_feeds_a_model(tmp_path: Path) -> None:
    stem = tmp_path / "ab" / "abc"
    result = MemberResult(("a", "b"), {"flow": [[60.0, 120.0]]}, {})
    member_files.save(stem, result, cost_cpu_s=0.0)
    found = worker._result(str(stem), Link("abc", {"volume": "flow"}, {"volume": (1 / 60, 0.5)}))
    assert found.fields["volume"].tolist() == [[1.5, 2.5]]


def test_a_failed_link_says_so_at_the_end_of_the_chain(tmp_path: Path) -> None:
    trouble = Scenario("charge", {"en": "Charge"}, {}, "toy", (Override("trouble", {}, {"kind": "raise"}),))

    async def work(desk: Desk) -> Any:
        run: Any = await desk.start_service("broken", {}, members=2)
        async for found in desk.run_events(run["id"]):
            run = found
        return run

    async def with_trouble() -> Any:
        broker = Broker(MemoryStore())
        await broker.upsert([_road(number) for number in range(3)])
        desk = Desk(
            broker, TERMS, {"toy": ToySimulator, "toy_exposure": ToyExposure}, tmp_path, city="test",
            models=[
                ModelSetup(id="toy", simulator="toy", calibrated=False),
                ModelSetup(id="exposure", simulator="toy_exposure", calibrated=False),
            ],
            scenarios=[trouble], workers=PoolSettings(workers=2, grace_s=0.3),
            services=[
                ServiceSetup(
                    id="broken", title={"en": "Broken"}, question={"en": "?"}, scenarios=("charge",),
                    steps=(Step("toy"), Step("exposure", (Feed("traffic", "toy", {"volume": "flow"}),))),
                )
            ],
        )  # fmt: skip
        await desk.open()
        try:
            return await work(desk)
        finally:
            await desk.close()

    run = asyncio.run(with_trouble())
    assert run["status"] == "failed"
    assert "a street of no length" in run["error"]["detail"]


def test_a_twin_without_the_data_cannot_and_says_why(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        return (await desk.service("policy"))["check"]

    check = with_desk(tmp_path, work, POLICY, roads=0)
    assert check["verdict"] == "cannot"
    [problem] = check["problems"]
    assert (problem["kind"], problem["model"], problem["need"]) == ("few", "toy", "segments")
    assert problem["text"] == {
        "it": "tratti stradali: il modello ne chiede almeno 2, il gemello ne ha 0",
        "de": "Straßenabschnitte: Das Modell braucht mindestens 2, der Zwilling hat 0",
        "en": "road segments: the model needs at least 2, the twin has 0",
    }
