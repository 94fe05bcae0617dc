"""Dashboards put together in the browser: bound to what the twin has, versioned, seen by whom they are meant for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sympolis.analysis.dashboards.composed import ComposedTile, Composition, Draft, Known, TileKind, mistakes
from sympolis.api.sending import SECURITY_HEADERS, framed_by
from sympolis.app.assembly import open_twin
from sympolis.app.moving import of_people_and_partners
from sympolis.app.twin import Twin
from sympolis.context.dumps import whole
from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.settings import Settings
from sympolis.stores.embedded.compositions import EmbeddedCompositions
from sympolis.testing.asgi_client import Answer, Client
from sympolis.testing.small_city import write_package

BASE = "/api/dashboards/composed"
TEXT = {"id": "words", "kind": "text", "text": {"en": "What we look at on Mondays."}}
BOARD = {"title": {"en": "Mondays"}, "tiles": [TEXT]}


@dataclass
class House:
    """A twin that asks everybody who they are."""

    twin: Twin
    client: Client
    keys: dict[str, str]

    def ask(self, method: str, path: str, role: str = "", json: Any = None) -> Answer:
        headers = {"authorization": f"Bearer {self.keys[role]}"} if role else {}
        return self.client.request(method, path, json=json, headers=headers)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = write_package(tmp_path_factory.mktemp("city") / "smallville")
    data = tmp_path_factory.mktemp("data")
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        settings = Settings(city=str(folder), data=data, store="memory", identity="required")
        twin = loop.run_until_complete(open_twin(settings))
        assert twin.government is not None
        keys = {}
        for role in ("planner", "analyst", "citizen", "administrator"):
            twin.government.governed.accounts.add(role, roles=[role])
            keys[role] = twin.government.governed.accounts.add_key(role)[1]
        yield House(twin, Client(twin.asgi, loop), keys)
        loop.run_until_complete(twin.close())


def made(house: House, **more: Any) -> dict[str, Any]:
    answer = house.ask("POST", BASE, "planner", {**BOARD, **more})
    assert answer.status == 201, answer.json
    assert answer.header("location") == f"{BASE}/{answer.json['id']}"
    return dict(answer.json)


@pytest.mark.parametrize(
    ("visibility", "seen_by"),
    [
        ("draft", {"planner", "administrator"}),
        ("shared", {"planner", "administrator", "analyst", "citizen"}),
        ("public", {"planner", "administrator", "analyst", "citizen", ""}),
    ],
)
def test_everybody_sees_what_is_meant_for_them(house: House, visibility: str, seen_by: set[str]) -> None:
    board = made(house, visibility=visibility)
    for role in ("planner", "administrator", "analyst", "citizen", ""):
        found = house.ask("GET", f"{BASE}/{board['id']}", role)
        listed = {one["id"] for one in house.ask("GET", BASE, role).json["dashboards"]}
        assert (found.status == 200, board["id"] in listed) == (role in seen_by, role in seen_by), role
        if role in seen_by:
            assert (found.json["owner"] == "planner") == (role in ("planner", "administrator"))


def test_only_who_may_compose_does_and_only_the_owner_changes(house: House) -> None:
    assert house.ask("POST", BASE, "citizen", BOARD).status == 403
    assert house.ask("POST", BASE, "", BOARD).status == 401
    path = f"{BASE}/{made(house, visibility='shared')['id']}"
    for method, body in (("PUT", {**BOARD, "version": 1}), ("DELETE", None)):
        assert house.ask(method, path, "analyst", body).status == 403
    assert house.ask("GET", f"{path}/versions", "analyst").status == 403
    assert house.ask("DELETE", path, "planner").status == 204
    assert house.ask("GET", path, "planner").status == 404


def test_a_change_made_meanwhile_is_not_overwritten_and_nothing_is_lost(house: House) -> None:
    path = f"{BASE}/{made(house, visibility='public')['id']}"
    second = house.ask(
        "PUT", path, "planner", {**BOARD, "title": {"en": "Tuesdays"}, "visibility": "public", "version": 1}
    )
    assert (second.status, second.json["version"]) == (200, 2)
    late = house.ask("PUT", path, "administrator", {**BOARD, "version": 1})
    assert late.status == 409 and "version 2" in late.json["detail"]
    assert house.ask("GET", f"{path}?version=1", "planner").json["title"] == {"en": "Mondays"}
    assert house.ask("GET", f"{path}?version=1", "citizen").status == 404, "earlier ones are the owner's"
    assert [one["version"] for one in house.ask("GET", f"{path}/versions", "planner").json["versions"]] == [
        2,
        1,
    ]


@pytest.mark.parametrize(
    ("tile", "where"),
    [
        ({"id": "a", "kind": "indicator", "indicator": "nothing"}, "tiles[0].indicator"),
        ({"id": "a", "kind": "map", "layer": "nothing"}, "tiles[0].layer"),
        ({"id": "a", "kind": "series", "layer": "stations", "field": "no", "feature": "x"}, "tiles[0].field"),
        ({"id": "a", "kind": "forecast", "forecast": "nothing", "feature": "x"}, "tiles[0].forecast"),
        ({"id": "a", "kind": "figure", "dashboard": "no", "figure": "no"}, "tiles[0].figure"),
        ({"id": "a", "kind": "text"}, "tiles[0].text"),
        ({"id": "a", "kind": "alerts", "layer": "stations"}, "tiles[0].layer"),
        ({"id": "a", "kind": "text", "text": {"en": "x" * 4001}}, "tiles[0].text"),
        ({"id": "a", "kind": "text", "text": {"en": "x"}, "width": 5}, "dashboard"),
        ({"id": "a", "kind": "text", "text": {"en": "x"}, "colour": "red"}, "dashboard"),
    ],
)
def test_what_a_tile_cannot_be_is_refused_and_named(house: House, tile: dict[str, Any], where: str) -> None:
    known = Known(layers={"stations": frozenset({"no2"})})
    try:
        draft = msgspec.convert({"title": {"en": "x"}, "tiles": [tile]}, Draft)
    except msgspec.ValidationError:
        assert where == "dashboard"
    else:
        assert where in [one for one, _ in mistakes(draft, known)]
    answer = house.ask("POST", BASE, "planner", {"title": {"en": "x"}, "tiles": [tile]})
    assert answer.status == 400


def test_limits_of_a_whole_dashboard(house: House) -> None:
    tiles = [{**TEXT, "id": f"t{i}"} for i in range(25)]
    assert house.ask("POST", BASE, "planner", {**BOARD, "tiles": tiles}).status == 400
    assert house.ask("POST", BASE, "planner", {**BOARD, "tiles": [TEXT, TEXT]}).status == 400
    assert house.ask("POST", BASE, "planner", {"title": {}}).status == 400
    assert house.ask("PUT", f"{BASE}/board-none", "planner", {**BOARD, "version": 1}).status == 404
    path = f"{BASE}/{made(house)['id']}"
    for version in (None, "1", True):
        assert house.ask("PUT", path, "planner", {**BOARD, "version": version}).status == 400
    assert house.ask("GET", f"{path}?version=0", "planner").status == 400


def test_an_indicator_and_a_layer_of_the_city_can_be_shown(house: House) -> None:
    layers = house.ask("GET", "/api/map/layers", "planner").json
    layer = next(one for one in layers if one["fields"])
    tile = {"id": "m", "kind": "map", "layer": layer["id"], "field": layer["fields"][0]["name"], "width": 2}
    assert made(house, tiles=[tile])["tiles"] == [tile]


def test_other_sites_may_frame_embedded_pages_alone_and_only_where_they_are_named(house: House) -> None:
    for path in ("/", "/embed/dashboards/board-1"):
        policy = house.ask("GET", path).header("content-security-policy") or ""
        assert policy.endswith("frame-ancestors 'self'"), path
    named = dict(framed_by(("https://www.city.example",)))
    policy = named[b"content-security-policy"].decode()
    assert policy.endswith("frame-ancestors 'self' https://www.city.example")
    assert named.keys() == dict(SECURITY_HEADERS).keys()


AT = datetime(2026, 3, 2, tzinfo=UTC)


def composition(version: int) -> Composition:
    tile = ComposedTile(id="a", kind=TileKind.ALERTS, width=3)
    return Composition(
        id="board-1", version=version, title={"en": str(version)}, owner="a", created_at=AT, modified_at=AT,
        modified_by="a", tiles=(tile,),
    )  # fmt: skip


def test_a_book_keeps_so_many_versions_and_no_version_twice(tmp_path: Path) -> None:
    book = EmbeddedCompositions.open(tmp_path)
    assert [book.keep(composition(n), most=3) for n in (1, 2, 3, 4)] == [True] * 4
    assert not book.keep(composition(4), most=3)
    book.close()
    book = EmbeddedCompositions.open(tmp_path)
    assert [one.version for one in book.versions("board-1")] == [4, 3, 2]
    assert book.get("board-1") == composition(4) and book.get("board-1", 3) == composition(3)
    assert book.get("board-1", 1) is None and book.get("board-2") is None
    assert book.newest() == [composition(4)]
    assert (book.drop("board-1"), book.drop("board-1"), book.newest()) == (True, False, [])
    book.close()


def test_a_backup_carries_them(tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    book = EmbeddedCompositions.open(there)
    book.keep(composition(1), most=3)
    book.close()

    async def move() -> None:
        await whole.dump(
            of_people_and_partners(there),
            DumpWriter(whole.empty_folder(tmp_path / "dump")),
            version="t",
            of={},
        )
        for part in of_people_and_partners(back):
            await part.restore(DumpReader(tmp_path / "dump"))

    asyncio.run(move())
    book = EmbeddedCompositions.open(back)
    assert book.get("board-1") == composition(1)
    book.close()
