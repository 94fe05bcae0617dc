"""Which input makes a run uncertain: on a model whose variances can be written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_desk import CHARGE, CLOSE, Twin, ask, road, twin

from sympolis.domain import errors
from sympolis.orchestration.desk import Desk


async def analysed(desk: Desk, run: str, points: int = 32) -> dict[str, Any]:
    found = await desk.analyse(run, points)
    while found["status"] == "running":
        await asyncio.sleep(0.01)
        found = await desk.sensitivity(run)
    return found


def desk_of(folder: Path, work: Callable[[Desk], Any], **choices: Any) -> None:
    async def run(twin: Twin) -> None:
        async with twin.desk(**choices) as desk:
            await work(desk)

    twin(folder, run)


def test_the_charge_is_uncertain_because_of_how_people_respond(tmp_path: Path) -> None:
    """Change = distance · demand · elasticity · 5 €: with demand in 0.9–1.1 and elasticity in -0.04…-0.02 the shares
    of its variance are 0.915 and 0.082 by arithmetic (noise of 1 % on each street leaves next to nothing)."""

    async def work(desk: Desk) -> None:
        run = await ask(desk, CHARGE)
        found = await analysed(desk, run["id"])
        assert (found["status"], found["of"], found["members"]) == ("done", "change", 32 * 5 * 2)
        travel = next(one for one in found["indicators"] if one["name"] == "travel")
        first = {one["name"]: one for one in travel["inputs"]}
        assert first["charge_entry.elasticity"]["first"] == pytest.approx(0.915, abs=0.12)
        assert first["demand"]["first"] == pytest.approx(0.082, abs=0.12)
        assert first["chance"]["total"] < 0.05 and not first["chance"]["knowable"]
        assert travel["inputs"][0]["name"] == "charge_entry.elasticity"
        narrowed = travel["inputs"][0]["half_width_if_known"]
        assert 0 <= narrowed < 0.6 * travel["half_width"]
        assert first["demand"]["range"] == [0.9, 1.1] and first["demand"]["source"] == "invented for tests"

    desk_of(tmp_path, work)


def test_the_baseline_itself_is_analysed_by_value(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        run = await desk.ensure_baseline()
        found = await analysed(desk, run["id"], 8)
        assert (found["of"], found["members"]) == ("value", 8 * 4)
        assert found["indicators"][0]["inputs"][0]["name"] == "demand"

    desk_of(tmp_path, work)


def test_asking_again_computes_nothing_and_survives_a_restart(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            run = await desk.ensure_baseline()
            first = await analysed(desk, run["id"], 8)
        async with twin.desk() as desk:
            assert await desk.analyse(run["id"], 8) == first
            assert desk._pool.processes == 0

    twin(tmp_path, work)


def test_what_cannot_be_analysed_is_refused_with_the_reason(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            run = await ask(desk, CLOSE)
            with pytest.raises(errors.BadRequestData, match="8, 16"):
                await desk.analyse(run["id"], 7)
            with pytest.raises(errors.NotFound, match="no run"):
                await desk.analyse("run-x")
            assert (await desk.sensitivity(run["id"]))["status"] == "missing"
            await twin.broker.upsert([road(3, capacity=900.0)])
            with pytest.raises(errors.Conflict, match="have changed since"):
                await desk.analyse(run["id"])

    twin(tmp_path, work)


def test_two_who_ask_at_once_get_one_analysis(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        run = await desk.ensure_baseline()
        asked = await asyncio.gather(*(desk.analyse(run["id"], 8) for _ in range(4)))
        assert [one["members"] for one in asked] == [8 * 4] * 4
        assert len(desk._sensitivity._tasks) == 1
        assert (await analysed(desk, run["id"], 8))["status"] == "done"

    desk_of(tmp_path, work)
