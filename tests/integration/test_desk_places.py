"""The desk with a model of areas, points and a grid: what is read, what runs, who bears it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True)
class _Place:
    crs: str = "EPSG:25832"
    west: float = 680_000.0
    north: float = 4_930_000.0
    cell_m: float = 90.0
    columns: int = 2
    lines: int = 1


@dataclass(frozen=True)
class _Cells:
    values: Sequence[Sequence[float | None]]
    domain: _Place = _Place()


def _prop(value: Any, unit: str | None = None, kind: AttributeKind = AttributeKind.PROPERTY) -> Any:
    return (Attribute(kind, value, unit_code=unit),)


def _entity(kind: str, local: str, **attributes: Any) -> Entity:
    found = {TERMS.expand(name): value for name, value in attributes.items()}
    return Entity(f"urn:ngsi-ld:{kind}:test:{local}", (TERMS.expand(kind),), found)


def _area(name: str, west: float, east: float, **people: Any) -> Entity:
    ring = [[west, 44.4], [east, 44.4], [east, 44.6], [west, 44.6], [west, 44.4]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    location = _prop(shape, kind=AttributeKind.GEO_PROPERTY)
    return _entity("StatisticalArea", name, name=_prop(name.title()), location=location, **people)


def _tree() -> Entity:
    place = {"type": "Point", "coordinates": [11.30, 44.5]}
    return _entity("Tree", "1", location=_prop(place, kind=AttributeKind.GEO_PROPERTY))


def _coverage(local: str, variable: str, unit: str) -> Entity:
    return _entity(
        "Coverage", local, variable=_prop(variable), cellUnit=_prop(unit), cellSize=_prop(90.0),
        validTo=_prop("2025-08-31T00:00:00Z"), file=_prop(f"{local}.csv"),
    )  # fmt: skip


def _read(facts: Mapping[str, Any]) -> _Cells:
    assert facts["file"] == "lst.csv", "only the coverage that was asked for is read"
    return _Cells([[303.15, None]])


def with_desk(
    folder: Path, work: Callable[[Desk], Any], *, areas: Sequence[Entity], unit: str = "KEL"
) -> Any:
    async def run() -> Any:
        broker = Broker(MemoryStore())
        coverages = [_coverage("lst", "surfaceTemperature", unit), _coverage("t", "trees", "C62")]
        await broker.upsert([*areas, _tree(), *coverages])
        desk = Desk(
            broker, TERMS, {"toy_heat": ToyHeat}, folder, city="test", grids=_read,
            models=[ModelSetup(id="heat", simulator="toy_heat", calibrated=False)],
            workers=PoolSettings(workers=2, grace_s=0.3),
        )  # fmt: skip
        await desk.open()
        try:
            return await work(desk)
        finally:
            await desk.close()

    return asyncio.run(run())


AREAS = (
    _area("west", 11.29, 11.335, population=_prop(1000)),
    _area("east", 11.335, 11.4, inhabitants=_prop(500)),
)


async def _done(desk: Desk, run: Any) -> Any:
    async for found in desk.run_events(run["id"]):
        run = found
    assert run["status"] == "done", run["error"]
    return run


def test_a_measure_in_one_area_cools_that_area_and_no_other(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        made = await desk.create_scenario(
            {
                "title": "Trees in the west",
                "window": {"start_hour": 14, "end_hour": 15},
                "overrides": [
                    {"measure": "plant_trees", "where": {"area": WEST}, "parameters": {"trees": 100}}
                ],
            }
        )
        run = await _done(desk, await desk.start_run(made["id"]))
        return run, await desk.results(run["id"]), await desk.compare(run["baseline"], run["id"])

    run, results, found = with_desk(tmp_path, work, areas=AREAS)
    assert run["window"] == {"start_hour": 0, "end_hour": 24}, "the hours a scenario names do not matter"
    assert results["hours"] == [0]
    assert set(results["features"]) == {WEST, EAST, "urn:ngsi-ld:Tree:test:1"}
    split = {one["area"]: one for one in found["equity"]}
    assert split[WEST]["verdict"] == "likely better"
    assert split[WEST]["fields"]["warmth"]["change"]["value"] < -0.4
    assert split[EAST]["fields"]["warmth"]["change"]["value"] == 0.0
    assert "Temperature: clearly changes in 1 of 3 places." in found["text"]["en"]


def test_kelvin_become_degrees_and_a_proxy_stands_in(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        return await _done(desk, await desk.start_run("baseline"))

    figures = {one["name"]: one["value"] for one in with_desk(tmp_path, work, areas=AREAS)["indicators"]}
    assert figures["warmth"] == pytest.approx(30.0, abs=0.1)
    assert figures["hot_people"] == pytest.approx(30.0 * 1500, rel=0.01), "both areas' people count"


def test_a_drawn_polygon_touches_the_areas_it_covers_and_the_points_inside(tmp_path: Path) -> None:
    ring = [[11.29, 44.45], [11.32, 44.45], [11.32, 44.55], [11.29, 44.55], [11.29, 44.45]]
    drawn = {"type": "Polygon", "coordinates": [ring]}

    async def work(desk: Desk) -> Any:
        override = {"measure": "plant_trees", "where": {"polygon": drawn}}
        return await desk.check_scenario({"title": "Here", "overrides": [override]})

    found = with_desk(tmp_path, work, areas=AREAS)
    assert found["allowed"]
    assert found["affected"] == [WEST, "urn:ngsi-ld:Tree:test:1"]


def test_a_unit_of_another_quantity_is_refused_with_the_place(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        with pytest.raises(errors.ModelFailed, match="grid of Coverage"):
            await desk.start_run("baseline")

    with_desk(tmp_path, work, areas=AREAS, unit="MTR")
