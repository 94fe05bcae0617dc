"""Catalogues, compatibility, needs and benchmarks between two cities; partners that lie, stall and flood."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from sympolis.app.assembly import open_twin
from sympolis.app.twin import Twin
from sympolis.dataspace.calls import Answer
from sympolis.dataspace.discovery import dcat, reading
from sympolis.dataspace.discovery.catalogues import Entry, merged, rank
from sympolis.domain import errors
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Client
from sympolis.testing.neighbours import Network, lie
from sympolis.testing.small_city import write_package


@dataclasses.dataclass
class City:
    """A city's real twin in the network."""

    twin: Twin
    client: Client
    host: str

    @property
    def did(self) -> str:
        assert self.twin.federation is not None
        return self.twin.federation.own.did()

    def get(self, path: str) -> Any:
        answer = self.client.get(path, host=self.host)
        assert answer.status == 200, answer.json
        return answer.json


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Network, City, City]]:
    """Two small cities that are partners; calls go over the network in this process."""
    network, loop = Network(), asyncio.new_event_loop()
    found = []
    for name in ("a", "b"):
        folder = tmp_path_factory.mktemp(name)
        found.append(loop.run_until_complete(_city(network, folder, f"{name}.example", loop)))
    a, b = found
    loop.run_until_complete(_introduce(a, b))
    yield network, a, b
    for one in found:
        loop.run_until_complete(one.twin.close())
    loop.close()


async def _city(network: Network, folder: Path, host: str, loop: asyncio.AbstractEventLoop) -> City:
    package = write_package(folder / "smallville")
    settings = Settings(city=str(package), data=folder / "data", store="memory", public_url=f"https://{host}")
    settings = dataclasses.replace(settings, hosts=(host,))
    twin = await open_twin(settings)
    assert twin.federation is not None
    _through(twin, network)
    await twin.coordinator.run_all(lambda *_: None)
    network.hosts[host] = twin.asgi
    return City(twin, Client(twin.asgi, loop), host)


def _through(twin: Twin, network: Network) -> None:
    """All calls of the federation go over the network of the test."""
    federation = twin.federation
    assert federation is not None

    async def request(method: str, url: str, *, headers: Any = (), body: bytes = b"", **_: Any) -> Any:
        answer = await network(method, url, headers=list(headers), body=body)
        return answer

    twin.ground.client.request = request  # type: ignore[assignment, method-assign]


async def _introduce(a: City, b: City) -> None:
    for one, other in ((a, b), (b, a)):
        assert one.twin.federation is not None
        await one.twin.federation.partners.add(f"https://{other.host}")
    for one in (a, b):
        assert one.twin.federation is not None
        while one.twin.federation.partners._background:
            await asyncio.gather(*one.twin.federation.partners._background)


def test_a_search_finds_what_partners_offer(cities: tuple[Network, City, City]) -> None:
    _, a, b = cities
    everything = a.get("/api/federation/catalogue?anew=true&limit=1000")
    assert not everything["partial"], everything["partners"]
    ids = {urlsplit(one["id"]).path.rpartition("/")[2] for one in everything["entries"]}
    own = {one["id"] for one in b.get("/api/datasets")["datasets"]}
    assert own and own <= ids
    assert all(one["partner"] == b.did for one in everything["entries"])
    wanted = next(iter(own))
    found = a.get(f"/api/federation/catalogue?q={quote(wanted)}&kind=dataset")
    assert 0 < found["count"] < everything["count"]
    assert a.get("/api/federation/catalogue?q=nowhere-to-be-found")["count"] == 0


def test_every_service_meets_every_citys_data(cities: tuple[Network, City, City]) -> None:
    _, a, b = cities
    found = a.get("/api/federation/matrix?anew=true")
    assert not found["partial"] and {one["partner"] for one in found["cities"]} == {a.did, b.did}
    owners = {one["owner"] for one in found["services"]}
    assert owners <= {a.did, b.did}
    cells = {(one["owner"], one["service"], one["city"]) for one in found["cells"]}
    assert cells == {(one["owner"], one["id"], city) for one in found["services"] for city in (a.did, b.did)}
    json.dumps(found)


def test_an_open_need_is_seen_by_partners_until_it_is_closed(cities: tuple[Network, City, City]) -> None:
    _, a, b = cities
    asked = {"title": {"en": "Road segments"}, "type": "RoadSegment", "attributes": []}
    made = b.client.request("POST", "/api/federation/needs", json=asked, headers={"host": b.host}).json
    [seen] = a.get("/api/federation/needs?anew=true")["theirs"]
    assert seen["id"] == made["id"] and seen["partner"] == b.did and seen["we_have"] is not None
    assert "we_have" not in str(b.get("/api/federation/needs")["ours"])
    closed = b.client.request("DELETE", f"/api/federation/needs/{made['id']}", headers={"host": b.host})
    assert closed.json["closed_at"]
    assert a.get("/api/federation/needs?anew=true")["theirs"] == []
    wrong = b.client.request("POST", "/api/federation/needs", json={"title": ""}, headers={"host": b.host})
    assert wrong.status == 400 and wrong.json["where"] == "title"


def test_matches_are_ranked_and_say_why(cities: tuple[Network, City, City]) -> None:
    _, a, b = cities
    asked = {"title": {"en": "Road segments"}, "type": "RoadSegment"}
    need = a.client.request("POST", "/api/federation/needs", json=asked, headers={"host": a.host}).json["id"]
    given = {"name": "Institute", "kind": "research", "country": "AT", "helix": "academia"}
    party = a.client.request("POST", "/api/federation/parties", json=given, headers={"host": a.host})
    assert party.status == 201 and not party.json["twin"]
    found = a.get("/api/federation/matches?anew=true")
    best, other = found["matches"]
    assert not found["partial"] and best["id"] == b.did
    reasons = {one["reason"] for one in best["reasons"]}
    assert "they-have-open" in reasons and best["score"] > other["score"] > 0
    assert best["score"] == sum(one["points"] for one in best["reasons"])
    assert {one["id"] for one in found["ours"]["needs"]} >= {need}
    wrong = a.client.request("POST", "/api/federation/parties", json={"name": ""}, headers={"host": a.host})
    assert wrong.status == 400 and wrong.json["where"] == "name"
    for path, status in ((f"parties/{party.json['id']}", 204), ("parties/none", 404), (f"needs/{need}", 200)):
        gone = a.client.request("DELETE", f"/api/federation/{path}", headers={"host": a.host})
        assert gone.status == status


def test_a_city_of_the_same_package_is_wholly_alike(cities: tuple[Network, City, City]) -> None:
    _, a, b = cities
    found = a.get("/api/federation/twinning?anew=true")
    assert [one["id"] for one in found["cities"]] == [b.did]
    assert found["cities"][0]["likeness"] == 1.0 and found["cities"][0]["shared_kinds"]


def test_figures_of_another_method_are_not_compared(cities: tuple[Network, City, City]) -> None:
    network, a, b = cities

    def said(_method: str, url: str, _headers: Any, _body: bytes) -> Answer | None:
        if url != f"https://{b.host}/api/federation/shared/indicators":
            return None
        quality = {"share": 0.5, "grade": "poor", "entities": 10}
        return lie(
            {
                "indicators": [
                    {"id": "density", "version": "1", "unit": "C62/KMK", "value": 10, "quality": quality},
                    {"id": "young", "version": "2", "unit": "P1", "value": 10, "quality": quality},
                    {"id": "old", "version": "1", "unit": "P1", "value": "many"},
                ]
            }
        )

    network.said = said
    try:
        rows = {one["id"]: one for one in a.get("/api/federation/benchmarks?anew=true")["indicators"]}
    finally:
        network.said = None
    assert [one["value"] for one in rows["density"]["figures"] if one["partner"] == b.did] == [10]
    assert {"coverage"} <= {one["kind"] for one in rows["density"]["differences"]}
    assert not [one for one in rows["young"]["figures"] if one["partner"] == b.did]
    assert [one["version"] for one in rows["young"]["other_methods"]] == ["2"]
    assert not [one for one in rows["old"]["figures"] if one["partner"] == b.did]


def test_who_is_silent_is_named_and_answered_for_by_what_they_said(
    cities: tuple[Network, City, City],
) -> None:
    network, a, b = cities
    before = a.get("/api/federation/catalogue?anew=true")
    network.silent.add(b.host)
    try:
        found = a.get("/api/federation/catalogue?anew=true")
        assert found["partial"] and [one["state"] for one in found["partners"]] == ["stale"]
        assert found["count"] == before["count"]
        for _ in range(3):
            a.get("/api/federation/needs?anew=true")
        heard = len(network.heard)
        a.get("/api/federation/needs?anew=true")
        assert len(network.heard) == heard, "a partner that does not answer is left alone"
    finally:
        network.silent.clear()
    assert a.client.request(
        "POST", f"/api/federation/partners/{quote(b.did, safe='')}/contact", headers={"host": a.host}
    ).json["knows_us"]


def test_strangers_are_told_nothing(cities: tuple[Network, City, City]) -> None:
    _, a, _ = cities
    for name in ("services", "verdicts", "needs", "indicators", "profile"):
        assert a.client.get(f"/api/federation/shared/{name}", host=a.host).status == 401


def _deep(levels: int) -> Any:
    document: Any = {}
    for _ in range(levels):
        document = {"services": document}
    return document


@pytest.mark.parametrize(
    "said",
    [
        [],
        None,
        {"services": 1},
        {
            "services": [
                1,
                None,
                {},
                {"id": 7},
                {"id": "x", "models": [{"needs": [{"type": "T", "minimum": "many"}]}]},
            ]
        },
        {"services": [{"id": "y", "title": {"en": "\x00\x1b[31mred"}, "models": 3}]},
        {"services": [{"id": str(n), "models": []} for n in range(5000)]},
        _deep(200),
    ],
)
def test_whatever_a_partner_says_of_its_services_the_matrix_stands(
    cities: tuple[Network, City, City], said: Any
) -> None:
    network, a, b = cities
    network.said = lambda _m, url, _h, _b: (
        lie(said) if url == f"https://{b.host}/api/federation/shared/services" else None
    )
    try:
        found = a.get("/api/federation/matrix?anew=true")
    finally:
        network.said = None
    theirs = [one for one in found["services"] if one["owner"] == b.did]
    assert len(theirs) <= 100
    assert "\x1b" not in json.dumps(theirs, ensure_ascii=False)


def test_a_catalogue_cannot_make_us_call_or_send_people_elsewhere() -> None:
    named = b'{"@context": "http://127.0.0.1/secret", "@id": "https://p.example/d", "@type": "x"}'
    with pytest.raises(errors.SourceFailed, match="context"):
        dcat.entries(named, "https://p.example", "x")
    hidden = b'[{"@graph": [{"@context": {"@import": "http://127.0.0.1/"}, "@id": "x"}]}]'
    with pytest.raises(errors.SourceFailed):
        dcat.entries(hidden, "https://p.example", "x")
    with pytest.raises(errors.SourceFailed):
        dcat.entries(b"<html>", "https://p.example", "x")
    elsewhere = json.dumps(
        [{"@id": "https://evil.example/d", "@type": ["http://www.w3.org/ns/dcat#Dataset"]}]
    ).encode()
    [entry] = dcat.entries(elsewhere, "https://p.example", "x")
    assert entry.page == ""


def test_one_thing_of_both_catalogues_is_one_entry() -> None:
    [one] = merged(
        [
            Entry(id="urn:dataset:counts", offers=({"id": "o"},), via=("dsp",)),
            Entry(id="https://p/catalogue/datasets/counts", title={"it": "Conteggi"}, via=("dcat-ap",)),
        ]
    )
    assert one.offers and one.title == {"it": "Conteggi"} and one.via == ("dsp", "dcat-ap")
    assert rank(one, "CONTEGGI") > rank(one, "") > rank(one, "altro") == 0


def test_texts_of_strangers_are_cut_and_clean() -> None:
    assert reading.text("a\x00b\u202ec" + "x" * 9999) == ("abc" + "x" * 9999)[:500]
    assert reading.texts([{"@value": "Ciao", "@language": "it"}, "plain"]) == {"it": "Ciao", "": "plain"}
    assert reading.texts({"en": 3, "de": "gut"}) == {"de": "gut"}
    assert reading.number(True) is None and reading.number(float("inf")) is None
    assert reading.address("javascript:alert(1)", "https://p.example") == ""


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]
