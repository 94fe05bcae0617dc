"""Which model of a chain makes its answer uncertain: on two models whose variances can be written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.integration.test_services import CHARGE, TERMS, _road, chain, done

from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.model_desk import ModelSetup
from sympolis.orchestration.workers import PoolSettings
from sympolis.stores.memory import MemoryStore
from sympolis.testing.simulators import ToySimulator
from sympolis.testing.toy_exposure import UncertainExposure


def with_chain(folder: Path, work: Callable[[Desk], Any]) -> Any:
    async def run() -> Any:
        broker = Broker(MemoryStore())
        await broker.upsert([_road(number) for number in range(4)])
        desk = Desk(
            broker, TERMS, {"toy": ToySimulator, "toy_exposure": UncertainExposure}, folder, city="test",
            models=[
                ModelSetup(id="toy", simulator="toy", calibrated=False),
                ModelSetup(id="exposure", simulator="toy_exposure", calibrated=False),
            ],
            scenarios=[CHARGE], services=[chain()], workers=PoolSettings(workers=3, grace_s=0.3),
        )  # fmt: skip
        await desk.open()
        try:
            return await work(desk)
        finally:
            await desk.close()

    return asyncio.run(run())


async def analysed(desk: Desk, run: str, points: int) -> dict[str, Any]:
    found = await desk.analyse(run, points)
    while found["status"] == "running":
        await asyncio.sleep(0.01)
        found = await desk.sensitivity(run)
    assert found["status"] == "done", found["error"]
    return found


def test_the_unknowns_of_every_model_share_the_blame(tmp_path: Path) -> None:
    """The change of the exposure is proportional to uptake (0.8-1.2), demand (0.9-1.1) and elasticity (-0.04…-0.02).

    Of the variance of a product of three such numbers, 0.245, 0.061 and 0.681 go with one of them alone.
    """

    async def work(desk: Desk) -> None:
        run = await done(desk, await desk.start_service("exposure", {}))
        kept = set((tmp_path / "members").rglob("*.npz"))
        found = await analysed(desk, run["id"], 32)
        assert found["of"] == "change"
        [exposure] = found["indicators"]
        shares = {one["name"]: (one["model"], one["first"]) for one in exposure["inputs"]}
        assert shares["charge_entry.elasticity"] == ("toy", pytest.approx(0.681, abs=0.12))
        assert shares["uptake"] == ("exposure", pytest.approx(0.245, abs=0.12))
        assert shares["demand"] == ("toy", pytest.approx(0.061, abs=0.12))
        assert exposure["inputs"][0]["half_width_if_known"] < 0.75 * exposure["half_width"]
        chance = next(one for one in exposure["inputs"] if one["name"] == "chance")
        assert not chance["knowable"] and chance["total"] < 0.05
        # Both sides of three unknowns and chance are 32·6 points; the model before does not vary with the uptake, and
        # the world as it is not with the elasticity: its members are found again there.
        made = len(set((tmp_path / "members").rglob("*.npz")) - kept)
        assert found["members"] == 32 * (5 + 6) * 2
        assert made == 32 * (5 + 4 + 6 + 5)

    with_chain(tmp_path, work)


def test_asking_again_costs_nothing_and_the_world_as_it_is_is_analysed_by_value(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        run = await done(desk, await desk.start_service("exposure", {}))
        baseline = await desk.run(run["baseline"])
        found = await analysed(desk, baseline["id"], 8)
        assert (found["of"], found["members"]) == ("value", 8 * 4 + 8 * 5)
        assert {one["name"] for one in found["indicators"][0]["inputs"]} == {"uptake", "demand", "chance"}
        assert await desk.analyse(baseline["id"], 8) == found

    with_chain(tmp_path, work)


def test_a_chain_whose_fields_were_not_noted_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        run = await done(desk, await desk.start_service("exposure", {}))
        board = desk._runs.board
        board.post(replace(board.get(run["id"]), feeds={}))
        with pytest.raises(errors.Conflict, match="did not note") as refused:
            await desk.analyse(run["id"], 8)
        assert "again" in refused.value.hint

    with_chain(tmp_path, work)


def test_what_fed_a_run_survives_a_restart(tmp_path: Path) -> None:
    async def first(desk: Desk) -> Any:
        return await done(desk, await desk.start_service("exposure", {}))

    async def second(desk: Desk) -> Any:
        return desk._runs.board.get(run["id"])

    run = with_chain(tmp_path, first)
    kept = with_chain(tmp_path, second)
    [(need, given)] = kept.feeds.items()
    assert (need, given.run) == ("traffic", run["upstream"]["traffic"])
    assert msgspec.to_builtins(given.fields) == {"volume": "flow"}
