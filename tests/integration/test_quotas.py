"""What somebody's roles let them have computed: how much at once, how much a day, and whose work goes first."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.integration import test_recommendations, test_services
from tests.integration.test_desk import Twin, finished, twin

from sympolis.analysis.ensemble import Design
from sympolis.context import gated
from sympolis.context.allowance import Allowance
from sympolis.domain import errors
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.workers import PoolSettings
from sympolis.testing.small_twin import SmallTwin, small_twin

SLOW = {"measure": "trouble", "where": {}, "parameters": {"kind": "slow"}}


class Somebody(type(gated.EVERYTHING)):  # type: ignore[misc]
    """Sees everything, and may have computed what the test says."""

    def __init__(self, **allowed: Any) -> None:
        self._allowance = Allowance(**allowed)

    @property
    def allowance(self) -> Allowance:
        return self._allowance


async def on_behalf(somebody: Somebody, work: Callable[[], Awaitable[Any]]) -> Any:
    """As a request is answered: in a task of its own that says for whom."""

    async def said() -> Any:
        gated.read_as(somebody)
        return await work()

    return await asyncio.create_task(said())


def with_desk(folder: Path, work: Callable[[Desk], Any], **choices: Any) -> Any:
    async def run(twin: Twin) -> Any:
        async with twin.desk(**choices) as desk:
            await desk.ensure_baseline()
            return await work(desk)

    return twin(folder, run)


def hold(desk: Desk, held: Callable[[Design], bool] = lambda _: True) -> asyncio.Event:
    """Runs of these designs are under way, and nothing of them is computed, until the event is set."""
    execution, goes_on = desk._runs.execution, asyncio.Event()
    compute = execution.compute

    async def waits(ready: Any, plan: Design, *given: Any) -> Any:
        if held(plan):
            await goes_on.wait()
        return await compute(ready, plan, *given)

    execution.compute = waits  # type: ignore[method-assign, assignment]
    return goes_on


def count_tasks(desk: Desk, number: int) -> asyncio.Event:
    """Set once the pool was asked for so many tasks."""
    pool, asked, enough = desk._runs.execution._pool, itertools.count(1), asyncio.Event()
    run = pool.run

    async def counted(*given: Any, **choices: Any) -> Any:
        if next(asked) == number:
            enough.set()
        return await run(*given, **choices)

    pool.run = counted  # type: ignore[method-assign]
    return enough


def test_who_has_as_much_under_way_as_they_may_waits_and_others_do_not(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        anna, bruno = Somebody(who="anna", runs=1), Somebody(who="bruno", runs=1)
        hold(desk, lambda plan: bool(plan.overrides))  # until it is cancelled
        first = await on_behalf(anna, lambda: desk.start_run("quiet", members=2))
        with pytest.raises(errors.QuotaExceeded, match="1 runs at once") as refused:
            await on_behalf(anna, lambda: desk.start_run("baseline", seed=2))
        assert refused.value.where == "quota.runs"
        with pytest.raises(errors.QuotaExceeded):
            baseline = (await desk.runs("baseline"))[0]["id"]
            await on_behalf(anna, lambda: desk.analyse(baseline, 8))
        same = await on_behalf(anna, lambda: desk.start_run("quiet", members=2))
        assert same["id"] == first["id"], "what is under way may be asked for again"
        others = await on_behalf(bruno, lambda: desk.start_run("baseline", seed=3, members=2))
        await desk.cancel_run(first["id"])
        await finished(desk, first)
        assert (await finished(desk, others))["status"] == "done"
        again = await on_behalf(anna, lambda: desk.start_run("baseline", seed=2, members=2))
        assert (await finished(desk, again))["status"] == "done"

    with_desk(tmp_path, work)


def test_the_seconds_of_a_day_are_counted_over_a_restart_and_forgotten_the_next(tmp_path: Path) -> None:
    today = datetime(2026, 5, 4, 12, tzinfo=UTC)
    anna = Somebody(who="anna", cpu_s_per_day=1e-6)

    async def first(desk: Desk) -> Any:
        return await finished(desk, await on_behalf(anna, lambda: desk.start_run("quiet")))

    async def second(desk: Desk) -> Any:
        with pytest.raises(errors.QuotaExceeded, match="CPU seconds a day") as refused:
            await on_behalf(anna, lambda: desk.start_run("quiet", seed=2))
        assert refused.value.where == "quota.cpu_s_per_day"
        return await on_behalf(anna, lambda: desk.start_run("quiet"))

    async def third(desk: Desk) -> Any:
        return await on_behalf(anna, lambda: desk.start_run("quiet", seed=2))

    done = with_desk(tmp_path, first, now=lambda: today)
    assert done["status"] == "done"
    assert b"anna" in (tmp_path / "usage.json").read_bytes()
    known = with_desk(tmp_path, second, now=lambda: today)
    assert known["cached"], "what is known costs nothing"
    with_desk(tmp_path, third, now=lambda: today + timedelta(days=1))


def test_who_has_used_up_their_day_is_told_so_before_anything_starts(tmp_path: Path) -> None:
    async def work(desk: Desk) -> Any:
        with pytest.raises(errors.QuotaExceeded, match="0 runs"):
            await on_behalf(Somebody(runs=0), lambda: desk.start_run("quiet"))
        return await desk.runs("quiet")

    assert with_desk(tmp_path, work) == []


def test_planners_runs_overtake_citizens_in_the_queue(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        citizen, planner = Somebody(who="c", priority=2), Somebody(who="p")
        stuck = await desk.create_scenario({"title": "endless", "overrides": [SLOW]})
        blocking = await desk.start_run(stuck["id"])
        async for run in desk.run_events(blocking["id"]):
            if run["progress"]["share"] > 0:
                break
        in_the_queue = count_tasks(desk, 8)
        late = await on_behalf(citizen, lambda: desk.start_run("baseline", seed=7, members=4))
        soon = await on_behalf(planner, lambda: desk.start_run("baseline", seed=8, members=4))
        await in_the_queue.wait()
        await desk.cancel_run(blocking["id"])
        done = [await finished(desk, run) for run in (late, soon)]
        assert [run["status"] for run in done] == ["done", "done"]
        assert done[1]["finished_at"] < done[0]["finished_at"], "though it was asked for later"

    with_desk(tmp_path, work, workers=PoolSettings(workers=1, grace_s=0.3))


def test_a_chain_is_one_thing_under_way(tmp_path: Path) -> None:
    anna = Somebody(who="anna", runs=1)

    async def work(desk: Desk) -> Any:
        asked_again = hold(desk)
        run = await on_behalf(anna, lambda: desk.start_service("exposure", {}, members=2))
        with pytest.raises(errors.QuotaExceeded):
            await on_behalf(anna, lambda: desk.start_service("exposure", {"charge": 9.0}, members=2))
        asked_again.set()
        return await test_services.done(desk, run)

    assert test_services.with_desk(tmp_path, work, test_services.chain())["upstream"]


def test_a_recommendation_and_the_run_of_its_choice_are_one(tmp_path: Path) -> None:
    anna = Somebody(who="anna", runs=1)

    async def work(desk: Desk, _broker: Any) -> Any:
        return await on_behalf(anna, lambda: test_recommendations.answered(desk))

    found = test_recommendations.with_desk(tmp_path, work)
    assert found["error"] is None and found["run"]


def test_every_door_answers_429_with_the_reason(tmp_path: Path) -> None:
    doors = {
        "/api/scenarios/baseline/runs": {},
        "/api/services/entry-charge/runs": {},
        "/ogc/processes/model-toy/execution": {"inputs": {}},
    }

    def ask(house: SmallTwin, door: str) -> Any:
        gated.read_as(Somebody(who="anna", runs=0))
        return house.client.post(door, doors[door])

    with small_twin(tmp_path) as house:
        for door in doors:
            refused = copy_context().run(ask, house, door)
            assert (door, refused.status, refused.json["where"]) == (door, 429, "quota.runs")
            assert refused.json["detail"] == "your roles allow 0 runs at once, and 0 are under way"
        assert house.client.get("/api/runs").json["runs"] == []
