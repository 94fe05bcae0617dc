"""Forecasts over the API: worked out in a worker, published as entities, found after a restart, renewed by data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sympolis.analysis.forecasting.plan import LINEAR, ForecastPlan
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.context.terms import Contexts
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.workers import PoolSettings
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import exchange

TERMS = Contexts().core()
HOST = {"host": "127.0.0.1:8400"}
START = datetime(2024, 1, 1, 12, tzinfo=UTC)
DAYS = 420
STEADY, NOISE = "urn:ngsi-ld:Meter:test:steady", "urn:ngsi-ld:Meter:test:noise"
PLAN = ForecastPlan(
    id="use",
    title={"en": "Use of water", "it": "Consumo d'acqua", "de": "Wasserverbrauch"},
    entity_type="Meter",
    attribute="use",
    unit="m³",
    source="meters",
    resolution="day",
    horizon=3,
    stride=1,
    seasons=(1, 7),
    models=(LINEAR,),
    anchor="kind",
    held_out_days=150,
    refit_days=60,
    calibration_days=60,
)
SHORT = ForecastPlan(
    **{**{f: getattr(PLAN, f) for f in PLAN.__dataclass_fields__}, "id": "long", "held_out_days": 2000}
)


def values(name: str, days: int) -> Any:
    """A week's rhythm with noise; and a level that wanders, of which yesterday says all."""
    random = np.random.default_rng(len(name))
    if name == STEADY:
        return (
            np.tile([50.0, 52, 51, 53, 50, 30, 25], days // 7 + 1)[:days] + random.normal(0, 4, days)
        ).round(3)
    return (500 + np.cumsum(random.normal(0, 3, days))).round(3)


def observations(days: range) -> list[Observation]:
    kind, attribute = (TERMS.expand("Meter"),), TERMS.expand("use")
    return [
        Observation(name, kind, attribute, START + timedelta(days=day), float(values(name, DAYS + 10)[day]))
        for name in (STEADY, NOISE)
        for day in days
    ]


async def filled() -> Broker:
    broker = Broker(MemoryStore())
    one = (Attribute(AttributeKind.PROPERTY, 1.0),)
    meters = [Entity(name, (TERMS.expand("Meter"),), {TERMS.expand("use"): one}) for name in (STEADY, NOISE)]
    await broker.upsert(meters)
    await broker.observe(observations(range(DAYS)))
    return broker


class Api:
    """The twin's API over a desk."""

    def __init__(self, broker: Broker, desk: Desk) -> None:
        self.desk = desk
        self._app = create_api(ApiParts(broker=broker, contexts=Contexts(), desk=desk))

    async def ask(self, method: str, path: str, status: int = 200) -> Any:
        answer = await exchange(self._app, method, path, headers=HOST)
        assert answer.status == status, answer.body
        return answer.json


@asynccontextmanager
async def api(broker: Broker, folder: Path, plans: Sequence[ForecastPlan] = (PLAN,)) -> AsyncIterator[Api]:
    desk = Desk(broker, TERMS, {}, folder, city="test", forecasts=plans, workers=PoolSettings(workers=1))
    await desk.open()
    try:
        yield Api(broker, desk)
    finally:
        await desk.close()


def test_a_forecast_from_nothing_to_its_entities(tmp_path: Path) -> None:
    asyncio.run(_a_forecast_from_nothing_to_its_entities(tmp_path))


async def _a_forecast_from_nothing_to_its_entities(tmp_path: Path) -> None:
    broker = await filled()
    async with api(broker, tmp_path) as twin:
        [listed] = await twin.ask("GET", "/api/forecasts")
        assert (listed["id"], listed["state"], listed["series"]) == ("use", "missing", [])
        started = await twin.ask("POST", "/api/forecasts/use/runs", 202)
        assert started["state"] == "working"
        assert [job["kind"] for job in await twin.ask("GET", "/api/jobs")] == ["forecast"]
        await twin.desk.forecasts.wait("use")
        found = await twin.ask("GET", "/api/forecasts/use")
        assert (found["state"], found["published"], found["withheld"]) == ("current", 1, 1)
        assert found["origin"] == "2025-02-24T00:00:00Z", "the day after the last observation"
        noise, steady = found["series"]
        assert steady["state"] == "published" and len(steady["values"]["middle"]) == 3
        assert 40 < steady["values"]["middle"][1] < 60, "a Tuesday"
        assert noise["values"] is None
        assert noise["reasons"][0]["code"] == "skill"
        assert "'as a day ago'" in noise["reasons"][0]["text"]["en"]
        one = await twin.ask("GET", f"/api/forecasts/use?feature={STEADY}")
        assert [series["feature"] for series in one["series"]] == [STEADY]
        assert len(one["series"][0]["past"][-1]["observed"]) == 3
        assert (await twin.ask("POST", "/api/forecasts/use/runs"))["made_at"] == found["made_at"]
    entities = (await broker.query(Query(types=TypeIs(TERMS.expand("Forecast"))))).entities
    kept = {entity.id: entity for entity in entities}
    published = kept["urn:ngsi-ld:Forecast:test:use-steady"]
    assert published.value(TERMS.expand("values"))["middle"] == steady["values"]["middle"]
    assert published.value(TERMS.expand("evaluation"))["skill"] == steady["figures"]["skill"]
    assert published.value(TERMS.expand("wasDerivedFrom")) == STEADY
    withheld = kept["urn:ngsi-ld:Forecast:test:use-noise"]
    assert withheld.value(TERMS.expand("status")) == "withheld"
    assert withheld.value(TERMS.expand("values")) is None


def test_it_outlives_a_restart_and_is_renewed_when_data_come(tmp_path: Path) -> None:
    asyncio.run(_it_outlives_a_restart_and_is_renewed_when_data_come(tmp_path))


async def _it_outlives_a_restart_and_is_renewed_when_data_come(tmp_path: Path) -> None:
    broker = await filled()
    async with api(broker, tmp_path) as twin:
        await twin.desk.forecasts.start("use")
        await twin.desk.forecasts.wait("use")
    async with api(broker, tmp_path) as twin:
        before = await twin.ask("GET", "/api/forecasts/use")
        assert before["state"] == "current"
        await broker.observe(observations(range(DAYS, DAYS + 2)))
        assert (await twin.ask("GET", "/api/forecasts/use"))["state"] == "outdated"
        stopped = asyncio.Event()
        keeping = asyncio.create_task(twin.desk.forecasts.keep_current(stopped))
        while (after := await twin.ask("GET", "/api/forecasts/use"))["state"] != "current":
            await asyncio.sleep(0)
        stopped.set()
        await keeping
    assert after["origin"] == "2025-02-26T00:00:00Z"
    assert after["evaluated_at_origin"] == before["origin"], "two days more make no other evaluation"


def test_what_cannot_be_judged_says_why(tmp_path: Path) -> None:
    asyncio.run(_what_cannot_be_judged_says_why(tmp_path))


async def _what_cannot_be_judged_says_why(tmp_path: Path) -> None:
    async with api(await filled(), tmp_path, (SHORT,)) as twin:
        await twin.desk.forecasts.start("long")
        await twin.desk.forecasts.wait("long")
        found = await twin.ask("GET", "/api/forecasts/long")
        assert found["state"] == "failed"
        assert found["problem"] == "the series span 420 days, 2102 are needed to judge a forecast"


def test_what_failed_is_tried_again_when_data_come(tmp_path: Path) -> None:
    asyncio.run(_what_failed_is_tried_again_when_data_come(tmp_path))


async def _what_failed_is_tried_again_when_data_come(tmp_path: Path) -> None:
    broker = Broker(MemoryStore())
    async with api(broker, tmp_path) as twin:
        stopped = asyncio.Event()
        keeping = asyncio.create_task(twin.desk.forecasts.keep_current(stopped, every_s=0.01))
        while (found := await twin.ask("GET", "/api/forecasts/use"))["state"] != "failed":
            await asyncio.sleep(0)
        assert "at least 1 Meter" in found["problem"]
        one = (Attribute(AttributeKind.PROPERTY, 1.0),)
        await broker.upsert([Entity(STEADY, (TERMS.expand("Meter"),), {TERMS.expand("use"): one})])
        await broker.observe([one for one in observations(range(DAYS)) if one.entity_id == STEADY])
        while (found := await twin.ask("GET", "/api/forecasts/use"))["state"] != "current":
            await asyncio.sleep(0.01)
        stopped.set()
        await keeping
    assert found["published"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/forecasts/tomorrow", 404),
        ("POST", "/api/forecasts/tomorrow/runs", 404),
        ("GET", "/api/forecasts/use?horizon=3", 400),
    ],
)
def test_what_is_not_there(tmp_path: Path, method: str, path: str, status: int) -> None:
    asyncio.run(_what_is_not_there(tmp_path, method, path, status))


async def _what_is_not_there(tmp_path: Path, method: str, path: str, status: int) -> None:
    async with api(Broker(MemoryStore()), tmp_path) as twin:
        await twin.ask(method, path, status)
