"""Recommendations: options tried in a model, the best chosen, kept as a scenario and run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.model_desk import ModelSetup
from sympolis.orchestration.workers import PoolSettings
from sympolis.stores.memory import MemoryStore
from sympolis.testing.toy_heat import ToyHeat

TERMS = Contexts().core()
WEST, EAST = (f"urn:ngsi-ld:StatisticalArea:test:{name}" for name in ("west", "east"))
ASKED: Mapping[str, Any] = {
    "model": "heat",
    "objective": "hot_people",
    "budget": {"warmth": 1000.0},
    "levers": [{"measure": "plant_trees", "parameter": "trees", "amounts": [10, 30]}],
    "totals": {"plant_trees": 40},
}


@dataclass(frozen=True)
class _Place:
    crs: str = "EPSG:25832"
    west: float = 680_000.0
    north: float = 4_930_000.0
    cell_m: float = 90.0
    columns: int = 1
    lines: int = 1


@dataclass(frozen=True)
class _Cells:
    values: Sequence[Sequence[float | None]]
    domain: _Place = _Place()


def _entity(kind: str, local: str, **values: Any) -> Entity:
    def attribute(value: Any) -> tuple[Attribute, ...]:
        shape = isinstance(value, Mapping)
        return (Attribute(AttributeKind.GEO_PROPERTY if shape else AttributeKind.PROPERTY, value),)

    found = {TERMS.expand(name): attribute(value) for name, value in values.items()}
    return Entity(f"urn:ngsi-ld:{kind}:test:{local}", (TERMS.expand(kind),), found)


def _area(name: str, west: float, east: float, people: int, fragility: float) -> Entity:
    ring = [[west, 44.4], [east, 44.4], [east, 44.6], [west, 44.6], [west, 44.4]]
    return _entity(
        "StatisticalArea", name, name=name.title(), location={"type": "Polygon", "coordinates": [ring]},
        population=people, fragilityIndex=fragility,
    )  # fmt: skip


def with_desk(folder: Path, work: Callable[[Desk, Broker], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        broker = Broker(MemoryStore())
        coverage = _entity(
            "Coverage", "lst", variable="surfaceTemperature", cellUnit="CEL", cellSize=90.0,
            validTo="2025-08-31T00:00:00Z", file="lst.csv",
        )  # fmt: skip
        areas = [
            _area("west", 11.29, 11.31, 1000, 95.0),
            _area("mid", 11.31, 11.33, 400, 96.0),
            _area("east", 11.33, 11.4, 500, 110.0),
        ]
        await broker.upsert([*areas, coverage])
        desk = Desk(
            broker, TERMS, {"toy_heat": ToyHeat}, folder, city="test", grids=lambda _facts: _Cells([[30.0]]),
            models=[ModelSetup(id="heat", simulator="toy_heat", calibrated=False)],
            workers=PoolSettings(workers=2, grace_s=0.3),
        )  # fmt: skip
        await desk.open()
        try:
            return await work(desk, broker)
        finally:
            await desk.close()

    return asyncio.run(run())


async def answered(desk: Desk, **changes: Any) -> dict[str, Any]:
    found = await desk.recommendations.start({**ASKED, **changes})
    while found["status"] == "running":
        await asyncio.sleep(0.02)
        found = desk.recommendations.get(found["id"])
    return found


def amounts(found: dict[str, Any]) -> dict[str, float]:
    return {one["place"]: one["amount"] for one in found["allocation"]}


def test_trees_go_where_most_people_live_and_the_choice_is_run(tmp_path: Path) -> None:
    async def work(desk: Desk, broker: Broker) -> Any:
        found = await answered(desk)
        run = [one async for one in desk.run_events(found["run"])][-1]
        again = await answered(desk)
        kept = await broker.store.get(f"urn:ngsi-ld:Recommendation:test:{found['id']}")
        return found, run, again, kept, await desk.scenario(found["scenario"])

    found, run, again, kept, scenario = with_desk(tmp_path, work)
    assert found["error"] is None
    assert amounts(found) == {WEST: 30, EAST: 10}
    assert found["trials"] == 6
    assert found["expected"]["gain"] == pytest.approx(0.01 * (30 * 1000 + 10 * 500), rel=1e-3)
    assert run["status"] == "done" and run["scenario"] == found["scenario"]
    assert sorted(one["parameters"]["trees"] for one in scenario["overrides"]) == [10, 30]
    assert again["id"] == found["id"]
    assert kept is not None and TERMS.expand("refScenario") in kept.attributes


def test_a_least_share_takes_the_trees_to_the_most_fragile_third(tmp_path: Path) -> None:
    async def work(desk: Desk, _broker: Broker) -> Any:
        return await answered(desk, equity={"least_share": 0.7}, totals={"plant_trees": 30})

    found = with_desk(tmp_path, work)
    assert amounts(found) == {EAST: 30}
    assert found["expected"]["worst_off_share"] == 1.0
    assert {point["least_share"] for point in found["front"]} >= {0.0}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"model": "tram"}, "model"),
        ({"objective": "joy"}, "objective"),
        ({"budget": {}}, "budget"),
        ({"budget": {"gold": 3}}, "budget.gold"),
        ({"levers": []}, "levers"),
        ({"levers": [{"measure": "plant_tree", "parameter": "trees", "amounts": [1]}]}, "levers[0].measure"),
        (
            {"levers": [{"measure": "plant_trees", "parameter": "leaves", "amounts": [1]}]},
            "levers[0].parameter",
        ),
        (
            {"levers": [{"measure": "plant_trees", "parameter": "trees", "amounts": [-1]}]},
            "levers[0].amounts",
        ),
        (
            {"levers": [{"measure": "plant_trees", "parameter": "trees", "amounts": [1], "places": ["x"]}]},
            "levers[0].places",
        ),
        ({"equity": {"least_share": 2}}, "equity.least_share"),
        ({"most_places": 0}, "most_places"),
        ({"wish": 1}, "wish"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], where: str) -> None:
    async def work(desk: Desk, _broker: Broker) -> None:
        with pytest.raises(errors.BadRequestData) as refused:
            await desk.recommendations.start({**ASKED, **changes})
        assert refused.value.where == where

    with_desk(tmp_path, work)


def test_an_unknown_recommendation_is_not_found(tmp_path: Path) -> None:
    async def work(desk: Desk, _broker: Broker) -> None:
        for name in ("recommendation-x", "../secrets"):
            with pytest.raises(errors.NotFound):
                desk.recommendations.get(name)

    with_desk(tmp_path, work)


@pytest.mark.parametrize(
    ("lever", "where"),
    [
        ({"measure": [1]}, "levers[0].measure"),
        ({"measure": {}}, "levers[0].measure"),
        ({"parameter": []}, "levers[0].parameter"),
        ({"parameters": "abc"}, "levers[0].parameters"),
        ({"parameters": [1]}, "levers[0].parameters"),
        ({"parameters": {"shade": 1}}, "levers[0].parameters.shade"),
    ],
)
def test_a_lever_of_any_shape_is_the_clients_mistake(
    tmp_path: Path, lever: dict[str, Any], where: str
) -> None:
    async def work(desk: Desk, _broker: Broker) -> None:
        with pytest.raises(errors.BadRequestData) as caught:
            await desk.recommendations.start({**ASKED, "levers": [{**ASKED["levers"][0], **lever}]})
        assert caught.value.where == where

    with_desk(tmp_path, work)


def test_the_same_question_asked_at_once_is_one_recommendation(tmp_path: Path) -> None:
    async def work(desk: Desk, _broker: Broker) -> None:
        asked = await asyncio.gather(*(desk.recommendations.start(ASKED) for _ in range(5)))
        assert len({one["id"] for one in asked}) == 1
        others = [desk.recommendations.start({**ASKED, "seed": seed}) for seed in range(2, 6)]
        found = await asyncio.gather(*others, return_exceptions=True)
        assert sum(isinstance(one, errors.Conflict) for one in found) == 3
        with pytest.raises(errors.NotFound):
            desk.recommendations.get("recommendation-" + "x" * 300)

    with_desk(tmp_path, work)
