"""Subscriptions over HTTP and notifications by HTTP: routes on both stores, a real receiver, and what is not called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import MemoryBooks, SubscriptionBooks
from sympolis.context.subscriptions.notice import Notice
from sympolis.context.subscriptions.sending import DeliveryPolicy
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.subscriptions.subscription import Endpoint
from sympolis.context.terms import Contexts
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused, Forbidden
from sympolis.egress import EgressPolicy, Guard, HttpClient
from sympolis.notify import EndpointNotifier
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.embedded.subscriptions import EmbeddedBooks
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, exchange
from sympolis.testing.receivers import Receiver, receiver

SUBSCRIPTIONS = "/ngsi-ld/v1/subscriptions"
ENTITIES = "/ngsi-ld/v1/entities"
ID = "urn:ngsi-ld:Subscription:1"
ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"
CONTEXT = "https://city.example/context.jsonld"
LINK = {"link": f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"'}
HERE = EgressPolicy(allow_loopback=True)

Ask = Callable[..., Awaitable[Answer]]
Play = Callable[[Callable[[Ask], Awaitable[None]]], None]


@pytest.fixture(params=["memory", "embedded"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Runs a scene against the API; ``ask(method, path, json)``."""

    async def run(scene: Callable[[Ask], Awaitable[None]]) -> None:
        memory = request.param == "memory"
        store: Store = MemoryStore() if memory else EmbeddedStore.open(tmp_path)
        books: SubscriptionBooks = MemoryBooks() if memory else EmbeddedBooks.open(tmp_path)
        contexts = Contexts()
        contexts.register(
            CONTEXT, {"@context": {"Road": "https://city.example/Road", "speed": "https://city.example/v"}}
        )
        service = Subscriptions(
            store, contexts, books, EndpointNotifier(Guard(HERE)), policy=DeliveryPolicy(attempts=1)
        )
        await service.open()
        api = create_api(ApiParts(broker=Broker(store), contexts=contexts, subscriptions=service))

        async def ask(method: str, path: str, json: Any = None, **more: Any) -> Answer:
            return await exchange(api, method, path, json=json, **more)

        try:
            await asyncio.wait_for(scene(ask), timeout=30)
        finally:
            await service.close()
            await store.close()

    return lambda scene: asyncio.run(run(scene))


def subscription(uri: str = "http://receiver.example/", **more: Any) -> dict[str, Any]:
    notification = {"endpoint": {"uri": uri, "accept": "application/json"}}
    return {
        "id": ID,
        "type": "Subscription",
        "entities": [{"type": "Road"}],
        "notification": notification,
        **more,
    }


def problem(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].removeprefix(ERRORS)


# --- routes


def test_the_life_of_a_subscription(play: Play) -> None:
    async def scene(ask: Ask) -> None:
        created = await ask("POST", SUBSCRIPTIONS, subscription(q="speed>3"), headers=LINK)
        assert (created.status, created.header("location")) == (201, f"{SUBSCRIPTIONS}/{ID}")
        assert problem(await ask("POST", SUBSCRIPTIONS, subscription())) == (409, "AlreadyExists")
        found = (await ask("GET", f"{SUBSCRIPTIONS}/{ID}", headers=LINK)).json
        triggers = ["attributeCreated", "attributeUpdated"]
        assert found == {**subscription(q="speed>3"), "status": "active", "notificationTrigger": triggers}
        plain = await ask("GET", f"{SUBSCRIPTIONS}/{ID}?options=sysAttrs")
        assert plain.json["entities"] == [{"type": "https://city.example/Road"}]
        assert plain.json["createdAt"] == plain.json["modifiedAt"]
        merging = {"content-type": "application/merge-patch+json"}
        patched = await ask("PATCH", f"{SUBSCRIPTIONS}/{ID}", {"isActive": False, "q": None}, headers=merging)
        assert (patched.status, patched.body) == (204, b"")
        found = (await ask("GET", f"{SUBSCRIPTIONS}/{ID}")).json
        assert (found["status"], found["isActive"], "q" in found) == ("paused", False, False)
        assert (await ask("DELETE", f"{SUBSCRIPTIONS}/{ID}")).status == 204
        for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
            assert problem(await ask(method, f"{SUBSCRIPTIONS}/{ID}", body)) == (404, "ResourceNotFound")

    play(scene)


def test_an_id_is_made_and_ld_json_brings_its_context(play: Play) -> None:
    async def scene(ask: Ask) -> None:
        document = {name: value for name, value in subscription().items() if name != "id"}
        headers = {"content-type": "application/ld+json"}
        created = await ask("POST", SUBSCRIPTIONS, {**document, "@context": CONTEXT}, headers=headers)
        assert created.status == 201
        location = created.header("location") or ""
        assert location.startswith(f"{SUBSCRIPTIONS}/urn:ngsi-ld:Subscription:")
        answer = await ask("GET", location, headers={**LINK, "accept": "application/ld+json"})
        assert CONTEXT in answer.json["@context"]
        assert answer.json["entities"] == [{"type": "Road"}]
        assert problem(await ask("POST", SUBSCRIPTIONS, document, headers=headers)) == (400, "BadRequestData")
        assert (
            await ask("POST", SUBSCRIPTIONS, document, headers={"content-type": "text/plain"})
        ).status == 415

    play(scene)


def test_pages_and_counts(play: Play) -> None:
    async def scene(ask: Ask) -> None:
        for number in range(5):
            await ask("POST", SUBSCRIPTIONS, subscription(id=f"{ID}{number}"))
        answer = await ask("GET", f"{SUBSCRIPTIONS}?limit=2&offset=2&count=true")
        assert [one["id"] for one in answer.json] == [f"{ID}2", f"{ID}3"]
        assert answer.header("ngsild-results-count") == "5"
        links = " ".join(answer.all("link"))
        assert "offset=4" in links
        assert "offset=0" in links
        assert 'rel="next"' not in " ".join((await ask("GET", f"{SUBSCRIPTIONS}?limit=5")).all("link"))
        assert problem(await ask("GET", f"{SUBSCRIPTIONS}?limit=0")) == (400, "InvalidRequest")
        assert problem(await ask("GET", f"{SUBSCRIPTIONS}?colour=red")) == (400, "InvalidRequest")
        assert problem(await ask("GET", f"{SUBSCRIPTIONS}?options=keyValues")) == (400, "InvalidRequest")

    play(scene)


def test_errors_are_those_of_the_standard(play: Play) -> None:
    async def scene(ask: Ask) -> None:
        past = subscription(expiresAt="2020-01-01T00:00:00Z")
        assert problem(await ask("POST", SUBSCRIPTIONS, past)) == (400, "BadRequestData")
        assert problem(await ask("POST", SUBSCRIPTIONS, subscription(id="no uri"))) == (400, "BadRequestData")
        unknown = subscription(jsonldContext="https://nowhere.example/c.jsonld")
        assert problem(await ask("POST", SUBSCRIPTIONS, unknown)) == (504, "LdContextNotAvailable")
        assert (await ask("GET", SUBSCRIPTIONS)).json == [], "what was refused left nothing behind"
        nobody = {"ngsild-tenant": "nobody"}
        assert problem(await ask("GET", SUBSCRIPTIONS, headers=nobody)) == (404, "NonexistentTenant")
        assert (await ask("POST", SUBSCRIPTIONS, subscription(), headers=nobody)).status == 201

    play(scene)


# --- notifications


def test_a_change_reaches_the_receiver(play: Play) -> None:
    async def scene(ask: Ask) -> None:
        async with receiver() as there:
            document = subscription(f"{there.url}/notify?a=b")
            document["notification"]["endpoint"]["receiverInfo"] = [{"key": "X-Key", "value": "secret"}]
            assert (await ask("POST", SUBSCRIPTIONS, document, headers=LINK)).status == 201
            for number in range(3):
                entity = {"id": f"urn:ngsi-ld:Road:{number}", "type": "Road", "speed": {"value": number}}
                assert (await ask("POST", ENTITIES, entity, headers=LINK)).status == 201
            got = [await there.next() for _ in range(3)]
            assert [one.json["data"][0]["speed"]["value"] for one in got] == [0, 1, 2]
            assert got[0].line == "POST /notify?a=b HTTP/1.1"
            assert got[0].headers["content-type"] == "application/json"
            assert got[0].headers["x-key"] == "secret"
            assert CONTEXT in got[0].headers["link"]
            assert there.connections == 1, "the connection stays open"
            shown = await _until(ask, lambda found: found["notification"].get("timesSent") == 3)
            assert shown["notification"]["status"] == "ok"
            assert shown["notification"]["lastSuccess"] == shown["notification"]["lastNotification"]

    play(scene)


def test_what_a_receiver_refuses_shows_up_among_the_dead_letters(play: Play) -> None:
    async def scene(ask: Ask) -> None:
        async with receiver() as there:
            there.answer = lambda _: b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            await ask("POST", SUBSCRIPTIONS, subscription(there.url))
            await ask("POST", ENTITIES, {"id": "urn:ngsi-ld:Road:1", "type": "Road", "speed": {"value": 3}})
            await there.next()
            shown = await _until(ask, lambda found: "lastFailure" in found["notification"])
            assert (shown["notification"]["status"], shown["notification"]["timesFailed"]) == ("failed", 1)
            answer = await ask("GET", f"/api/subscriptions/dead-letters?subscription={ID}")
            assert answer.json["total"] == 1
            [letter] = answer.json["letters"]
            assert (letter["subscriptionId"], letter["reason"]) == (ID, "the receiver answered 404")
            assert letter["data"][0]["id"] == "urn:ngsi-ld:Road:1"

    play(scene)


async def _until(ask: Ask, holds: Callable[[Any], bool]) -> Any:
    while not holds(found := (await ask("GET", f"{SUBSCRIPTIONS}/{ID}")).json):
        await asyncio.sleep(0)
    return found


# --- the client and its guard


def talk(scene: Callable[[HttpClient, Receiver], Awaitable[None]], policy: EgressPolicy = HERE) -> None:
    async def run() -> None:
        client = HttpClient(Guard(policy))
        async with receiver() as there:
            await asyncio.wait_for(scene(client, there), timeout=20)
        await client.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", (200, b"hello")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            (200, b"hello"),
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n", (302, b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", (201, b"")),
    ],
)
def test_answers_are_read_and_redirects_not_followed(answer: bytes, expected: tuple[int, bytes]) -> None:
    async def scene(client: HttpClient, there: Receiver) -> None:
        there.answer = lambda _: answer
        for _ in range(2):
            found = await client.request("POST", there.url, body=b"x")
            assert (found.status, found.body) == expected
        assert there.connections == 1

    talk(scene)


def test_a_connection_closed_meanwhile_is_opened_again() -> None:
    async def scene(client: HttpClient, there: Receiver) -> None:
        answers = iter([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", None])
        there.answer = lambda _: next(answers, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        for _ in range(2):
            assert (await client.request("POST", there.url)).status == 200
        assert there.connections == 2

    talk(scene)


@pytest.mark.parametrize(
    "answer", [None, b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_no_proper_answer_is_an_oserror(answer: bytes | None) -> None:
    async def scene(client: HttpClient, there: Receiver) -> None:
        there.answer = lambda _: answer
        with pytest.raises((OSError, TimeoutError)):
            await client.request("POST", there.url, timeout_s=0.2)

    talk(scene)


def test_answers_are_bounded() -> None:
    async def scene(client: HttpClient, there: Receiver) -> None:
        there.answer = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
        with pytest.raises(OSError, match="more than 1000 bytes"):
            await client.request("GET", there.url, most_bytes=1000)

    talk(scene)


def test_this_machine_is_not_called_unless_allowed() -> None:
    async def scene(client: HttpClient, there: Receiver) -> None:
        with pytest.raises(Forbidden):
            await client.request("POST", there.url)
        assert there.connections == 0

    talk(scene, EgressPolicy())
    listed = EgressPolicy(allowed=("127.0.0.0/8",))

    async def allowed(client: HttpClient, there: Receiver) -> None:
        assert (await client.request("POST", there.url)).status == 200

    talk(allowed, listed)


@pytest.mark.parametrize(
    ("address", "public", "loopback"),
    [
        ("93.184.215.14", True, True),
        ("2606:4700::1111", True, True),
        ("127.0.0.1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.1.1", False, True),
        ("172.16.0.1", False, True),
        ("100.64.0.1", False, False),
        ("169.254.169.254", False, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
        ("255.255.255.255", False, False),
        ("::1", False, True),
        ("fe80::1", False, False),
        ("fd00::1", False, True),
        ("::ffff:127.0.0.1", False, True),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:7f00:1::", False, True),
    ],
)
def test_which_addresses_may_be_called(address: str, public: bool, loopback: bool) -> None:
    async def permitted(policy: EgressPolicy) -> bool:
        try:
            return await Guard(policy).addresses(address, 80) == [address]
        except Forbidden:
            return False

    assert asyncio.run(permitted(EgressPolicy())) is public
    assert asyncio.run(permitted(HERE)) is loopback


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, DeliveryFailed),
        (503, DeliveryFailed),
        (429, DeliveryFailed),
        (404, DeliveryRefused),
        (301, DeliveryRefused),
    ],
)
def test_which_answers_are_worth_another_attempt(status: int, kind: type[Exception]) -> None:
    async def run() -> None:
        async with receiver() as there:
            there.answer = lambda _: b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status
            notifier = EndpointNotifier(Guard(HERE))
            with pytest.raises(kind) as problem:
                await notifier.send(Notice(Endpoint(there.url), "application/json", (), b"{}"))
            assert type(problem.value) is kind
            await notifier.close()

    asyncio.run(run())
