"""Every address that others rely on answers by itself: acceptance and other cities' programs know them by heart."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from sympolis.app.assembly import open_twin
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import write_package

FIXED = (
    "/", "/health/live", "/metrics", "/ngsi-ld/v1/types", "/ogc", "/ogc/conformance", "/ogc/collections",
    "/ogc/processes", "/ogc/jobs", "/sta/v1.1", "/catalogue", "/ldes", "/.well-known/dspace-version",
    "/openapi.json", "/docs", "/v2",
    *(f"/api/{name}" for name in (
        "city", "layers", "sources", "datasets", "lineage", "models", "services", "scenarios", "runs", "indicators",
        "jobs", "participation", "decisions", "federation", "assessment", "admin",
    )),
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("fixed")
    settings = Settings(city=str(write_package(folder / "smallville")), data=folder / "data", store="memory")
    with asyncio.Runner() as runner:
        twin = runner.run(open_twin(settings))
        yield Client(twin.asgi, runner.get_loop())
        runner.run(twin.close())


@pytest.mark.parametrize("path", FIXED)
def test_it_answers(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status == 200, answer.body[:300]


def test_a_section_names_what_is_below_it(client: Client) -> None:
    found = client.get("/api/admin").json
    assert {"method": "GET", "path": "/api/admin/audit"}.items() <= found["operations"][0].items()
    assert client.get("/api/admin?x=1").status == 400
