"""Bologna's traffic samples through the real path: package, mapping, quality gate, entities, model, calibration."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain.scenario import Override, Window
from sympolis.orchestration import gather
from sympolis.plugins import loader
from sympolis.plugins.simulator import Calibration, Member
from sympolis.plugins.simulators.sumo_traffic import SumoTraffic, prepared
from sympolis.stores.memory import MemoryStore
from sympolis.testing.simulators import silent

pytestmark = pytest.mark.traffic

ROOT = Path(__file__).parents[2]
CITY = ROOT / "cities" / "bologna"
PACK = ROOT.parent / "shared" / "data" / "bologna"
SOURCES = ("road-nodes", "traffic-signals", "road-network", "travel-demand", "traffic-loops", "loop-counts")
REFERENCE = {"r2": 0.761, "geh_below_5": 0.38}
"""The uncalibrated original network, mesoscopic, weekdays 08–09."""


@dataclass(frozen=True)
class Loaded:
    """The traffic entities of the twin as the model gets them, and what each source's run counted."""

    inputs: Mapping[str, Any]
    runs: Mapping[str, Any]
    folder: Path


async def _load() -> tuple[dict[str, Any], dict[str, Any]]:
    city = package.load(CITY)
    broker, terms = Broker(MemoryStore()), await Contexts().resolve(city.context["@context"])
    connectors, ledger = loader.connectors(), MemoryLedger()
    coordinator = acquiring.coordinator(city, broker, terms, connectors=connectors, ledger=ledger)
    runs = {source: await coordinator.run(source) for source in SOURCES}
    return await gather.gather(broker, terms, SumoTraffic.needs), runs


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    inputs, runs = asyncio.run(_load())
    folder = tmp_path_factory.mktemp("bologna")
    SumoTraffic().prepare(inputs, folder)
    return Loaded(inputs, runs, folder)


@pytest.fixture(scope="module")
def fitted(loaded: Loaded) -> Calibration:
    return SumoTraffic().calibrate(loaded.folder, loaded.inputs, Window(8, 9), 1, silent)


def test_every_row_of_the_tables_is_accounted_for(loaded: Loaded) -> None:
    for source, run in loaded.runs.items():
        assert run.read == run.accepted + run.unchanged + run.duplicates + run.quarantined, source
    written = json.loads((CITY / "samples/traffic/tables.json").read_text())
    assert loaded.runs["loop-counts"].read == written["loop_counts"]["written"] == 2353
    assert loaded.runs["loop-counts"].quarantined == 15  # a loop that counted more cars than a lane can carry
    assert all(run.quarantined == 0 for source, run in loaded.runs.items() if source != "loop-counts")


def test_the_network_lies_in_the_west_of_bologna(loaded: Loaded) -> None:
    lines = [s.line for s in prepared.load(loaded.folder).network.segments]
    lons, lats = np.array([point for line in lines for point in line]).T
    assert len(lines) == 267
    assert 11.29 < lons.min() < lons.max() < 11.34
    assert 44.48 < lats.min() < lats.max() < 44.51


def test_calibration_beats_the_reference_on_loops_it_has_not_seen(fitted: Calibration) -> None:
    held_out, before = fitted.figures["held_out"], fitted.figures["uncalibrated"]
    for name, mark in REFERENCE.items():
        assert held_out[name] > max(mark, before[name]), name
    assert abs(held_out["ratio"] - 1) < min(0.12, abs(before["ratio"] - 1) + 0.02)
    assert held_out["n"] >= 30


def test_a_day_is_the_same_each_time_and_a_closed_street_is_empty(
    loaded: Loaded, fitted: Calibration
) -> None:
    street = "urn:ngsi-ld:RoadSegment:bologna:a160"
    closure = Override("close_street", {"segments": [street]})

    def run(*overrides: Override) -> Any:
        member = Member({}, overrides, Window(8, 9), 5, fitted.parameters)
        return SumoTraffic().run(loaded.folder, member, silent)

    base, again, closed = run(), run(), run(closure)
    assert base.indicators == again.indicators
    np.testing.assert_array_equal(np.array(base.fields["flow"]), np.array(again.fields["flow"]))
    place = base.features.index(street)
    assert base.fields["flow"][0][place] > 100
    assert closed.fields["flow"][0][place] < 0.2 * base.fields["flow"][0][place]
    assert closed.indicators["trips_rerouted"] > 100


@pytest.mark.pack
@pytest.mark.skipif(not PACK.is_dir(), reason="the data pack is not beside the project")
def test_the_tables_are_what_the_pipeline_derives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location(
        "bologna_traffic_pipeline", CITY / "pipeline" / "traffic.py"
    )
    assert spec is not None and spec.loader is not None
    pipeline = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, pipeline)  # dataclasses look their module up
    spec.loader.exec_module(pipeline)
    pipeline.build(PACK, tmp_path)
    derived = {p.name: p.read_bytes() for p in (tmp_path / "traffic").iterdir()}
    assert derived == {p.name: p.read_bytes() for p in (CITY / "samples" / "traffic").iterdir()}
