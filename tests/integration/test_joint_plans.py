"""Joint plans over the desk: who changed what, nobody's work lost, and what each edit means to each department."""

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
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.model_desk import ModelSetup
from sympolis.orchestration.service import Department, Feed, Lever, ServiceSetup, Step
from sympolis.orchestration.workers import PoolSettings
from sympolis.orchestration.worklist import Gap, Owner
from sympolis.stores.memory import MemoryStore
from sympolis.testing.simulators import ToySimulator
from sympolis.testing.toy_exposure import ToyExposure

TERMS = Contexts().core()
TOGETHER = ServiceSetup(
    id="together",
    title={"en": "Together"},
    question={"en": "Who breathes it?"},
    steps=(Step("toy"), Step("exposure", (Feed("traffic", "toy", {"volume": "flow"}),))),
    levers=(
        Lever(name="charge", measure="charge_entry", parameter="charge_eur", low=0.0, high=10.0),
        Lever(name="screens", measure="screen", parameter="share"),
    ),
    departments=(
        Department(id="health", title={"en": "Health"}, indicators=("exposure",), levers=("screens",)),
        Department(id="roads", title={"en": "Roads"}, indicators=("nothing",), levers=("charge",)),
    ),
    gaps=(Gap("segments", "capacity", "Road office", {"en": "count them"}, (1.0, 2.0), "exposure"),),
)


def road(number: int) -> Entity:
    x = 11.3 + number / 100
    line = {"type": "LineString", "coordinates": [[x, 44.49], [x, 44.499]]}
    found: dict[str, Any] = {"name": f"Via {number}", "length": 1000.0, "capacity": 500.0 + number}
    attributes = {
        TERMS.expand(name): (Attribute(AttributeKind.PROPERTY, value),) for name, value in found.items()
    }
    attributes[TERMS.expand("location")] = (Attribute(AttributeKind.GEO_PROPERTY, line),)
    return Entity(f"urn:ngsi-ld:RoadSegment:test:{number}", (TERMS.expand("RoadSegment"),), attributes)


def with_desk(folder: Path, work: Callable[[Desk], Any], service: ServiceSetup = TOGETHER) -> Any:
    async def run() -> Any:
        broker = Broker(MemoryStore())
        await broker.upsert([road(number) for number in range(3)])
        desk = Desk(
            broker, TERMS, {"toy": ToySimulator, "toy_exposure": ToyExposure}, folder, city="test",
            models=[
                ModelSetup(id="toy", simulator="toy", calibrated=False),
                ModelSetup(id="exposure", simulator="toy_exposure", calibrated=False),
            ],
            services=[service], workers=PoolSettings(workers=2, grace_s=0.3),
        )  # fmt: skip
        await desk.open()
        try:
            return await work(desk)
        finally:
            await desk.close()

    return asyncio.run(run())


async def finished(desk: Desk, plan: Any) -> Any:
    run: Any = None
    async for found in desk.run_events(plan["run"]):
        run = found
    assert run["status"] == "done", run["error"]
    return plan


def test_two_departments_change_one_plan_and_see_what_each_did(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        made = await desk.joint.create(
            "together", {"title": "Quieter", "levers": {"charge": 5.0}, "department": "roads"}, "Ada"
        )
        await finished(desk, made)
        change = {
            "version": 1, "levers": {"charge": 5.0, "screens": 0.5}, "department": "health", "note": "for the school",
        }  # fmt: skip
        plan = await finished(desk, await desk.joint.change("together", made["id"], change, "Bob"))
        whole = await desk.joint.effects("together", plan["id"])
        last = await desk.joint.effects("together", plan["id"], 2)
        return plan, whole, last, await desk.joint.plans("together")

    plan, whole, last, plans = with_desk(tmp_path, work)
    second, first = plan["edits"]
    assert (first["by"], first["department"], first["version"]) == ("Ada", "roads", 1)
    assert (second["by"], second["department"], second["note"]) == ("Bob", "health", "for the school")
    assert second["moves"] == [{"lever": "screens", "before": None, "after": 0.5}]
    assert plans == [plan]
    assert (last["base"], last["with"]) == (first["run"], second["run"])
    assert whole["departments"][0]["better"] == last["departments"][0]["better"] == ["exposure"]
    [all_of_it], [of_screens] = (one["departments"][0]["indicators"] for one in (whole, last))
    assert of_screens["change"]["value"] == pytest.approx(-0.5 * of_screens["base"]["value"], rel=1e-4)
    assert all_of_it["change"]["value"] < of_screens["change"]["value"]


def test_nobody_overwrites_work_they_have_not_seen(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        made = await desk.joint.create("together", {"title": {"en": "One"}}, "Ada")
        await desk.joint.change("together", made["id"], {"version": 1, "levers": {"screens": 0.1}}, "Bob")
        with pytest.raises(errors.Conflict, match="version 1, it is now 2"):
            await desk.joint.change("together", made["id"], {"version": 1, "levers": {"screens": 0.9}}, "Ada")
        return await desk.joint.plan("together", made["id"])

    assert with_desk(tmp_path, work)["levers"] == {"screens": 0.1}


def test_a_measure_at_a_place_goes_to_the_model_that_knows_it(tmp_path: Path) -> None:
    closed = {"measure": "close_street", "where": {"segments": ["urn:ngsi-ld:RoadSegment:test:1"]}}

    async def work(desk: Desk) -> Any:
        made = await desk.joint.create("together", {"title": "Closed", "measures": [closed]}, "Ada")
        await finished(desk, made)
        fed = (await desk.run(made["run"]))["upstream"]["traffic"]
        return made, (await desk.scenario((await desk.run(fed))["scenario"]))["overrides"]

    made, overrides = with_desk(tmp_path, work)
    assert made["edits"][0]["moves"] == [{"lever": "", "before": None, "after": closed}]
    assert [one["measure"] for one in overrides] == ["close_street"]


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"title": "x", "levers": {"chrage": 1}}, "levers.chrage"),
        ({"title": "x", "levers": [1]}, "levers"),
        ({"title": "x", "department": "police"}, "department"),
        ({"title": "x", "measures": [{"measure": "fly"}]}, "measures[0].measure"),
        ({"title": "x", "measures": "all"}, "measures"),
        ({"title": "x" * 301}, "title"),
        ({"title": []}, "title"),
        ({"title": "x", "by": "somebody else"}, "by"),
        ({}, "title"),
        ([], "body"),
    ],
)
def test_what_cannot_be_a_plan_is_refused_with_its_place(tmp_path: Path, document: Any, where: str) -> None:
    async def work(desk: Desk) -> None:
        with pytest.raises(errors.BadRequestData) as refused:
            await desk.joint.create("together", document, "Ada")
        assert refused.value.where == where
        assert await desk.joint.plans("together") == []

    with_desk(tmp_path, work)


def test_a_plan_that_is_not_there_or_another_service_s_is_not_found(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        made = await desk.joint.create("together", {"title": "One"}, "Ada")
        for plan in ("nowhere", "../etc", made["id"][:-1]):
            with pytest.raises(errors.NotFound):
                await desk.joint.plan("together", plan)
        await desk.joint.delete("together", made["id"])
        with pytest.raises(errors.NotFound):
            await desk.joint.plan("together", made["id"])

    with_desk(tmp_path, work)


def test_the_worklist_names_owner_effort_and_worth(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        bare = replace(
            road(9), attributes={k: v for k, v in road(9).attributes.items() if "capacity" not in k}
        )
        await desk.joint._broker.upsert([bare])
        return await desk.worklist({"RoadSegment": Owner("City", "roads")}, "City")

    tasks = with_desk(tmp_path, work)
    [capacity] = [one for one in tasks if one["attribute"] == "capacity"]
    assert (capacity["who"], capacity["effort_days"]) == ("Road office", [1.0, 2.0])
    assert capacity["services"] == ["together"]
