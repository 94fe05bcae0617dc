"""What was constructed or estimated never stands where an observation is meant, and forecasts hold on real data."""

import asyncio
import csv
import tomllib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.city import acquiring, modelling, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.workers import PoolSettings
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore

FOLDER = Path(__file__).parents[1]
CONSTRUCTED = ("mortality_risk", "bolognariskdataset")
"""A public data set on Bologna whose mortality was made up by its author."""
MEASURED = {
    "air-quality-daily", "air-quality-hourly", "air-quality-stations", "loop-counts", "ring-road-counts",
    "ring-road-loops", "temperature-daily", "traffic-loops", "weather-daily", "weather-places",
}  # fmt: skip
"""Mappings of instruments: loops, stations, thermometers."""
ESTIMATED = {"stock-estimate", "travel-demand", "traffic-zones", "traffic-cordon", "car-fleet"}
"""Mappings of what a model or a study says."""


def types_of(names: set[str]) -> dict[str, str]:
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["entity_type"]
        for path in (FOLDER / "mappings").glob("*.toml")
        if path.stem.removesuffix("-portal") in names or not names
    }


def test_constructed_data_are_nowhere_in_the_package() -> None:
    for path in FOLDER.rglob("*"):
        if path.suffix == ".toml":
            text = path.read_text(encoding="utf-8").lower()
        elif path.suffix == ".parquet":
            text = " ".join(pq.read_schema(path).names).lower()
        elif path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                text = " ".join(next(csv.reader(file), [])).lower()
        else:
            continue
        assert not any(word in text for word in CONSTRUCTED), path.name


def test_only_instruments_give_what_is_called_observed() -> None:
    found = {
        name.removesuffix("-portal") for name, kind in types_of(set()).items() if kind.endswith("Observed")
    }
    assert found <= MEASURED, found - MEASURED
    assert not any(kind.endswith("Observed") for kind in types_of(ESTIMATED).values())


def test_models_are_fitted_to_instruments() -> None:
    """Whatever a model of the city is given a history of comes from a type that no estimate fills."""
    estimated = set(types_of(ESTIMATED).values())
    simulators = loader.simulators()
    for setup in modelling.models(package.load(FOLDER)):
        for need in simulators[setup.simulator].needs:
            assert not (need.history and need.type in estimated), (setup.id, need.name)


@pytest.mark.parametrize("forecast", ["pm10"])
def test_every_published_forecast_beats_the_naive_one_on_real_data(tmp_path: Path, forecast: str) -> None:
    """The cheapest of the four; the figures of all stand in ``docs/models/forecasts-bologna.md``."""
    found = asyncio.run(_evaluated(tmp_path, forecast))
    assert found["state"] in ("current", "outdated"), found["problem"]
    published = [one for one in found["series"] if one["state"] == "published"]
    assert published
    for one in published:
        assert one["figures"]["skill"] >= 0.15 and 0.85 <= one["figures"]["coverage"] <= 0.95, one["feature"]
    for one in found["series"]:
        assert (one["state"] == "published") != bool(one["reasons"]), one["feature"]


async def _evaluated(folder: Path, forecast: str) -> dict[str, Any]:
    city = package.load(FOLDER)
    terms, broker = Contexts().resolve_local(city.context["@context"]), Broker(MemoryStore())
    coordinator = acquiring.coordinator(
        city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )
    for source in ("air-quality-stations", "air-quality-daily", "weather-places", "weather-daily"):
        await coordinator.run(source)
    plans = [one for one in city.forecasts if one.id == forecast]
    desk = Desk(broker, terms, {}, folder, city=city.id, timezone=city.facts.timezone, forecasts=plans,
                workers=PoolSettings(workers=1))  # fmt: skip
    await desk.open()
    try:
        await desk.forecasts.start(forecast)
        await desk.forecasts.wait(forecast)
        return await desk.forecasts.get(forecast)
    finally:
        await desk.close()
