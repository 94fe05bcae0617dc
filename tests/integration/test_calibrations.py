"""Calibrations as things of their own: asked for, kept, judged again on later observations, shown beside results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_desk import TERMS, Twin, _fields, count, twin

from sympolis.domain import errors
from sympolis.domain.changes import Observation
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.model_desk import ModelSetup
from sympolis.testing.small_twin import small_twin


async def over(desk: Desk, model: str = "toy") -> dict[str, Any]:
    """The history of a model once its job has ended."""
    for task in tuple(desk._calibrations._tasks):
        await task
    found = await desk.calibrations(model)
    assert found["job"]["status"] == "done", found["job"]["error"]
    return found


async def doubled(twin: Twin) -> None:
    """Every loop counts twice as many as before, at the same hours."""
    old = [_fields(count(number)) for number in range(8)]
    await twin.broker.observe([Observation(**{**one, "value": 2 * one["value"]}) for one in old])


def test_a_calibration_is_a_job_whose_result_stays_in_the_history(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            begun = await desk.calibrate("toy")
            assert (begun["kind"], begun["status"]) == ("calibration", "running")
            assert (await desk.calibrate("toy"))["started_at"] == begun["started_at"], (
                "asked twice, done once"
            )
            with pytest.raises(errors.Conflict, match="under way"):
                await desk.evaluate("toy")
            first = await over(desk)
            await doubled(twin)
            await desk.calibrate("toy")
            second = await over(desk)
        async with twin.desk() as desk:
            again = await desk.calibrations("toy")
        [one] = first["calibrations"]
        assert {"training", "held_out"} <= set(one["figures"]) and one["parameters"] and one["points"]
        assert [found["id"] for found in second["calibrations"]][1] == one["id"]
        assert second["standing"] == second["calibrations"][0]["id"] != one["id"]
        assert again["calibrations"] == second["calibrations"], "a restart loses none"
        entity = await twin.broker.store.get(f"urn:ngsi-ld:ModelCalibration:test:{one['id']}")
        assert entity is not None
        assert entity.value(TERMS.expand("parameters")) == one["parameters"]

    twin(tmp_path, work)


def test_drift_is_what_the_standing_fit_has_lost_since(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            baseline = await desk.ensure_baseline()
            assert baseline["drift"]["verdict"] == "unknown"
            await desk.evaluate("toy")
            [unchanged] = (await over(desk))["evaluations"]
            assert (unchanged["verdict"], unchanged["refitted"], unchanged["against"]) == (
                "none", False, "training",
            )  # fmt: skip
            assert (await desk.run(baseline["id"]))["drift"]["verdict"] == "none"
            await doubled(twin)
            await desk.evaluate("toy")
            newest, _ = (await over(desk))["evaluations"]
            shown = await desk.run(baseline["id"])
        assert newest["verdict"] == "drifted" and newest["figures"]["ratio"] == pytest.approx(0.5, abs=0.02)
        assert newest["calibration"] == baseline["calibration_id"]
        assert shown["drift"]["verdict"] == "drifted" and shown["drift"]["lost"]["ratio"] > 0.4
        async with twin.desk() as desk:
            assert (await desk.run(baseline["id"]))["drift"] == shown["drift"]

    twin(tmp_path, work)


def test_a_model_without_observations_cannot_be_fitted(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk(models=[ModelSetup(id="toy", simulator="toy", calibrated=False)]) as desk:
            with pytest.raises(errors.Conflict, match="no observations"):
                await desk.calibrate("toy")
            with pytest.raises(errors.NotFound):
                await desk.calibrate("tyo")
            assert (await desk.calibrations("toy"))["calibrations"] == []

    twin(tmp_path, work)


def test_a_fit_that_fails_says_why(tmp_path: Path) -> None:
    async def work(twin: Twin) -> None:
        async with twin.desk() as desk:
            with pytest.raises(AssertionError, match="never calibrated"):
                await desk.evaluate("toy")
                await over(desk)

    twin(tmp_path, work)


def test_the_job_and_the_history_over_http(tmp_path: Path) -> None:
    with small_twin(tmp_path) as small:
        [model] = small.client.get("/api/models").json
        place = f"/api/models/{model['id']}"
        assert small.client.post(f"{place}/calibration", {"why": "because"}).status == 400
        begun = small.client.post(f"{place}/calibration", {})
        assert (begun.status, begun.header("location")) == (202, f"{place}/calibrations")
        found = small.client.loop.run_until_complete(over(small.desk, model["id"]))
        assert small.client.get(f"{place}/calibrations").json == found
        assert small.client.get(place).json["calibration"]["drift"]["verdict"] == "unknown"
        assert small.client.post(f"{place}/evaluation", {}).status == 202
        [judged] = small.client.loop.run_until_complete(over(small.desk, model["id"]))["evaluations"]
        drift = small.client.get(place).json["calibration"]["drift"]
        assert (drift["verdict"], drift["evaluated_at"]) == (judged["verdict"], judged["at"])
        assert small.client.get("/api/models/unheard/calibrations").status == 404
