"""Dashboards over the API: the key date, sums by the rule, a model's figure, other places, and what changes do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sympolis.analysis.dashboards.plan import (
    DashboardPlan,
    FigurePlan,
    HistoryOf,
    Limit,
    ModelOf,
    PeerField,
    PeersPlan,
    SumOf,
    TileLink,
    TilePlan,
    TrendPlan,
    ValueOf,
)
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.scenario import Window
from sympolis.orchestration import gather
from sympolis.orchestration.dashboard_desk import DashboardDesk
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.run import Figure, Run
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import exchange

TERMS = Contexts().core()
HOST = {"host": "127.0.0.1:8400"}
TEXT = {"en": "text"}
NOW = datetime(2025, 1, 1, tzinfo=UTC)
UNITS = SumOf(
    entity_type="Unit", attribute="power", where={"status": "In Betrieb"}, since="begun", until="ended"
)
PLAN = DashboardPlan(
    id="energy",
    title=TEXT,
    question=TEXT,
    key_date=date(2024, 12, 31),
    figures=(
        FigurePlan(id="sun", title=TEXT, unit="MW", source="sums",
                   value=ValueOf(entity_type="Carrier", entity="sun", attribute="capacity")),
        FigurePlan(id="units", title=TEXT, unit="MW", scale=0.001, sum=UNITS),
        FigurePlan(id="number", title=TEXT, unit="", sum=SumOf(entity_type="Unit")),
        FigurePlan(id="weather", title=TEXT, unit="GWh", model=ModelOf(model="yield", indicator="pv")),
    ),
    tiles=(TilePlan(id="sun", title=TEXT, chart="kpi", figures=("sun",)),),
    peers=PeersPlan(entity_type="Town", own="01", source="towns", shown=("02",), names={"02": "Other"},
                    fields=(PeerField(attribute="capacity", title=TEXT, unit="MW"),)),
    trends=(TrendPlan(id="sun", figure="sun"),),
)  # fmt: skip


@dataclass
class Models:
    """A model that has not run until it is asked to."""

    run: Run | None = None
    asked: list[str] = field(default_factory=list)

    async def latest(self, model: str) -> Run | None:
        return self.run

    async def ensure(self, model: str) -> None:
        self.asked.append(model)
        figure = Figure("pv", TEXT, "GWh", "higher", 1, 170.0, 155.0, 183.0, 0.9)
        self.run = Run(
            id="run-1", scenario="baseline", scenario_version=1, scenario_title=TEXT, model=model, model_version="1",
            mode="interactive", window=Window(0, 24), seed=1, queued_at=NOW, finished_at=NOW, indicators=(figure,),
        )  # fmt: skip


def entity(kind: str, name: str, **values: Any) -> Entity:
    attributes = {
        TERMS.expand(key): (Attribute(AttributeKind.PROPERTY, value),) for key, value in values.items()
    }
    return Entity(f"urn:ngsi-ld:{kind}:t:{name}", (TERMS.expand(kind),), attributes)


class Twin:
    """A broker with a few entities, and the API over it."""

    def __init__(self, folder: Path) -> None:
        self.broker = Broker(MemoryStore())
        self.models = Models()
        self.desk = DashboardDesk(self.broker, TERMS, [PLAN], city="t", baselines=self.models)
        models = Desk(self.broker, TERMS, {}, folder, city="t")
        parts = ApiParts(broker=self.broker, contexts=Contexts(), desk=models, dashboards=self.desk)
        self.api = create_api(parts)

    async def fill(self) -> None:
        for one in (
            entity("Carrier", "sun", capacity=9.0),
            entity("Unit", "a", power=5000.0, status="In Betrieb", begun="2011-12-29"),
            entity("Unit", "b", power=700.0, status="In Betrieb", begun="2025-01-01"),
            entity("Unit", "c", power=90.0, status="In Planung", begun="2011-12-29"),
            entity("Unit", "d", power=1000.0, status="Stillgelegt", begun="2010-01-01", ended="2023-06-30"),
            entity("Town", "1", code="01", capacity=3.0),
            entity("Town", "2", code="02", capacity=8.0),
            entity("Town", "3", code="03"),
        ):
            await self.broker.create(one)
        await self.observe(("2021-12-31", 6.0), ("2024-12-31", 9.0))

    async def observe(self, *points: tuple[str, float]) -> None:
        kind, name = (TERMS.expand("Carrier"),), TERMS.expand("capacity")
        await self.broker.observe(
            [
                Observation(
                    "urn:ngsi-ld:Carrier:t:sun",
                    kind,
                    name,
                    datetime.fromisoformat(f"{day}T00:00:00+00:00"),
                    v,
                )
                for day, v in points
            ]
        )

    async def get(self, path: str) -> tuple[int, Any]:
        answer = await exchange(self.api, "GET", path, headers=HOST)
        return answer.status, answer.json

    async def figures(self, day: str = "") -> Mapping[str, Any]:
        status, found = await self.get("/api/dashboards/energy" + (f"?date={day}" if day else ""))
        assert status == 200, found
        return {one["id"]: one for one in found["figures"]}


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    made = Twin(tmp_path)
    asyncio.run(made.fill())
    return made


def test_what_counts_is_in_operation_on_the_key_date(twin: Twin) -> None:
    async def asked() -> tuple[Any, Any, Any]:
        return await twin.figures(), await twin.figures("2025-06-01"), await twin.figures("2022-06-01")

    now, later, before = asyncio.run(asked())
    assert (now["units"]["value"], now["units"]["count"]) == (5.0, 1)
    assert later["units"]["value"] == 5.7
    assert (now["sun"]["value"], before["sun"]["value"]) == (9.0, 6.0)
    assert before["units"]["value"] == 6.0, "what was given up since then counted on that day"
    assert now["number"]["value"] == 4
    assert (before["number"]["state"], before["number"]["value"]) == ("missing", None)
    assert "nicht bekannt" in before["number"]["reason"]["de"]
    assert now["sun"]["lineage"] == [
        "/api/lineage/value?entity=urn%3Angsi-ld%3ACarrier%3At%3Asun&attribute=capacity"
    ]


def test_before_anything_was_observed_there_is_no_value(twin: Twin) -> None:
    assert asyncio.run(twin.figures("2001-01-01"))["sun"]["state"] == "missing"


def test_a_models_figure_is_worked_out_after_the_start_and_has_its_interval(twin: Twin) -> None:
    async def asked() -> tuple[Any, Any]:
        before = await twin.figures()
        await twin.desk.prepare()
        return before["weather"], (await twin.figures())["weather"]

    before, after = asyncio.run(asked())
    assert (before["state"], before["value"]) == ("working", None)
    assert twin.models.asked == ["yield"]
    assert (after["value"], after["interval"]["low"], after["interval"]["level"]) == (170.0, 155.0, 0.9)
    assert after["lineage"] == ["/api/lineage/run-1"]


def test_a_model_that_cannot_be_run_says_why_and_holds_nothing_else_up(twin: Twin) -> None:
    async def refuse(model: str) -> None:
        raise errors.ModelFailed("pvlib is not installed")

    twin.models.ensure = refuse  # type: ignore[method-assign]

    async def asked() -> Any:
        await twin.figures()
        await twin.desk.prepare()
        return await twin.figures()

    found = asyncio.run(asked())
    assert (found["weather"]["state"], found["weather"]["problem"]) == ("missing", "pvlib is not installed")
    assert found["sun"]["value"] == 9.0


def test_a_change_of_what_is_shown_is_seen_and_another_costs_nothing(twin: Twin) -> None:
    async def asked() -> tuple[bool, Any]:
        first = await twin.desk.get("energy")
        await twin.broker.create(entity("Tree", "x", height=3.0))
        same = await twin.desk.get("energy") is first
        await twin.observe(("2024-12-31", 11.0))
        return same, (await twin.figures())["sun"]["value"]

    assert asyncio.run(asked()) == (True, 11.0)


def test_other_places_stand_beside_the_city(twin: Twin) -> None:
    status, found = asyncio.run(twin.get("/api/dashboards/energy/peers"))
    assert status == 200
    assert found["places"] == [{"code": "01", "name": None}, {"code": "02", "name": "Other"}]
    [capacity] = found["fields"]
    assert capacity["count"] == 2
    assert [one["rank"] for one in capacity["values"]] == [2, 1]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/dashboards/unknown", 404),
        ("/api/dashboards/energy?date=yesterday", 400),
        ("/api/dashboards/energy?day=2024-12-31", 400),
        ("/api/dashboards/energy/peers?keys=99", 404),
        ("/api/dashboards/energy/peers?keys=,", 400),
        ("/api/dashboards/unknown/peers", 404),
    ],
)
def test_mistakes_are_told(twin: Twin, path: str, status: int) -> None:
    assert asyncio.run(twin.get(path))[0] == status


def test_the_list_names_what_there_is(twin: Twin) -> None:
    status, found = asyncio.run(twin.get("/api/dashboards"))
    assert (status, [one["id"] for one in found["dashboards"]]) == (200, ["energy"])


AREAS = SumOf(entity_type="Area", attribute="people", observed=True)
STREET = {"entity_type": "Station", "entity": "street", "attribute": "no2"}
MEASURED = DashboardPlan(
    id="air",
    title=TEXT,
    question=TEXT,
    key_date=date(2024, 12, 31),
    figures=(
        FigurePlan(id="now", title=TEXT, unit="µg/m³", fresh_hours=48, value=ValueOf(**STREET, newest=True)),
        FigurePlan(id="year", title=TEXT, unit="µg/m³", history=HistoryOf(**STREET, day="mean", least_share=0.005),
                   limits=(Limit(value=40, title=TEXT, source="law", url="https://example.org/law"),
                           Limit(value=20, title=TEXT, source="law", since=date(2030, 1, 1)))),
        FigurePlan(id="days", title=TEXT, unit="d",
                   history=HistoryOf(**STREET, statistic="days_above", above=25, day="max")),
        FigurePlan(id="people", title=TEXT, unit="", sum=AREAS),
        FigurePlan(id="warmth", title=TEXT, unit="°C",
                   sum=SumOf(entity_type="Area", attribute="warmth", weight="size")),
    ),
    tiles=(TilePlan(id="now", title=TEXT, chart="kpi", figures=("now",),
                    links=(TileLink(page="forecasts", id="no2", title=TEXT),)),),
    trends=(TrendPlan(id="people", figure="people"), TrendPlan(id="year", figure="year")),
)  # fmt: skip


class Measuring(Twin):
    """A twin with a station and two areas, in a city whose days begin an hour before those of UTC."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.desk = DashboardDesk(
            self.broker, TERMS, [MEASURED], city="t", baselines=self.models, timezone="Europe/Rome"
        )
        models = Desk(self.broker, TERMS, {}, folder, city="t")
        parts = ApiParts(broker=self.broker, contexts=Contexts(), desk=models, dashboards=self.desk)
        self.api = create_api(parts)

    async def fill(self) -> None:
        await self.broker.create(entity("Station", "street", height=2.0))
        await self.broker.create(entity("Area", "a", warmth=30.0, size=3.0))
        await self.broker.create(entity("Area", "b", warmth=20.0, size=1.0))
        await self.broker.create(entity("Area", "c", size=5.0))
        await self.note("Station", "street", "no2", ("2024-03-01T10:00", 20.0), ("2024-03-01T11:00", 30.0))
        await self.note("Station", "street", "no2", ("2024-03-01T22:59", 10.0), ("2024-03-01T23:00", 40.0))
        await self.note("Station", "street", "no2", ("2025-06-01T10:00", 7.0))
        await self.note("Area", "a", "people", ("2022-12-30T23:00", 100.0), ("2023-12-30T23:00", 110.0))
        await self.note("Area", "b", "people", ("2023-12-30T23:00", 50.0), ("2025-12-30T23:00", 60.0))

    async def note(self, kind: str, name: str, attribute: str, *points: tuple[str, float]) -> None:
        """Observations of an entity, at instants of UTC."""
        id_, types, term = f"urn:ngsi-ld:{kind}:t:{name}", (TERMS.expand(kind),), TERMS.expand(attribute)
        await self.broker.observe(
            [Observation(id_, types, term, datetime.fromisoformat(f"{at}:00+00:00"), v) for at, v in points]
        )

    async def figures(self, day: str = "") -> Mapping[str, Any]:
        status, found = await self.get("/api/dashboards/air" + (f"?date={day}" if day else ""))
        assert status == 200, found
        return {one["id"]: one for one in found["figures"]}


@pytest.fixture
def measuring(tmp_path: Path) -> Measuring:
    made = Measuring(tmp_path)
    asyncio.run(made.fill())
    return made


def test_a_period_is_of_the_citys_days_and_says_on_how_many_it_was_measured(measuring: Measuring) -> None:
    """The 1st has a mean of 20 and its 23:59, the 2nd begins with 40: at 23:00 UTC it is midnight."""
    found = asyncio.run(measuring.figures())
    assert (found["year"]["value"], found["year"]["days"]) == (30.0, {"measured": 2, "of": 366})
    assert found["year"]["at"] == "2024-03-01T23:00:00.000Z"
    assert found["days"]["state"] == "missing"
    assert "2 of 366 days" in found["days"]["reason"]["en"]
    assert "2 von 366 Tagen" in found["days"]["reason"]["de"]


def test_limits_are_held_against_the_figure(measuring: Measuring) -> None:
    found = asyncio.run(measuring.figures())
    now, later = found["year"]["limits"]
    assert (now["value"], now["exceeded"], now["since"]) == (40, False, None)
    assert (later["value"], later["exceeded"], later["since"]) == (20, True, "2030-01-01")
    early = asyncio.run(measuring.figures("2020-01-01"))["year"]
    assert (early["state"], early["limits"][0]["exceeded"]) == ("missing", None)


def test_the_newest_value_is_shown_with_its_age_unless_an_earlier_day_is_asked_for(
    measuring: Measuring,
) -> None:
    now, before = asyncio.run(measuring.figures())["now"], asyncio.run(measuring.figures("2024-03-01"))["now"]
    assert (now["value"], now["at"], now["fresh_hours"]) == (7.0, "2025-06-01T10:00:00.000Z", 48)
    assert (before["value"], before["at"]) == (40.0, "2024-03-01T23:00:00.000Z")


def test_sums_of_what_is_observed_once_a_year_follow_the_key_date(measuring: Measuring) -> None:
    async def asked() -> list[tuple[Any, Any]]:
        found = [(await measuring.figures(day))["people"] for day in ("", "2022-12-31", "2026-01-01")]
        return [(one["value"], one["count"]) for one in found]

    assert asyncio.run(asked()) == [(160.0, 2), (100.0, 1), (170.0, 2)]
    early = asyncio.run(measuring.figures("2021-01-01"))["people"]
    assert (early["state"], early["value"]) == ("missing", None)


def test_a_sum_is_of_all_entities_however_few_are_read_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "PAGE", 1)
    monkeypatch.setattr(gather, "SERIES_AT_ONCE", 1)
    made = Measuring(tmp_path)
    asyncio.run(made.fill())
    found = asyncio.run(made.figures())["people"]
    assert (found["value"], found["count"]) == (160.0, 2)


def test_a_mean_weighs_the_entities_and_leaves_out_what_is_not_known(measuring: Measuring) -> None:
    found = asyncio.run(measuring.figures())["warmth"]
    assert (found["value"], found["count"]) == (27.5, 2)


def test_trends_go_year_by_year_and_tiles_lead_on(measuring: Measuring) -> None:
    _, found = asyncio.run(measuring.get("/api/dashboards/air"))
    people, year = found["trends"]
    assert [(one["at"][:4], one["value"]) for one in people["observed"]] == [
        ("2022", 100.0), ("2023", 160.0), ("2025", 170.0),
    ]  # fmt: skip
    assert [(one["at"][:4], one["value"]) for one in year["observed"]] == [("2024", 30.0)]
    assert found["tiles"][0]["links"] == [{"page": "forecasts", "id": "no2", "title": TEXT}]


def test_a_models_figure_that_nothing_moves_has_no_interval(twin: Twin) -> None:
    async def asked() -> Any:
        await twin.desk.prepare()
        assert twin.models.run is not None
        still = Figure("pv", TEXT, "GWh", "higher", 1, 170.0, 170.0, 170.0, 0.9)
        twin.models.run = replace(twin.models.run, id="run-2", indicators=(still,))
        return (await twin.figures())["weather"]

    found = asyncio.run(asked())
    assert (found["value"], found["interval"]) == (170.0, None)
