"""The event streams: page by page for an RDF parser, and replicated by the public LDES client from npm."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client

LDES, TREE = Namespace("https://w3id.org/ldes#"), Namespace("https://w3id.org/tree#")
IS_VERSION_OF = URIRef("http://purl.org/dc/terms/isVersionOf")
DELETE = URIRef("https://www.w3.org/ns/activitystreams#Delete")
CLIENT = Path(__file__).parent / "ldes_client"
ENTITIES = 600
HOOK = Path(__file__).parents[2] / "hatch_build.py"


def loop(number: int, count: int = 0) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Loop:{number}",
        "type": "Loop",
        "count": {
            "type": "Property",
            "value": count,
            "observedAt": "2026-01-01T00:00:00Z",
            "unitCode": "C62",
        },
        "name": {"type": "LanguageProperty", "languageMap": {"it": 'Via "Saffi"\n', "@none": "x"}},
        "road": {"type": "Relationship", "object": "urn:ngsi-ld:Road:1"},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [11.3, 44.5]}},
    }


@pytest.fixture
def client() -> Iterator[Client]:
    api = create_api(ApiParts(broker=Broker(MemoryStore()), contexts=Contexts()))
    found = Client(api)
    yield found
    found.close()


def page(client: Client, target: str) -> Graph:
    answer = client.get(target, accept="text/turtle")
    assert answer.status == 200
    return Graph().parse(data=answer.body, format="turtle")


def pages(client: Client, stream: str) -> list[Graph]:
    """All pages, as a client follows the relations."""
    found, target = [], f"/ldes/{stream}"
    while True:
        graph = page(client, target)
        found.append(graph)
        following = list(graph.objects(None, TREE.node))
        if not following:
            return found
        address = urlsplit(str(following[0]))
        target = f"{address.path}?{address.query}"


def versions(graphs: list[Graph]) -> dict[str, set[str]]:
    """Entity → its members."""
    found: dict[str, set[str]] = {}
    for graph in graphs:
        for member in graph.objects(None, TREE.member):
            found.setdefault(str(graph.value(member, IS_VERSION_OF)), set()).add(str(member))
    return found


def test_all_pages_together_have_every_entity_once(client: Client) -> None:
    client.post("/ngsi-ld/v1/entityOperations/create", [loop(n) for n in range(ENTITIES)])
    client.post("/ngsi-ld/v1/entities", {"id": "urn:ngsi-ld:Road:1", "type": "Road"})
    graphs = pages(client, "Loop")
    assert len(graphs) == 3
    found = versions(graphs)
    assert len(found) == ENTITIES and {len(members) for members in found.values()} == {1}


def test_a_change_comes_again_at_the_end_and_a_deletion_is_told(client: Client) -> None:
    client.post("/ngsi-ld/v1/entityOperations/create", [loop(n) for n in range(300)])
    first = versions(pages(client, "Loop"))
    client.post("/ngsi-ld/v1/entityOperations/upsert", [loop(0, count=7)])
    client.request("DELETE", "/ngsi-ld/v1/entities/urn:ngsi-ld:Loop:1")
    last = pages(client, "Loop")[-1]
    changed = versions([last])
    assert changed["urn:ngsi-ld:Loop:0"] != first["urn:ngsi-ld:Loop:0"]
    [gone] = changed["urn:ngsi-ld:Loop:1"]
    assert (URIRef(gone), RDF.type, DELETE) in last


def test_a_finished_page_may_be_kept_and_an_open_one_is_polled(client: Client) -> None:
    client.post("/ngsi-ld/v1/entityOperations/create", [loop(n) for n in range(300)])
    finished = client.get("/ldes/Loop")
    assert "immutable" in (finished.header("cache-control") or "")
    open_page = client.get("/ldes/Loop?after=250")
    assert "immutable" not in (open_page.header("cache-control") or "")
    assert client.get("/ldes/Loop?after=250", if_none_match=open_page.header("etag") or "").status == 304


def test_values_are_what_they_were(client: Client) -> None:
    client.post("/ngsi-ld/v1/entities", loop(3, count=5))
    [graph] = pages(client, "Loop")
    values = set(graph.objects(None, URIRef("https://uri.etsi.org/ngsi-ld/hasValue")))
    assert Literal(5) in values
    assert any(str(value) == "POINT (11.3 44.5)" for value in values)
    languages = set(graph.objects(None, URIRef("https://uri.etsi.org/ngsi-ld/hasLanguageMap")))
    assert Literal('Via "Saffi"\n', lang="it") in languages and Literal("x") in languages


def test_only_streams_that_exist_are_given(client: Client) -> None:
    client.post("/ngsi-ld/v1/entities", loop(1))
    index = page(client, "/ldes")
    assert [str(view).rpartition("/")[2] for view in index.objects(None, TREE.view)] == ["Loop"]
    assert client.get("/ldes/Unheard").status == 404
    assert client.get("/ldes/Loop?after=-1").status == 400


# --- the public client


@contextmanager
def running_broker(folder: Path) -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "sympolis",
        "broker",
        "--port",
        "0",
        "--store",
        "memory",
        "--data",
        str(folder),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def ldes_client(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the npm package ``ldes-client``, installed as its lock file says."""
    spec = importlib.util.spec_from_file_location("hatch_build_of_ldes", HOOK)
    assert spec is not None and spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    folder = tmp_path_factory.mktemp("ldes-client")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(CLIENT / name, folder)
    npm, environment = hook.find_npm()
    install = [*npm, "ci", "--ignore-scripts"]
    done = subprocess.run(install, cwd=folder, env=environment, capture_output=True, check=False)
    if done.returncode != 0 and not os.environ.get("SYMPOLIS_REQUIRE_LDES_CLIENT"):
        pytest.skip("npm cannot install ldes-client here: no registry?")
    assert done.returncode == 0, done.stderr.decode()
    node = shutil.which("node", path=environment["PATH"])
    assert node is not None
    return [node, str(folder / "node_modules" / "ldes-client" / "dist" / "bin" / "cli.js")]


def test_the_public_client_replicates_a_stream(ldes_client: list[str], tmp_path: Path) -> None:
    import httpx

    with running_broker(tmp_path) as address:
        api = f"{address}/ngsi-ld/v1"
        assert httpx.post(
            f"{api}/entityOperations/create", json=[loop(n) for n in range(ENTITIES)]
        ).is_success
        assert httpx.delete(f"{api}/entities/urn:ngsi-ld:Loop:5").is_success
        command = [*ldes_client, f"{address}/ldes/Loop"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    members = [line.split()[0] for line in done.stdout.splitlines() if f"<{IS_VERSION_OF}>" in line]
    assert len(members) == len(set(members)) == ENTITIES
    assert sum("#deleted-" in member for member in members) == 1
