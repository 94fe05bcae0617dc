"""The server's front: who may ask, how much, and what every answer carries."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sympolis.api.asgi import Api, create_api
from sympolis.api.errors import row_of
from sympolis.api.http import JSON, Reply, Request
from sympolis.api.metrics import Metrics
from sympolis.api.parts import AlwaysReady, ApiParts, ApiSettings
from sympolis.api.routing import Answer, Operation
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client, open_stream
from sympolis.web import create_site

ENTITIES = "/ngsi-ld/v1/entities"
ENTITY = {"id": "urn:ngsi-ld:T:1", "type": "T"}


def parts(**more: object) -> ApiParts:
    return ApiParts(broker=Broker(MemoryStore()), contexts=Contexts(), **more)  # type: ignore[arg-type]


@pytest.fixture
def client() -> Iterator[Client]:
    found = Client(
        create_api(parts(settings=ApiSettings(hosts=("twin.example",), origins=("https://map.example",))))
    )
    yield found
    found.close()


# --- who may ask


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:8400", "[::1]:8400", "LOCALHOST:1", "twin.example:443"]
)
def test_known_names_are_served(client: Client, host: str) -> None:
    assert client.get("/health/live", host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", ""]
)
def test_other_names_are_refused(client: Client, host: str) -> None:
    answer = client.get("/health/live", host=host)
    assert answer.status in (400, 403) and answer.json["where"] == "Host"


def test_a_missing_host_is_refused(client: Client) -> None:
    assert client.get("/health/live", host="-").status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_foreign_page_may_not_write(client: Client, headers: dict[str, str]) -> None:
    answer = client.request("POST", ENTITIES, json=ENTITY, headers=headers)
    assert answer.status == 403
    assert client.get(f"{ENTITIES}/{ENTITY['id']}").status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://127.0.0.1:8400"},
        {"origin": "https://map.example"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_programs_and_own_pages_may(client: Client, headers: dict[str, str]) -> None:
    assert client.request("POST", ENTITIES, json=ENTITY, headers=headers).status == 201


# --- what every answer carries


@pytest.mark.parametrize(
    "target", ["/health/live", "/nothing", "/ngsi-ld/v1/entities", "/docs", "/api/nothing"]
)
def test_every_answer_has_an_id_and_the_security_headers(client: Client, target: str) -> None:
    answer = client.get(target)
    assert answer.header("x-request-id")
    policy = answer.header("content-security-policy") or ""
    assert "default-src 'self'" in policy and "frame-ancestors 'self'" in policy and "unsafe" not in policy
    assert answer.header("x-content-type-options") == "nosniff"


def test_code_in_the_documentation_is_shown_as_code(client: Client) -> None:
    page = client.get("/docs").body.decode()
    assert "`" not in page and "<code>*</code>: any" in page


def test_a_request_id_is_kept_if_it_is_one(client: Client) -> None:
    assert client.get("/health/live", x_request_id="abc-1").header("x-request-id") == "abc-1"
    assert client.get("/health/live", x_request_id="a b<script>").header("x-request-id") != "a b<script>"
    assert client.get("/nothing", x_request_id="abc-2").json["instance"].endswith("abc-2")


def test_problems_outside_ngsi_ld_are_rfc_9457(client: Client) -> None:
    answer = client.get("/api/nothing")
    assert answer.header("content-type") == "application/problem+json"
    assert answer.json["status"] == 404 and answer.json["title"] == "Not found"
    assert client.get(answer.json["type"]).status == 200


def test_large_answers_are_compressed_for_those_who_can(client: Client) -> None:
    packed = client.get("/openapi.json", accept_encoding="br, gzip")
    plain = client.get("/openapi.json")
    assert packed.header("content-encoding") == "gzip" and plain.header("content-encoding") is None
    assert gzip.decompress(packed.body) == plain.body and packed.header("vary") == "accept-encoding"
    assert client.get("/health/live", accept_encoding="gzip").header("content-encoding") is None


def test_unchanged_documents_are_304(client: Client) -> None:
    tag = client.get("/openapi.json").header("etag") or ""
    again = client.get("/openapi.json", if_none_match=f'"other", {tag}')
    assert (again.status, again.body, again.header("etag")) == (304, b"", tag)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("content-length", "²"),
        ("content-length", "9" * 5000),
        ("accept", "a" * 5000),
        ("accept", ",;=q=;"),
        ("link", "<" * 5000),
        ("link", '<http://[bad>; rel="http://www.w3.org/ns/json-ld#context"'),
        ("ngsild-tenant", "é"),
        ("origin", "http://[bad"),
        ("host", "[bad"),
        ("content-type", "application/json\xff"),
    ],
)
def test_a_broken_header_is_the_clients_mistake(client: Client, header: str, value: str) -> None:
    headers = {"content-type": "application/json", header: value}
    answer = client.request("POST", ENTITIES, body=b'{"id": "urn:a:b"}', headers=headers)
    assert 400 <= answer.status < 500 or answer.status == 504


def test_streams_end_when_the_server_stops(client: Client) -> None:
    api = client.application
    assert isinstance(api, Api)

    async def follow() -> bool:
        async with open_stream(api, "/api/changes") as stream:
            await stream.chunk()
            api.end_streams()
            while not stream.ended:
                await stream.chunk()
            return stream.ended

    assert client.loop.run_until_complete(asyncio.wait_for(follow(), 60))


# --- how much, and what goes wrong


def one_route(handle: object, **settings: object) -> Client:
    operation = Operation(
        method="GET", path="/api/try/{name}", handle=handle, name="try", title="Try", tag="Test",  # type: ignore[arg-type]
        answers={200: Answer("Done.")},
    )  # fmt: skip
    return Client(Api(parts(settings=ApiSettings(**settings)), (operation,), Metrics()))  # type: ignore[arg-type]


def test_a_defect_is_500_logged_with_its_id_and_told_without_internals(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_request: Request) -> Reply:
        raise KeyError("secret internals")

    client = one_route(broken)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/try/x", x_request_id="find-me")
    assert answer.status == 500 and b"secret" not in answer.body and b"KeyError" not in answer.body
    assert answer.json["type"] == "about:blank"
    [record] = caplog.records
    assert record.request_id == "find-me" and record.exc_info is not None  # type: ignore[attr-defined]
    client.close()


def test_a_request_that_takes_too_long_is_ended() -> None:
    cancelled = []

    async def slow(_request: Request) -> Reply:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return Reply()

    client = one_route(slow, timeout_s=0.01)
    assert client.get("/api/try/x").status == 504 and cancelled
    client.close()


def test_path_arguments_are_decoded_once_and_checked() -> None:
    async def echo(request: Request) -> Reply:
        return Reply(body=request.arguments["name"].encode(), media=JSON)

    client = one_route(echo)
    assert client.get("/api/try/a%2Fb%2520c").body == b"a/b%20c"
    assert client.get("/api/try/caf%C3%A9").body.decode() == "café"
    for broken in ("%zz", "%", "%ff", "%00", "a%0Ab"):
        assert client.get(f"/api/try/{broken}").status == 400, broken
    assert client.get("/api/try/").status == 404
    assert client.get("/api/try/x?unheard=1").status == 400
    client.close()


def test_every_error_of_the_domain_has_its_place_in_the_table() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 20
    statuses = {kind.__name__: row_of(kind).status for kind in kinds}
    unplaced = {kind.__name__ for kind in kinds if statuses[kind.__name__] == 500}
    ours = {"SympolisError", "SettingsInvalid", "DumpInvalid", "DeliveryFailed", "DeliveryRefused"}
    assert unplaced <= ours, "only what the operator or a receiver of our messages did wrong is a 500"
    clients_mistakes = (
        "InvalidRequest",
        "BadRequestData",
        "NotFound",
        "Conflict",
        "OverrideRefused",
        "Forbidden",
    )
    assert all(400 <= statuses[name] < 500 for name in clients_mistakes)


# --- health, metrics, start and stop


def test_ready_only_when_ready() -> None:
    state = AlwaysReady(ready=False, step="ingest", share=0.25, text="reading the roads")
    client = Client(create_api(parts(readiness=lambda: state)))
    answer = client.get("/health/ready")
    assert answer.status == 503 and answer.json["status"] == "starting"
    assert answer.json["readiness"] == {"step": "ingest", "share": 0.25, "text": {"en": "reading the roads"}}
    assert client.get("/health/live").status == 200
    client.close()


def test_ready_says_where_the_log_stands(client: Client) -> None:
    client.post(ENTITIES, ENTITY)
    found = client.get("/health/ready").json
    assert (found["status"], found["position"], found["store"]["entities"]) == ("ready", 1, 1)


def test_a_store_that_is_gone_is_not_ready() -> None:
    store = MemoryStore()
    client = Client(create_api(ApiParts(broker=Broker(store), contexts=Contexts())))
    client.loop.run_until_complete(store.close())
    assert client.get("/health/ready").status == 503
    gone = client.get(f"{ENTITIES}?type=T")
    assert gone.status == 503 and gone.header("retry-after")
    assert client.get("/metrics").status == 200
    client.close()


def test_metrics_count_by_route_not_by_id(client: Client) -> None:
    for number in range(3):
        client.get(f"{ENTITIES}/urn:ngsi-ld:T:{number}")
    text = client.get("/metrics").body.decode()
    line = 'sympolis_http_requests_total{method="GET",route="/ngsi-ld/v1/entities/{entityId}",status="404"} 3'
    assert line in text and "sympolis_change_position 0" in text and "process_resident_memory_bytes" in text


def test_the_lifespan_is_entered_and_left() -> None:
    from contextlib import asynccontextmanager

    seen = []

    @asynccontextmanager
    async def lifespan():  # type: ignore[no-untyped-def]
        seen.append("in")
        yield
        seen.append("out")

    async def live() -> list[str]:
        asked = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent: list[str] = []

        async def receive() -> dict[str, str]:
            return asked.pop(0)

        async def send(message: dict[str, str]) -> None:
            sent.append(message["type"])

        await create_api(parts(lifespan=lifespan))({"type": "lifespan"}, receive, send)  # type: ignore[arg-type]
        return sent

    assert asyncio.run(live()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert seen == ["in", "out"]


# --- the site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "static").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Map</title>")
    (tmp_path / "static" / "app-1a2b.js").write_text("export const words = 'map';\n" * 100)
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / ".secret").write_text("no")
    found = Client(create_api(parts(site=create_site(tmp_path))))
    yield found
    found.close()


def test_the_site_is_served_beside_the_apis(site: Client) -> None:
    page = site.get("/")
    assert page.status == 200 and page.header("content-type") == "text/html; charset=utf-8"
    assert page.header("cache-control") == "no-cache" and page.header("content-security-policy")
    assert site.get("/", if_none_match=page.header("etag") or "").status == 304
    script = site.get("/static/app-1a2b.js", accept_encoding="gzip")
    assert script.header("cache-control") == "public, max-age=31536000, immutable"
    assert script.header("content-encoding") == "gzip" and b"words" in gzip.decompress(script.body)
    assert site.get("/icon.svg").header("content-type") == "image/svg+xml"


@pytest.mark.parametrize(
    "target", ["/.secret", "/static/..%2f.secret", "/%2e%2e/%2e%2e/etc/passwd", "/nothing.js"]
)
def test_the_site_gives_nothing_else(site: Client, target: str) -> None:
    answer = site.get(target)
    assert answer.status == 404 and b"There is no such page" in answer.body


def test_the_site_never_hides_an_api(site: Client) -> None:
    assert site.get("/api/nothing").header("content-type") == "application/problem+json"
    assert site.request("POST", "/", body=b"").status == 405


def test_a_site_that_was_not_built_says_so(tmp_path: Path) -> None:
    client = Client(create_api(parts(site=create_site(tmp_path / "none"))))
    answer = client.get("/")
    assert answer.status == 503 and b"make ui" in answer.body
    client.close()
