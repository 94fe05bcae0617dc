"""Partners that are no twins: somebody who speaks the Dataspace Protocol alone, and catalogues in DCAT-AP alone.

The stand-in for a connector gives nothing but what the standards have: its version document (elsewhere than a twin has
it), the protocol below another path, its DID document, its credential service, and data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from sympolis.dataspace.discovery import dcat
from sympolis.domain import errors
from sympolis.testing.trading import AREAS, Pair, Wire, open_trading_twin

CONNECTOR = "http://b.test/connector"
VERSIONS = {"protocolVersions": [{"version": "2025-1", "path": "/v1", "binding": "HTTPS"}]}
OPEN = ("/.well-known/did.json", "/api/federation/dcp/presentations/query", "/dsp/data/")
PORTAL = "http://portal.test/catalog.ttl"


async def reply(send: Any, body: bytes, media: str, status: int = 200) -> None:
    headers = [(b"content-type", media.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Connector:
    """What is left of a twin when it speaks by the standard alone."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside
        self.refused: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path == "/connector/.well-known/dspace-version":
            await reply(send, msgspec.json.encode(VERSIONS), "application/json")
        elif path.startswith("/connector/v1/"):
            path = "/dsp/" + path.removeprefix("/connector/v1/")
            raw = scope["raw_path"].replace(b"/connector/v1/", b"/dsp/")
            await self.inside({**scope, "path": path, "raw_path": raw}, receive, send)
        elif path.startswith(OPEN):
            await self.inside(scope, receive, send)
        else:
            self.refused.append(path)
            await reply(send, b"", "text/plain", 404)


class Portal:
    """A catalogue of two pages in Turtle, as portals give it."""

    def __init__(self, pages: Mapping[str, str], media: str = "text/turtle") -> None:
        self.pages = pages
        self.media = media
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        target = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        self.asked.append(target)
        found = self.pages.get(target)
        await reply(send, (found or "").encode(), self.media, 404 if found is None else 200)


def page(number: int, following: str = "") -> str:
    more = f"<?> a hydra:PagedCollection ; hydra:next <{following}> ." if following else ""
    return f"""
    @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
    @prefix hydra: <http://www.w3.org/ns/hydra/core#> .
    <http://portal.test/> a dcat:Catalog ; dct:title "Offene Daten"@de .
    <http://portal.test/dataset/{number}> a dcat:Dataset ; dct:title "Bäume {number}"@de ;
      dcat:distribution [ a dcat:Distribution ; dct:format "CSV" ;
        dct:license <http://dcat-ap.de/def/licenses/cc-zero> ] . {more}"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A consumer, and a provider who knows it and is behind the standard for it."""
    folder, wire = tmp_path_factory.mktemp("standard"), Wire()
    with asyncio.Runner() as runner:
        provider = runner.run(open_trading_twin(folder, "b", wire))
        consumer = runner.run(open_trading_twin(folder, "a", wire))
        found = Pair(runner, wire, provider, consumer)
        assert found.ask(provider, "POST", "/partners", {"base_url": "http://a.test"}).status == 201
        wire.apps["b.test"] = Connector(provider.twin.asgi)
        yield found
        for one in (provider, consumer):
            runner.run(one.twin.close())


@pytest.fixture(scope="module")
def partner(pair: Pair) -> Any:
    answer = pair.ask(pair.consumer, "POST", "/partners", {"base_url": CONNECTOR, "id": pair.provider.id})
    assert answer.status == 201, answer.json
    return answer.json


def test_a_connector_is_met_by_its_version_document_and_its_did(pair: Pair, partner: Any) -> None:
    assert partner["kind"] == "connector" and partner["dsp_url"] == f"{CONNECTOR}/v1"
    assert partner["last_contact_at"] and not partner["last_failure"]
    assert pair.ask(pair.consumer, "POST", f"/partners/{quote(partner['id'], safe='')}/contact").status == 200


def test_its_offers_are_found_and_nobody_misses_the_rest(pair: Pair, partner: Any) -> None:
    found = pair.ask(pair.consumer, "GET", "/catalogue?anew=true").json
    assert not found["partial"], found["partners"]
    [areas] = [one for one in found["entries"] if one["id"] == AREAS]
    assert areas["partner"] == partner["id"] and areas["offers"] and areas["via"] == ["dsp"]
    for what in ("matrix", "needs", "benchmarks", "matches"):
        assert not pair.ask(pair.consumer, "GET", f"/{what}?anew=true").json["partial"], what


def test_a_contract_and_a_transfer_by_the_protocol_alone(pair: Pair, partner: Any) -> None:
    ours = pair.agree()
    assert ours["state"] == "FINALIZED" and ours["partner"] == partner["id"]
    done = pair.begin(ours["agreement"], "File-PULL")
    assert done["received"], done
    assert pair.wire.to("b.test", "/v1/negotiations/request")
    assert not [one for one in pair.wire.apps["b.test"].refused if one.startswith("/dsp")]
    end = f"/agreements/{quote(ours['agreement'], safe='')}/decision"
    ended = pair.ask(pair.consumer, "POST", end, {"act": "terminate", "why": "enough"})
    assert ended.status == 200, ended.json
    pair.settle()
    [theirs] = pair.ask(pair.provider, "GET", "/transfers").json["transfers"]
    assert theirs["state"] in ("TERMINATED", "COMPLETED")


def test_whose_did_names_nothing_there_is_refused(pair: Pair) -> None:
    pair.wire.apps["evil.test"] = Connector(pair.provider.twin.asgi)
    adding = {"base_url": "http://evil.test/connector", "id": pair.provider.id}
    answer = pair.ask(pair.consumer, "POST", "/partners", adding)
    assert answer.status == 403 and "names no service" in answer.json["detail"]
    nameless = pair.ask(pair.consumer, "POST", "/partners", {"base_url": "http://evil.test/connector"})
    assert nameless.status >= 500 and "DID" in nameless.json["hint"]
    del pair.wire.apps["evil.test"]


def test_a_portals_catalogue_is_searched_page_by_page(pair: Pair, partner: Any) -> None:
    portal = Portal({"/catalog.ttl": page(1, f"{PORTAL}?page=2"), "/catalog.ttl?page=2": page(2)})
    pair.wire.apps["portal.test"] = portal
    added = pair.ask(pair.consumer, "POST", "/partners", {"base_url": "http://portal.test"})
    assert added.status == 201, added.json
    one = added.json
    assert (one["kind"], one["catalogue_url"], one["title"]) == ("catalogue", PORTAL, {"de": "Offene Daten"})
    found = pair.ask(pair.consumer, "GET", "/catalogue?q=baume&anew=true").json
    assert not found["partial"] and found["count"] == 2
    assert {entry["page"] for entry in found["entries"]} == {
        f"http://portal.test/dataset/{n}" for n in (1, 2)
    }
    assert all(entry["formats"] == ["CSV"] and not entry["offers"] for entry in found["entries"])
    asked = {"partner": one["id"], "dataset": "http://portal.test/dataset/1"}
    assert pair.ask(pair.consumer, "POST", "/negotiations", asked).status == 409
    name = quote(one["id"], safe="")
    assert pair.ask(pair.consumer, "GET", f"/partners/{name}").json["id"] == one["id"]
    assert pair.ask(pair.consumer, "POST", f"/partners/{name}/contact").status == 200
    assert pair.ask(pair.consumer, "DELETE", f"/partners/{name}").status == 204


def test_a_portal_leads_nowhere_else_and_does_not_go_round(pair: Pair) -> None:
    portal = Portal({"/catalog.ttl": page(1, "http://a.test/secret")})
    pair.wire.apps["portal.test"] = portal
    adding = {"base_url": "http://portal.test", "invitation": "word"}
    assert pair.ask(pair.consumer, "POST", "/partners", adding).json["where"] == "invitation"
    assert pair.ask(pair.consumer, "POST", "/partners", {"base_url": "http://portal.test"}).status == 201
    before = len(pair.wire.sent)
    pair.ask(pair.consumer, "GET", "/catalogue?anew=true")
    assert not [one for one in pair.wire.sent[before:] if "secret" in one.url]
    portal.pages, portal.asked = {"/catalog.ttl": page(1, PORTAL)}, []
    pair.ask(pair.consumer, "GET", "/catalogue?anew=true")
    assert portal.asked == ["/catalog.ttl"]
    pair.ask(pair.consumer, "DELETE", f"/partners/{quote(PORTAL, safe='')}")


def test_entities_in_xml_are_not_read() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
    with pytest.raises(errors.SourceFailed, match="entities"):
        dcat._graph(bomb, "http://portal.test", "xml")


def test_where_nobody_is_every_try_is_told(pair: Pair) -> None:
    pair.wire.apps["nothing.test"] = Portal({})
    answer = pair.ask(pair.consumer, "POST", "/partners", {"base_url": "http://nothing.test"})
    assert answer.status >= 500 and "neither a twin, nor a connector" in answer.json["detail"]
