"""Atlases over the API: layers of entities and of a model's table, questions, files, and what mistakes are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from sympolis.analysis.atlas import files
from sympolis.analysis.atlas.plan import AtlasField, AtlasLayer, AtlasPlan, Column, Missing
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.orchestration.atlases.desk import AGAIN, AtlasDesk, Credit
from sympolis.orchestration.desk import Desk
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import exchange

TERMS = Contexts().core()
HOST = {"host": "127.0.0.1:8400"}
TEXT = {"en": "text", "de": "Text"}
WEST, EAST = "urn:ngsi-ld:StatisticalArea:t:1", "urn:ngsi-ld:StatisticalArea:t:2"
PLAN = AtlasPlan(
    id="energy",
    title=TEXT,
    question=TEXT,
    layers=(
        AtlasLayer(id="plants", title=TEXT, entity_type="Unit", q='status=="In Betrieb"', source="register",
                   carrier=Column(field="carrier"), status=Column(field="status"),
                   capacity=Column(field="power", scale=0.001), fields=(AtlasField(name="owner", title=TEXT),)),
        AtlasLayer(id="planned", title=TEXT, kind="planned", entity_type="Unit", q='status=="In Planung"'),
        AtlasLayer(id="houses", title=TEXT, kind="other", entity_type="Building"),
        AtlasLayer(id="roofs", title=TEXT, kind="potential", model="solar", table="roofs",
                   carrier=Column(word="Sun"), capacity=Column(field="power")),
        AtlasLayer(id="broken", title=TEXT, kind="potential", model="other", table="roofs"),
    ),
    missing=(Missing(id="lines", title=TEXT, text=TEXT, connect=TEXT),),
    words={"Sun": {"en": "Sun", "de": "Sonne"}, "city": {"en": "city", "de": "Stadt"}},
)  # fmt: skip


class Models:
    """One model that left a table; work is done at once."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "roofs.parquet"
        columns = {
            "id": [7, 8],
            "power": [5.0, 50.0],
            "longitude": [12.31, 12.41],
            "latitude": [51.31, 51.31],
        }
        pyarrow.parquet.write_table(pyarrow.table(columns), self.file)

    async def model_table(self, model_id: str, table: str) -> Path:
        if model_id != "solar":
            raise errors.ModelFailed("its data are missing", where=table)
        return self.file

    async def work(self, task: Mapping[str, Any]) -> Any:
        assert task["function"] == "sympolis.analysis.atlas.files:write"
        return files.write(**task["arguments"])


def box(west: float, south: float, side: float = 0.1) -> dict[str, Any]:
    east, north = west + side, south + side
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def entity(kind: str, local: str, place: Any = None, **values: Any) -> Entity:
    attributes = {
        TERMS.expand(key): (Attribute(AttributeKind.PROPERTY, value),) for key, value in values.items()
    }
    if place is not None:
        attributes[TERMS.expand("location")] = (Attribute(AttributeKind.GEO_PROPERTY, place),)
    return Entity(f"urn:ngsi-ld:{kind}:t:{local}", (TERMS.expand(kind),), attributes)


def unit(name: str, place: Any, power: float, status: str = "In Betrieb", carrier: str = "Sun") -> Entity:
    return entity(
        "Unit", name, place, power=power, status=status, carrier=carrier, name=f"Plant {name}", owner="city"
    )


ENTITIES = (
    entity("StatisticalArea", "1", box(12.3, 51.3), name="West"),
    entity("StatisticalArea", "2", box(12.4, 51.3), name="East"),
    unit("a", {"type": "Point", "coordinates": [12.35, 51.35]}, 5000.0),
    unit("b", {"type": "Point", "coordinates": [12.45, 51.35]}, 700.0, carrier="Wind"),
    unit("c", None, 90.0),
    unit("d", {"type": "Point", "coordinates": [12.45, 51.35]}, 1.0, status="In Planung"),
    entity("Building", "h", box(12.42, 51.32, 0.001)),
)


class Twin:
    def __init__(self, folder: Path) -> None:
        self.broker = Broker(MemoryStore())
        self.desk = AtlasDesk(
            self.broker, TERMS, [PLAN], models=Models(folder), credits={"register": Credit("Register", "DL-DE-BY-2.0")},
            now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        )  # fmt: skip
        desk = Desk(self.broker, TERMS, {}, folder, city="t")
        self.api = create_api(ApiParts(broker=self.broker, contexts=Contexts(), desk=desk, atlases=self.desk))

    async def get(self, path: str) -> Any:
        return await exchange(self.api, "GET", path, headers=HOST)

    def ask(self, path: str = "", status: int = 200) -> Any:
        async def asked() -> Any:
            return await self.get(f"/api/atlases/energy{path}")

        answer = asyncio.run(asked())
        assert answer.status == status, answer.body
        return answer


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    made = Twin(tmp_path)
    asyncio.run(made.broker.upsert(list(ENTITIES)))
    return made


def test_an_atlas_says_what_it_has_what_may_be_chosen_and_what_is_missing(twin: Twin) -> None:
    found = twin.ask().json
    counts = {one["id"]: one["count"] for one in found["layers"]}
    assert counts == {"plants": 3, "planned": 1, "houses": 1, "roofs": 2, "broken": None}
    assert {one["id"]: one["problem"] for one in found["layers"]}["broken"] == "its data are missing"
    assert (found["carriers"], found["states"]) == (["Sun", "Wind"], ["In Betrieb"])
    assert [one["name"] for one in found["areas"]] == ["West", "East"]
    assert found["layers"][0]["attribution"] == "Register"
    assert [one["id"] for one in found["missing"]] == ["lines"]


def test_sums_are_by_layer_and_area(twin: Twin) -> None:
    found = twin.ask("/summary?layers=plants,roofs").json
    assert [(one["layer"], one["count"], one["capacity"]) for one in found["layers"]] == [
        ("plants", 3, 5.79),
        ("roofs", 2, 55.0),
    ]
    areas = {(one["layer"], one["area"]): one["capacity"] for one in found["areas"]}
    assert areas == {
        ("plants", WEST): 5.0,
        ("plants", EAST): 0.7,
        ("roofs", WEST): 5.0,
        ("roofs", EAST): 50.0,
    }


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("", {"a", "b", "c", "d", "h", "7", "8"}),
        ("?carriers=Wind", {"b"}),
        ("?from=1&layers=plants,houses,roofs", {"a", "h", "7", "8"}),
        (f"?areas={EAST}&layers=plants,houses", {"b", "h"}),
        ("?states=In%20Betrieb&to=1", {"b", "c"}),
    ],
)
def test_a_question_selects(twin: Twin, asked: str, left: set[str]) -> None:
    found = twin.ask(f"/features{asked}").json
    assert {one["id"].rpartition(":")[2].rpartition("/")[2] for one in found["features"]} == left


def test_a_limit_keeps_the_largest_and_says_how_many_there_are(twin: Twin) -> None:
    found = twin.ask("/features?layers=roofs&limit=1").json
    assert [one["properties"]["capacity"] for one in found["features"]] == [50.0]
    assert found["matched"] == {"roofs": 2}


@pytest.mark.parametrize("form", ["csv", "gpkg", "xlsx", "pdf"])
def test_all_of_it_is_had_as_a_file(twin: Twin, form: str) -> None:
    answer = twin.ask(f"/export?format={form}&lang=de")
    headers = dict(answer.headers)
    assert headers["content-disposition"] == f'attachment; filename="energy.{form}"'
    assert answer.body[:2] in (b"\xef\xbb", b"SQ", b"PK", b"%P")
    if form == "csv":
        text = answer.body.decode("utf-8-sig")
        assert "Sonne" in text and ",Stadt" in text, (
            "values of further fields are said in the reader's words too"
        )


def test_a_change_is_seen(twin: Twin) -> None:
    async def asked() -> tuple[int, int]:
        first = (await twin.get("/api/atlases/energy/summary?layers=planned")).json["layers"][0]["count"]
        await twin.broker.upsert([unit("e", None, 1.0, status="In Planung")])
        return first, (await twin.get("/api/atlases/energy/summary?layers=planned")).json["layers"][0][
            "count"
        ]

    assert asyncio.run(asked()) == (1, 2)


def test_a_layer_that_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    """Its model was not ready, or the machine busy: that is no reason to say so until the data change."""

    class Late(Models):
        ready = False

        async def model_table(self, model_id: str, table: str) -> Path:
            return self.file if self.ready else await super().model_table("other", table)

    async def asked() -> list[str | None]:
        models, clock = Late(tmp_path), [datetime(2026, 1, 2, tzinfo=UTC)]
        broker = Broker(MemoryStore())
        await broker.upsert(list(ENTITIES))
        desk = AtlasDesk(broker, TERMS, [PLAN], models=models, credits={}, now=lambda: clock[0])

        async def problem() -> str | None:
            layers = {one["id"]: one for one in (await desk.describe("energy"))["layers"]}
            said: str | None = layers["roofs"]["problem"]
            return said

        found = [await problem()]
        models.ready = True
        found.append(await problem())
        clock[0] += AGAIN
        return [*found, await problem()]

    assert asyncio.run(asked()) == ["its data are missing", "its data are missing", None]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/summary?layers=unknown", 400),
        ("/summary?areas=urn:nowhere", 400),
        ("/summary?from=much", 400),
        ("/summary?to=nan", 400),
        ("/features?limit=0", 400),
        ("/export", 400),
        ("/export?format=doc", 400),
        ("/export?format=csv&lang=fr", 400),
        ("/summary?color=red", 400),
        ("s", 404),
    ],
)
def test_mistakes_are_told(twin: Twin, path: str, status: int) -> None:
    twin.ask(path, status)
