"""`make demo`, as its user sees it: from real data to a calibrated baseline, kept over restarts and crashes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from tests.conftest import TwinServer, copied, start_demo, stop

pytestmark = pytest.mark.traffic

UNCALIBRATED_REFERENCE = {"r2": 0.761, "geh_below_5": 0.38}
"""The original network, mesoscopic, weekdays 08–09: the figures to beat on loops that calibration never saw."""


def test_every_source_is_in_and_its_rows_reconcile(twin_server: TwinServer) -> None:
    sources = twin_server.get("/api/sources")
    assert len(sources) >= 10
    for source in sources:
        run = source["last_run"]
        assert run["error"] is None, source["id"]
        parts = (run["accepted"], run["unchanged"], run["duplicates"], run["quarantined"])
        assert run["read"] == sum(parts), source["id"]


def test_bad_rows_of_the_real_data_are_kept_with_their_reasons(twin_server: TwinServer) -> None:
    held = [source for source in twin_server.get("/api/sources") if source["last_run"]["quarantined"]]
    assert held
    for source in held:
        quarantine = twin_server.get(f"/api/sources/{source['id']}/quarantine?limit=1000")
        assert quarantine["total"] == source["last_run"]["quarantined"]
        assert all(row["reasons"] and row["fields"] for row in quarantine["rows"])


def test_the_calibrated_model_beats_the_reference_on_loops_it_has_not_seen(twin_server: TwinServer) -> None:
    model = next(one for one in twin_server.get("/api/models") if one["id"] == "traffic")
    held_out = model["calibration"]["figures"]["held_out"]
    assert held_out["n"] >= 30
    assert held_out["r2"] > UNCALIBRATED_REFERENCE["r2"]
    assert held_out["geh_below_5"] > UNCALIBRATED_REFERENCE["geh_below_5"]
    assert 0.88 < held_out["ratio"] < 1.12


def test_every_baseline_figure_has_unit_interval_run_and_lineage(twin_server: TwinServer) -> None:
    figures = [one for one in twin_server.get("/api/indicators") if one["run"]]
    assert len(figures) >= 5
    for figure in figures:
        assert figure["unit"]
        assert figure["interval"]["low"] <= figure["value"] <= figure["interval"]["high"]
        kinds = {node["kind"] for node in twin_server.get(figure["lineage"])["nodes"]}
        assert {"source", "model", "calibration", "run"} <= kinds


def test_a_later_start_computes_nothing_anew(seeded_data: Path, tmp_path: Path) -> None:
    server = start_demo(copied(seeded_data, tmp_path / "data"))
    first = server.get("/api/runs")["runs"]
    sources = {one["id"]: one["last_run"]["id"] for one in server.get("/api/sources")}
    assert stop(server) == 0
    server = start_demo(server.data)
    try:
        assert server.get("/api/runs")["runs"] == first
        assert {one["id"]: one["last_run"]["id"] for one in server.get("/api/sources")} == sources
    finally:
        stop(server)


def test_nothing_is_lost_when_the_server_is_killed(seeded_data: Path, tmp_path: Path) -> None:
    server = start_demo(copied(seeded_data, tmp_path / "data"))
    before = server.get("/health/ready")["position"], server.get("/api/scenarios"), server.get("/api/runs")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    assert server.process.stdout is not None
    server.process.stdout.close()
    server = start_demo(server.data)
    try:
        after = server.get("/health/ready")["position"], server.get("/api/scenarios"), server.get("/api/runs")
        assert after == before
    finally:
        stop(server)
