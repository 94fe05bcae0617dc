"""The desk with a small model and a memory store: runs, cache, refusals, crashes, restarts, in real processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.scenario import Override, Scenario
from sympolis.orchestration.atlas import AreaSetup
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.model_desk import ModelSetup
from sympolis.orchestration.observed import ObservedIndicator
from sympolis.orchestration.run import Tariff
from sympolis.orchestration.workers import PoolSettings
from sympolis.stores.memory import MemoryStore
from sympolis.testing.simulators import ToySimulator

TERMS = Contexts().core()
CLOSE = {
    "measure": "close_street",
    "where": {"segments": ["urn:ngsi-ld:RoadSegment:test:1"]},
    "parameters": {},
}
CHARGE = {"measure": "charge_entry", "where": {}, "parameters": {"charge_eur": 5.0}}
QUIET = Scenario("quiet", {"en": "Quiet"}, {}, "toy", (Override("close_street", CLOSE["where"]),))
COUNTED_AT = datetime(2024, 1, 8, 7, tzinfo=UTC)


def street(number: int) -> str:
    return f"urn:ngsi-ld:RoadSegment:test:{number}"


def prop(value: Any, kind: AttributeKind = AttributeKind.PROPERTY) -> tuple[Attribute, ...]:
    return (Attribute(kind, value),)


def entity(kind: str, local: str, **attributes: tuple[Attribute, ...]) -> Entity:
    found = {TERMS.expand(name): value for name, value in attributes.items()}
    return Entity(f"urn:ngsi-ld:{kind}:test:{local}", (TERMS.expand(kind),), found)


def road(number: int, capacity: float = 500.0) -> Entity:
    """A street of 1 km going north at longitude 11.3 + number / 100."""
    x = 11.3 + number / 100
    line = {"type": "LineString", "coordinates": [[x, 44.49], [x, 44.499]]}
    return entity(
        "RoadSegment", str(number), name=prop(f"Via {number}"), length=prop(1000.0),
        capacity=prop(capacity + 10 * number), location=prop(line, AttributeKind.GEO_PROPERTY),
    )  # fmt: skip


def area(name: str, west: float, east: float, fragility: float) -> Entity:
    ring = [[west, 44.4], [east, 44.4], [east, 44.6], [west, 44.6], [west, 44.4]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return entity(
        "StatisticalArea", name, name=prop(name.title()), population=prop(1000),
        fragilityIndex=prop(fragility), location=prop(shape, AttributeKind.GEO_PROPERTY),
    )  # fmt: skip


def count(number: int) -> Observation:
    kind = (TERMS.expand("ItemFlowObserved"),)
    name = f"urn:ngsi-ld:ItemFlowObserved:test:{number}"
    return Observation(
        name, kind, TERMS.expand("intensity"), COUNTED_AT, 450.0 + 9 * number + 3 * (number % 3)
    )


async def filled() -> Broker:
    broker = Broker(MemoryStore())
    loops = [entity("ItemFlowObserved", str(n), intensity=prop(1.0)) for n in range(8)]
    areas = [area("west", 11.29, 11.335, 90.0), area("east", 11.335, 11.4, 110.0)]
    await broker.upsert([*(road(n) for n in range(8)), *loops, *areas])
    await broker.observe([count(n) for n in range(8)])
    return broker


class Twin:
    """A desk over a broker; can be restarted on the same folder."""

    def __init__(self, broker: Broker, folder: Path, **choices: Any) -> None:
        self.broker = broker
        self.folder = folder
        self.choices = choices

    @asynccontextmanager
    async def desk(self, **choices: Any) -> AsyncIterator[Desk]:
        settings: dict[str, Any] = {
            "city": "test",
            "models": [ModelSetup(id="toy", simulator="toy")],
            "scenarios": [QUIET],
            "areas": AreaSetup(),
            "workers": PoolSettings(workers=2, grace_s=0.3),
            **self.choices,
            **choices,
        }
        simulators = settings.pop("simulators", {"toy": ToySimulator})
        desk = Desk(self.broker, TERMS, simulators, self.folder, **settings)
        await desk.open()
        try:
            yield desk
        finally:
            await desk.close()


def twin(folder: Path, work: Callable[[Twin], Any]) -> Any:
    """Do ``work`` with a filled twin in ``folder``."""

    async def run() -> Any:
        return await work(Twin(await filled(), folder))

    return asyncio.run(run())


async def finished(desk: Desk, started: dict[str, Any]) -> dict[str, Any]:
    async for run in desk.run_events(started["id"]):
        started = run
    return started


async def ask(desk: Desk, *overrides: dict[str, Any], **more: Any) -> dict[str, Any]:
    scenario = await desk.create_scenario({"title": "What if", "overrides": list(overrides), **more})
    return await finished(desk, await desk.start_run(scenario["id"]))


def test_the_baseline_calibrates_runs_and_is_instant_the_second_time(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        heard: list[float] = []
        async with twin.desk() as desk:
            first = await desk.ensure_baseline(lambda share, text: heard.append(share))
            [model] = await desk.models()
        assert (first["status"], first["members"], first["cached"]) == ("done", 8, False)
        assert heard == sorted(heard) and heard[-1] == 1.0
        assert model["calibration"]["figures"]["held_out"]["n"] == 4
        assert first["calibration"] == model["calibration"]["figures"]
        async with twin.desk() as desk:
            again = await desk.ensure_baseline()
            assert desk._pool.processes == 0, "a second start needs no worker"
        assert again["id"] == first["id"] and again["cached"] is True
        assert again["indicators"] == first["indicators"]

    twin(tmp_path, work)


def test_every_indicator_has_an_interval_around_its_value(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            run = await desk.ensure_baseline()
            results = await desk.results(run["id"])
        for figure in run["indicators"]:
            assert figure["interval"]["low"] < figure["value"] < figure["interval"]["high"]
            assert figure["interval"]["level"] == 0.9
        assert results["features"] == [street(n) for n in range(8)] and results["hours"] == [8]
        flow = results["fields"]["flow"]
        assert flow["unit"] == "veh/h" and flow["low"][0][3] < flow["mean"][0][3] < flow["high"][0][3]
        assert run["parameters"]["sampled"] == {"demand": [0.9, 1.1]}

    twin(tmp_path, work)


def test_the_map_has_its_streets_before_the_model_is_ready(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            first = await desk.model_features("toy")
            assert desk._pool.processes == 0
            await twin.broker.upsert([road(8)])
            second = await desk.model_features("toy")
        assert [feature["id"] for feature in first["features"]] == [street(n) for n in range(8)]
        assert first["features"][2]["properties"] == {"name": "Via 2", "length_m": 1000.0}
        assert len(second["features"]) == 9

    twin(tmp_path, work)


def test_closing_a_street_is_clear_there_and_nowhere_else(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            base = await desk.ensure_baseline()
            run = await ask(desk, CLOSE)
            found = await desk.compare(base["id"], run["id"])
        assert found["paired"] is True and found["members"] == 8
        flow = found["fields"]["flow"]
        assert flow["clear"] == [[0, 1, 0, 0, 0, 0, 0, 0]]
        assert flow["change"][0][1] < 0 and flow["change"][0][2] == 0
        nox = next(one for one in found["indicators"] if one["name"] == "nox")
        assert nox["verdict"] == "likely better" and nox["change"]["interval"]["high"] < 0
        west, east = sorted(found["equity"], key=lambda one: one["fragility"])
        assert (west["verdict"], east["verdict"]) == ("likely better", "no clear change")
        assert west["flow_change_percent"]["value"] < 0 == east["flow_change_percent"]["value"]
        assert "1 of 8" in found["text"]["en"] and set(found["text"]) == {"it", "de", "en"}

    twin(tmp_path, work)


def test_a_run_of_other_hours_brings_the_baseline_it_is_compared_with(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            morning = await desk.ensure_baseline()
            evening = await ask(desk, CLOSE, window={"start_hour": 17, "end_hour": 19})
            found = await desk.compare(morning["id"], evening["id"])
            shown = await desk.scenario("baseline")
            base = await desk.run(evening["baseline"])
        assert base["scenario"] == "baseline" and base["window"] == evening["window"]
        assert found["base"] == base["id"] != morning["id"] and found["hours"] == [17, 18]
        assert [sum(row) for row in found["fields"]["flow"]["clear"]] == [1, 1]
        assert shown["latest_run"] == morning["id"], "the city's own baseline stays what the map shows"

    twin(tmp_path, work)


def test_comparing_a_run_with_itself_shows_no_clear_change(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            base = await desk.ensure_baseline()
            found = await desk.compare(base["id"], base["id"])
        assert {one["verdict"] for one in found["indicators"]} == {"no clear change"}
        assert not any(any(row) for row in found["fields"]["flow"]["clear"])

    twin(tmp_path, work)


def test_an_uncertain_measure_is_sampled_and_a_fixed_value_is_kept(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        fixed = {**CHARGE, "parameters": {"charge_eur": 5.0, "elasticity": -0.03}}
        async with twin.desk() as desk:
            base = await desk.ensure_baseline()
            open_run, fixed_run = await ask(desk, CHARGE), await ask(desk, fixed)
            wide, narrow = [await desk.compare(base["id"], r["id"]) for r in (open_run, fixed_run)]
        assert open_run["parameters"]["sampled"]["charge_entry.elasticity"] == [-0.04, -0.02]
        assert "charge_entry.elasticity" not in fixed_run["parameters"]["sampled"]
        widths = [c["indicators"][0]["change"]["percent_interval"] for c in (wide, narrow)]
        assert widths[0]["high"] - widths[0]["low"] > 2 * (widths[1]["high"] - widths[1]["low"])
        assert narrow["indicators"][0]["change"]["percent"] == pytest.approx(-15, abs=0.01)

    twin(tmp_path, work)


def test_the_same_request_again_is_answered_from_the_cache(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            first = await finished(desk, await desk.start_run("quiet"))
            again = await desk.start_run("quiet")
            twin_run = await ask(desk, CLOSE)
            check = await desk.check_scenario({"title": "x", "overrides": [CLOSE]})
        assert (again["id"], again["status"], again["cached"]) == (first["id"], "done", True)
        assert twin_run["id"] != first["id"] and twin_run["cached"] is True and twin_run["cost_cpu_s"] == 0
        assert twin_run["indicators"] == first["indicators"]
        assert check["estimate"] == {"cpu_s": 0.0, "members": 8, "cached": True}

    twin(tmp_path, work)


def test_the_same_key_gives_the_same_bytes_in_another_twin(tmp_path: Path) -> None:
    async def work(twin: Twin) -> tuple[str, dict[str, bytes]]:
        async with twin.desk() as desk:
            run = await desk.ensure_baseline()
        return run["key"], {path.name: path.read_bytes() for path in twin.folder.glob("members/*/*.npz")}

    first, second = twin(tmp_path / "a", work), twin(tmp_path / "b", work)
    assert first == second and len(first[1]) == 8


def test_other_data_other_seed_and_other_hours_have_other_keys(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            runs = [await desk.ensure_baseline(), await desk.start_run("baseline", seed=2)]
            scenario = await desk.create_scenario(
                {"title": "late", "window": {"start_hour": 17, "end_hour": 18}}
            )
            runs.append(await desk.start_run(scenario["id"]))
            await twin.broker.upsert([road(3, capacity=900.0)])
            runs.append(await desk.start_run("baseline"))
            runs = [await finished(desk, run) for run in runs]
            with pytest.raises(errors.Conflict, match="data"):
                await desk.compare(runs[0]["id"], runs[3]["id"])
        assert len({run["key"] for run in runs}) == 4
        assert len({run["data_version"] for run in runs}) == 2

    twin(tmp_path, work)


def test_a_new_observation_of_something_else_does_not_prepare_again(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            first = await desk.ensure_baseline()
            await twin.broker.upsert([entity("WeatherObserved", "1", temperature=prop(21.5))])
            again = await desk.start_run("baseline")
            await twin.broker.observe([Observation(**{**_fields(count(1)), "value": 999.0})])
            changed = await finished(desk, await desk.start_run("baseline"))
        assert again["id"] == first["id"]
        assert changed["data_version"] != first["data_version"]
        assert changed["calibration_id"] != first["calibration_id"]

    twin(tmp_path, work)


def _fields(observation: Observation) -> dict[str, Any]:
    return {name: getattr(observation, name) for name in observation.__slots__}


def test_a_model_refuses_what_it_does_not_allow_and_says_why(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        every = {"measure": "close_street", "where": {"segments": [street(n) for n in range(8)]}}
        documents = {
            "overrides[0].measure": {"measure": "close_streets", "where": {}},
            "overrides[0].where.segments": {"measure": "close_street", "where": {"segments": [street(99)]}},
            "overrides[0].where.area": {"measure": "limit_speed", "where": {"area": "urn:nowhere"}},
            "overrides[0].parameters.speed_kmh": {
                "measure": "limit_speed", "where": {"area": "urn:ngsi-ld:StatisticalArea:test:west"},
                "parameters": {"speed_kmh": 300},
            },
            "overrides[0].parameters.charge_eur": {"measure": "charge_entry", "where": {}},
            "overrides[0]": every,
        }  # fmt: skip
        async with twin.desk() as desk:
            for where, override in documents.items():
                document = {"title": "no", "overrides": [override]}
                check = await desk.check_scenario(document)
                assert check["allowed"] is False and check["reasons"][0]["where"] == where
                with pytest.raises(errors.OverrideRefused) as refused:
                    await desk.create_scenario(document)
                assert refused.value.where == where and refused.value.message
            listed = await desk.scenarios()
        assert [one["id"] for one in listed] == ["baseline", "quiet"]

    twin(tmp_path, work)


def test_check_says_what_is_touched_and_what_it_costs(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        slow = {"measure": "limit_speed", "where": {"area": "urn:ngsi-ld:StatisticalArea:test:west"}}
        async with twin.desk() as desk:
            before = await desk.check_scenario({"title": "30", "overrides": [slow]})
            await desk.ensure_baseline()
            after = await desk.check_scenario({"title": "30", "overrides": [slow]})
        assert before["allowed"] is True and before["affected"] == [street(n) for n in range(4)]
        assert before["estimate"]["cpu_s"] is None
        assert after["estimate"]["cpu_s"] > 0 and after["estimate"]["members"] == 8

    twin(tmp_path, work)


def test_a_process_that_dies_once_loses_no_run(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            override = {"measure": "trouble", "where": {}, "parameters": {"kind": "stumble"}}
            made = await desk.create_scenario({"title": "Stumble", "overrides": [override]})
            run = await finished(desk, await desk.start_run(made["id"], members=2))
            assert run["status"] == "done", run["error"]

    twin(tmp_path, work)


def test_figures_are_shown_while_the_ensemble_grows(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk(tariff=Tariff(core_watts=20.0, eur_per_kwh=0.5)) as desk:
            run = await desk.start_run("baseline", members=8)
            seen = [state async for state in desk.run_events(run["id"])]
            early = [state for state in seen if state["status"] == "running" and state["indicators"]]
            assert early and early[0]["indicators"][0]["interval"]["level"] == 0.9
            done = seen[-1]
            assert done["energy"]["wh"] == pytest.approx(done["cost_cpu_s"] * 20 / 3600, abs=1e-3)
            assert done["energy"]["eur"] == pytest.approx(done["energy"]["wh"] / 1000 * 0.5, rel=1e-3)
            assert done["energy"]["estimate"] is True

    twin(tmp_path, work)


def test_a_crashing_model_fails_its_run_and_the_pool_recovers(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            crashed, raised = [
                await ask(desk, {"measure": "trouble", "where": {}, "parameters": {"kind": kind}})
                for kind in ("crash", "raise")
            ]
            for lost in (crashed, raised):
                assert lost["indicators"] == [], "no half result"
                with pytest.raises(errors.Conflict, match="no results"):
                    await desk.results(lost["id"])
            healthy = await finished(desk, await desk.start_run("quiet"))
            found = await twin.broker.query(Query(types=TypeIs(TERMS.expand("SimulationRun"))))
        assert crashed["status"] == "failed" and "SIGKILL" in crashed["error"]["detail"]
        assert raised["status"] == "failed" and "a street of no length" in raised["error"]["detail"]
        assert healthy["status"] == "done"
        ids = {one.id.rsplit(":", 1)[1] for one in found.entities}
        assert ids == {healthy["id"], healthy["baseline"]}, "only finished runs are twin data"

    twin(tmp_path, work)


@pytest.mark.parametrize("kind", ["slow", "deaf", "parent"])
def test_cancelling_stops_a_run_even_if_the_model_does_not_listen(tmp_path: Path, kind: str) -> None:
    async def work(twin: Twin) -> None:
        trouble = {"measure": "trouble", "where": {}, "parameters": {"kind": kind}}
        async with twin.desk() as desk:
            scenario = await desk.create_scenario({"title": "endless", "overrides": [trouble]})
            started = await desk.start_run(scenario["id"])
            seen = []
            async for run in desk.run_events(started["id"]):
                seen.append(run["status"])
                if run["progress"]["members"] and run["progress"]["share"] > 0:
                    await desk.cancel_run(run["id"])
            healthy = await finished(desk, await desk.start_run("quiet"))
            assert await desk.jobs() == []
        assert seen[0] == "queued" and seen[-1] == "cancelled"
        children = [int(path.stem) for path in twin.folder.rglob("*.child")]
        assert bool(children) == (kind == "parent") and not any(map(_lives, children))
        assert healthy["status"] == "done"

    twin(tmp_path, work)


def _lives(process: int) -> bool:
    """Whether it still works; one that has ended may wait to be collected."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_run_interrupted_by_a_stop_is_found_and_goes_on_from_its_members(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            started = await desk.start_run("quiet")
            async for run in desk.run_events(started["id"]):
                if run["progress"]["members_done"] >= 2:
                    break
        before = [path.stat().st_mtime_ns for path in twin.folder.glob("members/*/*.json")]
        kept = len(before)
        async with twin.desk() as desk:
            found = await desk.run(started["id"])
            again = await finished(desk, await desk.start_run("quiet"))
        assert found["status"] == "failed" and found["error"]["title"] == "Interrupted"
        assert kept >= 2 and again["status"] == "done"
        logged = [path.stat().st_mtime_ns for path in twin.folder.glob("members/*/*.json")]
        assert len(logged) == 16 and sorted(logged)[:kept] == sorted(before), (
            "kept members were not computed again"
        )

    twin(tmp_path, work)


def test_closing_the_desk_lets_go_of_everyone_who_waits(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            first = asyncio.create_task(desk.ensure_baseline())
            while not desk._runs.board.active():
                await asyncio.sleep(0.01)
            [run] = await desk.runs()
            follower = asyncio.create_task(finished(desk, run))
            await asyncio.sleep(0)
        assert (await follower)["status"] in ("queued", "running")
        with pytest.raises(errors.Cancelled, match="stopping"):
            await first

    twin(tmp_path, work)


def test_a_finished_run_is_twin_data_with_intervals_and_links(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            run = await desk.ensure_baseline()
            found = await twin.broker.retrieve(f"urn:ngsi-ld:SimulationRun:test:{run['id']}")
        assert found.value(TERMS.expand("refScenario")) == "urn:ngsi-ld:Scenario:test:baseline"
        assert found.value(TERMS.expand("modelVersion")) == "1.0.0"
        assert found.value(TERMS.expand("dataVersion")) == run["data_version"]
        nox = found.attribute(TERMS.expand("nox"))
        assert nox is not None and nox.unit_code == "KGM"
        low, high = (nox.attributes[TERMS.expand(n)][0].value for n in ("intervalLow", "intervalHigh"))
        assert low < nox.value < high
        await twin.broker.retrieve("urn:ngsi-ld:Scenario:test:baseline")

    twin(tmp_path, work)


def test_a_scenario_is_edited_by_version_and_builtin_ones_are_forked(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            document = {"title": {"it": "Città 30"}, "base": "quiet", "overrides": [CHARGE]}
            made = await desk.create_scenario(document)
            assert made["id"] == "citta-30" and made["version"] == 1 and made["builtin"] is False
            changed = await desk.update_scenario(made["id"], {**made, "overrides": []})
            assert changed["version"] == 2 and changed["overrides"] == []
            with pytest.raises(errors.Conflict, match="version 1"):
                await desk.update_scenario(made["id"], {**made, "author": "late"})
            with pytest.raises(errors.Conflict, match="read-only"):
                await desk.update_scenario("quiet", {**made, "base": "baseline"})
            with pytest.raises(errors.Conflict, match="loops"):
                await desk.update_scenario(made["id"], {**changed, "base": made["id"]})
            second = await desk.create_scenario({**document, "base": made["id"]})
            with pytest.raises(errors.Conflict, match="base of"):
                await desk.delete_scenario(made["id"])
            await desk.delete_scenario(second["id"])
            await desk.delete_scenario(made["id"])
            with pytest.raises(errors.NotFound):
                await desk.scenario(made["id"])

    twin(tmp_path, work)


def test_a_scenario_on_a_base_carries_the_bases_overrides(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            base = await desk.ensure_baseline()
            run = await ask(desk, CHARGE, base="quiet")
            found = await desk.compare(base["id"], run["id"])
        assert found["fields"]["flow"]["clear"] == [[1] * 8]
        assert found["fields"]["flow"]["change"][0][1] < -450, "the street that the base closes"

    twin(tmp_path, work)


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ([], "body"),
        ({}, "title"),
        ({"title": {"en": 3}}, "title"),
        ({"title": "x", "overides": []}, "overides"),
        ({"title": "x", "overrides": {}}, "overrides"),
        ({"title": "x", "window": {"start_hour": 9, "end_hour": 8}}, "window"),
        ({"title": "x", "window": {"start_hour": 8}}, "window"),
        ({"title": "x", "model": "tyo"}, "model"),
        ({"title": "x", "base": "nothing"}, "base"),
        ({"title": "x", "id": "Über uns"}, "id"),
        ({"title": "x", "status": "great"}, "status"),
    ],
)
def test_a_malformed_document_names_its_member(tmp_path: Path, document: Any, where: str) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            with pytest.raises(errors.BadRequestData) as wrong:
                await desk.create_scenario(document)
        assert wrong.value.where == where

    twin(tmp_path, work)


@pytest.mark.parametrize(
    "request_",
    [{"mode": "fast"}, {"members": 1}, {"members": 1000}, {"members": True}, {"seed": -1}, {"seed": 1.5}],
)
def test_a_run_request_out_of_bounds_is_refused(tmp_path: Path, request_: dict[str, Any]) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            with pytest.raises(errors.BadRequestData):
                await desk.start_run("quiet", **request_)

    twin(tmp_path, work)


def test_unknown_things_are_not_found(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            for call in (desk.run, desk.results, desk.cancel_run, desk.scenario, desk.model, desk.start_run):
                with pytest.raises(errors.NotFound):
                    await call("nothing")
            with pytest.raises(errors.NotFound):
                await desk.compare("run-1", "run-2")

    twin(tmp_path, work)


def test_missing_entities_and_engines_are_explained(tmp_path: Path) -> None:
    class Hungry(ToySimulator):
        needs: ClassVar = (*ToySimulator.needs[:1], ToySimulator.needs[1].__class__("x", "Tram", ("name",)))

    async def work(twin: Twin) -> None:
        async with twin.desk(simulators={"toy": Hungry}) as desk:
            with pytest.raises(errors.ModelFailed, match="at least 1 Tram"):
                await desk.ensure_baseline()
        async with twin.desk(simulators={"toi": ToySimulator}) as desk:
            with pytest.raises(errors.SettingsInvalid, match="no plugin"):
                await desk.models()
        wrong = [ModelSetup(id="toy", simulator="toy", parameters={"noize": 1})]
        async with twin.desk(models=wrong) as desk:
            with pytest.raises(errors.SettingsInvalid, match="noise"):
                await desk.models()

    twin(tmp_path, work)


def test_indicators_are_those_of_the_baseline_and_of_the_sensors(tmp_path: Path) -> None:
    counted = ObservedIndicator(
        "loops", {"en": "Counted"}, "veh/h", "ItemFlowObserved", "intensity", source="loops"
    )

    async def work(twin: Twin) -> None:
        async with twin.desk(observed=[counted]) as desk:
            assert [one["name"] for one in await desk.indicators()] == ["loops"]
            run = await desk.ensure_baseline()
            travel, nox, loops = await desk.indicators()
        assert travel["run"] == nox["run"] == run["id"] and nox["interval"]["level"] == 0.9
        assert loops["value"] == 1 and loops["interval"] is None and loops["source"] == "loops"

    twin(tmp_path, work)


def test_idle_workers_go_away(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk(workers=PoolSettings(workers=2, idle_s=0.0)) as desk:
            await desk.ensure_baseline()
            while desk._pool.processes:
                await asyncio.sleep(0.01)
            assert (await finished(desk, await desk.start_run("quiet")))["status"] == "done"

    twin(tmp_path, work)


def test_a_model_says_what_it_needs_and_whether_it_runs_here(tmp_path: Path) -> None:
    async def ask() -> tuple[dict[str, Any], dict[str, Any]]:
        broker = Broker(MemoryStore())
        setup = ModelSetup(id="toy", simulator=ToySimulator.id)
        desk = Desk(broker, TERMS, {ToySimulator.id: ToySimulator}, tmp_path, city="test", models=[setup])
        before = await desk.model("toy")
        await broker.upsert([road(number) for number in range(4)])
        after = await desk.model("toy")
        await desk.close()
        return before, after

    before, after = asyncio.run(ask())
    assert before["runs_here"] is False
    assert [need["met"] for need in before["needs"]] == [False, True]
    assert after["runs_here"] is True
    assert after["needs"][0]["found"] == 4
    assert after["needs"][0]["missing"] == []
