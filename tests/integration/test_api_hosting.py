"""@contexts that the broker keeps: hosted by clients, or fetched and cached (clause 5.13)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.core_context import CORE_URL
from sympolis.context.library import ContextLibrary
from sympolis.context.terms import Contexts
from sympolis.domain.errors import ContextNotAvailable, StoreUnavailable
from sympolis.stores.context_files import ContextFiles
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, Client

PATH = "/ngsi-ld/v1/jsonldContexts"
DOCUMENT = {"@context": {"speed": "https://city.example/speed"}}
FAR = "https://far.example/context.jsonld"
LD = {"content-type": "application/ld+json"}


class Web:
    """A web of one document, which may be down."""

    def __init__(self) -> None:
        self.term = "https://far.example/speed"
        self.down = False

    async def fetch(self, url: str) -> bytes:
        if self.down or url != FAR:
            raise ContextNotAvailable("cannot be had", where=url)
        return msgspec.json.encode({"@context": {"speed": self.term}})


@pytest.fixture
def web() -> Web:
    return Web()


def open_client(web: Web, folder: Path) -> Client:
    contexts = Contexts(fetch=web.fetch)
    library = ContextLibrary(contexts, ContextFiles(folder / "contexts"))
    return Client(create_api(ApiParts(broker=Broker(MemoryStore()), contexts=contexts, library=library)))


@pytest.fixture
def client(web: Web, tmp_path: Path) -> Iterator[Client]:
    found = open_client(web, tmp_path)
    yield found
    found.close()


def host(client: Client) -> str:
    answer = client.post(PATH, DOCUMENT)
    assert (answer.status, answer.body) == (201, b"")
    location = answer.header("location")
    assert location is not None
    return location


def create(client: Client, number: int, context: Any) -> Answer:
    entity = {"id": f"urn:a:{number}", "type": "Road", "speed": {"value": 1}, "@context": context}
    return client.request("POST", "/ngsi-ld/v1/entities", json=entity, headers=LD)


def details(client: Client, name: str) -> Any:
    return client.get(f"{PATH}/{quote(name, safe='')}?details=true").json


def error(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].rpartition("/")[2]


def test_a_hosted_context_is_served_and_used(client: Client) -> None:
    location = host(client)
    assert client.get(location).json == DOCUMENT
    url = f"http://127.0.0.1:8400{location}"
    assert create(client, 1, url).status == 201
    assert create(client, 2, [location]).status == 201
    assert "https://city.example/speed" in client.get("/ngsi-ld/v1/entities/urn:a:1").json
    told = details(client, location.rpartition("/")[2])
    assert (told["URL"], told["kind"], told["numberOfHits"]) == (url, "Hosted", 3), "served once, used twice"
    assert told["lastUsage"] >= told["createdAt"]


def test_hosted_contexts_survive_the_process(client: Client, web: Web, tmp_path: Path) -> None:
    kept, gone = host(client), host(client)
    assert client.request("DELETE", gone).status == 204
    again = open_client(web, tmp_path)
    assert again.get(kept).json == DOCUMENT
    assert again.get(gone).status == 404
    again.close()


def test_a_broken_file_is_told(web: Web, tmp_path: Path) -> None:
    (tmp_path / "contexts").mkdir()
    (tmp_path / "contexts" / "x.json").write_text("{")
    with pytest.raises(StoreUnavailable):
        open_client(web, tmp_path)


def test_a_fetched_context_is_cached_and_loaded_again(client: Client, web: Web) -> None:
    assert create(client, 1, FAR).status == 201
    path = f"{PATH}/{quote(FAR, safe='')}"
    assert details(client, FAR)["kind"] == "Cached"
    assert details(client, details(client, FAR)["localId"])["URL"] == FAR
    assert error(client.get(path)) == (422, "OperationNotSupported")
    web.term = "https://far.example/newer"
    assert client.request("DELETE", f"{path}?reload=true").status == 204
    create(client, 2, FAR)
    assert web.term in client.get("/ngsi-ld/v1/entities/urn:a:2").json
    web.down = True
    assert error(client.request("DELETE", f"{path}?reload=true")) == (504, "LdContextNotAvailable")
    assert create(client, 3, FAR).status == 201, "the copy that was here is still used"
    assert client.request("DELETE", path).status == 204
    assert error(create(client, 4, FAR)) == (504, "LdContextNotAvailable")


def test_contexts_are_listed_by_kind(client: Client) -> None:
    location = host(client)
    create(client, 1, FAR)
    url = f"http://127.0.0.1:8400{location}"
    assert client.get(f"{PATH}?kind=Hosted").json == [url]
    assert set(client.get(f"{PATH}?kind=Cached").json) == {CORE_URL, FAR}
    assert client.get(f"{PATH}?kind=ImplicitlyCreated").json == []
    assert {one["URL"] for one in client.get(f"{PATH}?details=true").json} == {url, CORE_URL, FAR}


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", f"{PATH}?kind=other", 400, "BadRequestData"),
        ("GET", f"{PATH}?details=other", 400, "BadRequestData"),
        ("GET", f"{PATH}/nothing", 404, "ResourceNotFound"),
        ("DELETE", f"{PATH}/nothing", 404, "ResourceNotFound"),
        ("DELETE", f"{PATH}/{quote(CORE_URL, safe='')}", 400, "BadRequestData"),
    ],
)
def test_what_is_refused(client: Client, method: str, path: str, status: int, kind: str) -> None:
    assert error(client.request(method, path)) == (status, kind)


@pytest.mark.parametrize("document", [{}, [], {"@context": 42}, {"@context": [True]}, {"@context": {"a": 5}}])
def test_what_is_no_context_is_not_kept(client: Client, document: Any) -> None:
    assert client.post(PATH, document).status == 400
    assert client.get(f"{PATH}?kind=Hosted").json == []


def test_only_cached_contexts_are_loaded_again(client: Client) -> None:
    assert error(client.request("DELETE", f"{host(client)}?reload=true")) == (400, "BadRequestData")


def test_a_list_of_contexts_is_given_one_address(client: Client, web: Web, tmp_path: Path) -> None:
    library = ContextLibrary(Contexts(), ContextFiles(tmp_path / "more"))
    run = client.loop.run_until_complete
    kept = run(library.implicit([FAR, DOCUMENT["@context"]], "http://twin.example"))
    assert run(library.implicit([FAR, DOCUMENT["@context"]], "http://twin.example")) is kept
    contexts = Contexts(fetch=web.fetch)
    again = ContextLibrary(contexts, ContextFiles(tmp_path / "more"))
    assert [one.url for one in again.list(again.get(kept.local_id).kind)] == [kept.url]
    terms = run(contexts.resolve(kept.url))
    assert terms.expand("speed") == "https://city.example/speed"
    run(again.delete(kept.url))
    assert list(ContextFiles(tmp_path / "more").load()) == []
