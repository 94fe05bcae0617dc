"""Registrations and subscriptions to them over HTTP, on both keepers; a partner on a socket that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.app.courier import HttpCourier
from sympolis.context.broker import Broker
from sympolis.context.distributed.asking import Ending
from sympolis.context.distributed.wording import Outgoing
from sympolis.context.registrations.books import MemoryRegistrationBooks, RegistrationBooks
from sympolis.context.registrations.service import Registrations
from sympolis.context.registrations.telling import SourceSubscriptions
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import MemoryBooks, SubscriptionBooks
from sympolis.context.subscriptions.notice import Notice
from sympolis.context.subscriptions.sending import DeliveryPolicy
from sympolis.context.terms import Contexts
from sympolis.domain.errors import DeliveryFailed
from sympolis.egress import EgressPolicy, Guard, HttpClient
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.embedded.registrations import EmbeddedRegistrationBooks
from sympolis.stores.embedded.subscriptions import EmbeddedBooks
from sympolis.stores.memory import MemoryStore
from sympolis.stores.postgres import PostgresStore
from sympolis.testing.asgi_client import Answer, exchange
from sympolis.testing.postgres import server
from sympolis.testing.receivers import Received, receiver
from sympolis.testing.subscriptions import ManualTime, NotingNotifier

SOURCES = "/ngsi-ld/v1/csourceRegistrations"
SUBSCRIPTIONS = "/ngsi-ld/v1/csourceSubscriptions"
ID = "urn:ngsi-ld:ContextSourceRegistration:1"
WISH = "urn:ngsi-ld:Subscription:1"
ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"


class World:
    """A broker's registrations with all around them, which can be stopped and started again."""

    def __init__(self, folder: Path | None, url: str = "") -> None:
        self.folder = folder
        self.url = url
        self.time = ManualTime()
        self.notifier = NotingNotifier()
        self._memory = (MemoryStore(), MemoryRegistrationBooks(), MemoryBooks())

    async def open(self) -> None:
        """Start."""
        store: Store
        books: RegistrationBooks
        told: SubscriptionBooks
        if self.url:
            store = await PostgresStore.open(self.url)
            books, told = store.source_books(), store.watching_books()
        elif self.folder is None:
            store, books, told = self._memory
        else:
            store = EmbeddedStore.open(self.folder / "store")
            books = EmbeddedRegistrationBooks.open(self.folder)
            told = EmbeddedBooks.open(self.folder)
        contexts = Contexts()
        self.store = store
        self.registrations = Registrations(store, books, time=self.time)
        await self.registrations.open()
        self.subscriptions = SourceSubscriptions(
            self.registrations, store, contexts, told, self.notifier,
            time=self.time, policy=DeliveryPolicy(attempts=1),
        )  # fmt: skip
        await self.subscriptions.open()
        async with asyncio.timeout(60):
            while self.url and not self.subscriptions.tells:
                await asyncio.sleep(0.001)
        self.api = create_api(
            ApiParts(
                broker=Broker(store),
                contexts=contexts,
                registrations=self.registrations,
                source_subscriptions=self.subscriptions,
            )
        )

    async def close(self) -> None:
        """Stop."""
        await self.subscriptions.close()
        await self.registrations.close()
        if self.folder is not None or self.url:
            await self.store.close()

    async def ask(self, method: str, path: str, json: Any = None, **more: Any) -> Answer:
        """What a client asks."""
        return await exchange(self.api, method, path, json=json, **more)

    async def settled(self) -> None:
        """Wait until all is told and kept."""
        while self.subscriptions.waiting():
            await asyncio.sleep(0)
        await self.subscriptions.settled()

    async def told(self) -> list[tuple[str, list[str]]]:
        """What was told since this was last asked: reasons, with the ids of the registrations."""
        await self.settled()
        found = [(one["triggerReason"], [each["id"] for each in one["data"]]) for one in self.notifier.bodies]
        self.notifier.notices.clear()
        return found


Scene = Callable[[World], Awaitable[None]]
Play = Callable[[Scene], None]


@pytest.fixture(params=["memory", "embedded", "postgres"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    url = server().fresh_url() if request.param == "postgres" else ""

    async def run(scene: Scene) -> None:
        world = World(tmp_path if request.param == "embedded" else None, url)
        await world.open()
        try:
            await asyncio.wait_for(scene(world), timeout=30)
        finally:
            await world.close()

    return lambda scene: asyncio.run(run(scene))


def source(registration_id: str = ID, **members: Any) -> dict[str, Any]:
    return {
        "id": registration_id,
        "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": "Building"}]}],
        "endpoint": "http://there.example",
    } | members


def wish(**members: Any) -> dict[str, Any]:
    endpoint = {"uri": "http://receiver.example/", "accept": "application/json"}
    return {
        "id": WISH,
        "type": "Subscription",
        "entities": [{"type": "Building"}],
        "notification": {"endpoint": endpoint},
    } | members


def problem(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].removeprefix(ERRORS)


# --- registrations


def test_the_life_of_a_registration(play: Play) -> None:
    async def scene(world: World) -> None:
        ask = world.ask
        created = await ask("POST", SOURCES, source(mode="redirect"))
        assert (created.status, created.header("location"), created.body) == (201, f"{SOURCES}/{ID}", b"")
        assert problem(await ask("POST", SOURCES, source())) == (409, "AlreadyExists")
        assert (await ask("GET", f"{SOURCES}/{ID}")).json == source(mode="redirect")
        changed = await ask("PATCH", f"{SOURCES}/{ID}", {"mode": None, "scope": "/a"})
        assert (changed.status, changed.body) == (204, b"")
        found = (await ask("GET", f"{SOURCES}/{ID}?options=sysAttrs")).json
        assert ("mode" in found, found["scope"], "modifiedAt" in found) == (False, "/a", True)
        assert (await ask("DELETE", f"{SOURCES}/{ID}")).status == 204
        for method, body in (("GET", None), ("PATCH", {"mode": "redirect"}), ("DELETE", None)):
            assert problem(await ask(method, f"{SOURCES}/{ID}", body)) == (404, "ResourceNotFound")
            assert problem(await ask(method, f"{SOURCES}/no-uri", body)) == (400, "BadRequestData")

    play(scene)


def test_registrations_survive_a_restart_and_belong_to_a_tenant(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.ask("POST", SOURCES, source())
        await world.ask("POST", SOURCES, source(scope="/a"), headers={"ngsild-tenant": "city"})
        await world.close()
        await world.open()
        assert (await world.ask("GET", f"{SOURCES}/{ID}")).json == source()
        theirs = await world.ask("GET", f"{SOURCES}/{ID}", headers={"ngsild-tenant": "city"})
        assert theirs.json == source(scope="/a")
        assert theirs.header("ngsild-tenant") == "city"
        nobody = await world.ask("GET", f"{SOURCES}/{ID}", headers={"ngsild-tenant": "nobody"})
        assert problem(nobody) == (404, "NonexistentTenant")

    play(scene)


def test_registrations_are_found_by_what_they_are_about(play: Play) -> None:
    async def scene(world: World) -> None:
        heat = [{"entities": [{"type": "Building", "idPattern": "^urn:x:"}], "propertyNames": ["heat"]}]
        place = {"type": "Point", "coordinates": [11.34, 44.49]}
        for one in (
            source("urn:r:1", operator="city", scope="/a/b"),
            source("urn:r:2", information=heat, location=place),
            source("urn:r:3", information=[{"entities": [{"type": "Bridge"}]}]),
            source("urn:r:4", observationInterval={"startAt": "2024-01-01T00:00:00Z"}),
        ):
            assert (await world.ask("POST", SOURCES, one)).status == 201
        near = "georel=near;maxDistance==500&geometry=Point&coordinates=[11.34,44.49]"
        for query, found in (
            ("type=Building", ["urn:r:1", "urn:r:2"]),
            ("type=Building&id=urn:y:1", ["urn:r:1"]),
            ("type=*&attrs=heat", ["urn:r:1", "urn:r:2", "urn:r:3"]),
            ("attrs=cold", ["urn:r:1", "urn:r:3"]),
            ("q=heat>50", ["urn:r:1", "urn:r:2", "urn:r:3"]),
            (f"type=Building&{near}", ["urn:r:2"]),
            ('type=Building&csf=operator=="city"', ["urn:r:1"]),
            ("type=Building&scopeQ=/a/%23", ["urn:r:1"]),
            ("type=Building&timerel=after&timeAt=2024-03-01T00:00:00Z", ["urn:r:4"]),
            ("type=Building&limit=1&offset=1", ["urn:r:2"]),
        ):
            answer = await world.ask("GET", f"{SOURCES}?{query}")
            assert [one["id"] for one in answer.json] == found, query
        counted = await world.ask("GET", f"{SOURCES}?type=Building&limit=0&count=true")
        assert (counted.json, counted.header("ngsild-results-count")) == ([], "2")
        for query in ("", "id=urn:x:1", "type=A&id=no", "q=(a", "georel=within", "type=A&timerel=before"):
            assert problem(await world.ask("GET", f"{SOURCES}?{query}")) == (400, "BadRequestData"), query
        assert problem(await world.ask("GET", f"{SOURCES}?type=A&more=1")) == (400, "InvalidRequest")

    play(scene)


def test_a_registration_ends_when_its_time_has_come(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.ask("POST", SUBSCRIPTIONS, wish())
        await world.ask("POST", SOURCES, source(expiresAt="2024-05-08T08:00:00Z"))
        assert await world.told() == [("newlyMatching", [ID])]

        async def settle() -> None:
            await asyncio.sleep(0)

        await asyncio.sleep(0.01)
        await world.time.advance(3599, settle)
        assert (await world.ask("GET", f"{SOURCES}/{ID}")).status == 200
        await world.time.advance(2, settle)
        while world.registrations.of("") is not None:  # another thread takes it out of the books
            await asyncio.sleep(0.001)
        assert (await world.ask("GET", f"{SOURCES}/{ID}")).status == 404
        assert await world.told() == [("noLongerMatching", [ID])]

    play(scene)


# --- subscriptions


def test_subscribers_are_told_what_comes_changes_and_goes(play: Play) -> None:
    async def scene(world: World) -> None:
        ask = world.ask
        await ask("POST", SOURCES, source())
        created = await ask("POST", SUBSCRIPTIONS, wish())
        assert (created.status, created.header("location")) == (201, f"{SUBSCRIPTIONS}/{WISH}")
        assert problem(await ask("POST", SUBSCRIPTIONS, wish())) == (409, "AlreadyExists")
        assert await world.told() == [("newlyMatching", [ID])]
        await ask("PATCH", f"{SOURCES}/{ID}", {"scope": "/a"})
        bridges = [{"entities": [{"type": "Bridge"}]}]
        await ask("PATCH", f"{SOURCES}/{ID}", {"information": bridges})
        await ask("PATCH", f"{SOURCES}/{ID}", {"scope": "/b"})
        await ask("PATCH", f"{SOURCES}/{ID}", {"information": source()["information"]})
        await ask("DELETE", f"{SOURCES}/{ID}")
        assert await world.told() == [
            ("updated", [ID]),
            ("noLongerMatching", [ID]),
            ("newlyMatching", [ID]),
            ("noLongerMatching", [ID]),
        ]
        found = (await ask("GET", f"{SUBSCRIPTIONS}/{WISH}")).json
        assert (found["status"], found["notification"]["timesSent"]) == ("active", 5)
        assert (await ask("DELETE", f"{SUBSCRIPTIONS}/{WISH}")).status == 204
        await ask("POST", SOURCES, source())
        assert await world.told() == []
        assert problem(await ask("GET", f"{SUBSCRIPTIONS}/{WISH}")) == (404, "ResourceNotFound")

    play(scene)


def test_the_notification_is_as_the_standard_has_it(play: Play) -> None:
    async def scene(world: World) -> None:
        two = [*source()["information"], {"entities": [{"type": "Bridge"}]}]
        await world.ask("POST", SOURCES, source(information=two))
        await world.ask("POST", SUBSCRIPTIONS, wish())
        await world.settled()
        [notice] = world.notifier.notices
        [body] = world.notifier.bodies
        assert body["type"] == "ContextSourceNotification"
        assert body["subscriptionId"] == WISH
        assert body["data"] == [source()], "only the information that the subscription is about"
        assert {"id", "notifiedAt"} < body.keys()
        assert dict(notice.headers)["Link"].startswith("<https://uri.etsi.org/ngsi-ld/")

    play(scene)


def test_a_changed_subscription_is_told_what_matches_now(play: Play) -> None:
    async def scene(world: World) -> None:
        bridge = source("urn:r:2", information=[{"entities": [{"type": "Bridge"}]}])
        await world.ask("POST", SUBSCRIPTIONS, wish(isActive=False))
        await world.ask("POST", SOURCES, source())
        await world.ask("POST", SOURCES, bridge)
        assert await world.told() == []
        change = {"isActive": True, "entities": [{"type": "Bridge"}]}
        assert (await world.ask("PATCH", f"{SUBSCRIPTIONS}/{WISH}", change)).status == 204
        assert await world.told() == [("newlyMatching", ["urn:r:2"])]
        wrong = await world.ask("PATCH", f"{SUBSCRIPTIONS}/{WISH}", {"notification": {}})
        assert problem(wrong) == (400, "BadRequestData")

    play(scene)


def test_periodic_subscriptions_are_told_all_that_matches(play: Play) -> None:
    async def scene(world: World) -> None:
        await world.ask("POST", SOURCES, source())
        await world.ask("POST", SUBSCRIPTIONS, wish(timeInterval=60))
        assert await world.told() == [("newlyMatching", [ID])]
        await world.ask("PATCH", f"{SOURCES}/{ID}", {"scope": "/a"})
        assert await world.told() == []

        async def settle() -> None:
            await asyncio.sleep(0.005)

        await settle()
        await world.time.advance(61, settle)
        assert await world.told() == [("newlyMatching", [ID])]

    play(scene)


def test_filters_of_subscriptions_outlive_a_restart(play: Play) -> None:
    async def scene(world: World) -> None:
        temporal = {"timerel": "after", "timeAt": "2024-02-01T00:00:00Z"}
        asked = wish(temporalQ=temporal, csf='operator=="city"')
        assert (await world.ask("POST", SUBSCRIPTIONS, asked)).status == 201
        await world.close()
        await world.open()
        found = (await world.ask("GET", f"{SUBSCRIPTIONS}/{WISH}")).json
        assert (found["temporalQ"], found["csf"]) == (temporal, 'operator=="city"')
        interval = {"startAt": "2024-01-01T00:00:00Z"}
        await world.ask("POST", SOURCES, source("urn:r:1", operator="city"))
        await world.ask("POST", SOURCES, source("urn:r:2", observationInterval=interval))
        await world.ask("POST", SOURCES, source("urn:r:3", observationInterval=interval, operator="city"))
        assert await world.told() == [("newlyMatching", ["urn:r:3"])]

    play(scene)


def test_what_could_not_be_told_counts_as_failed(play: Play) -> None:
    def fail(_: Notice) -> None:
        raise DeliveryFailed("no")

    async def scene(world: World) -> None:
        world.notifier.answer = fail
        await world.ask("POST", SUBSCRIPTIONS, wish())
        await world.ask("POST", SOURCES, source())
        await world.settled()
        found = (await world.ask("GET", f"{SUBSCRIPTIONS}/{WISH}")).json["notification"]
        assert (found["status"], found["timesFailed"], "lastFailure" in found) == ("failed", 1, True)

    play(scene)


def test_a_page_of_subscriptions(play: Play) -> None:
    async def scene(world: World) -> None:
        for number in range(3):
            await world.ask("POST", SUBSCRIPTIONS, wish(id=f"urn:s:{number}"))
        page = await world.ask("GET", f"{SUBSCRIPTIONS}?limit=1&offset=1&count=true")
        assert [one["id"] for one in page.json] == ["urn:s:1"]
        assert page.header("ngsild-results-count") == "3"
        assert len([one for one in page.all("link") if "rel=" in one and "json-ld" not in one]) == 2

    play(scene)


# --- a partner on a socket


def ok(_: Received) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


@pytest.mark.parametrize(
    ("answer", "ending", "status"),
    [
        (ok, Ending.ANSWERED, 200),
        (lambda _: b"HTTP/1.1 204 No Content\r\n\r\n", Ending.ANSWERED, 204),
        (lambda _: b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", Ending.ANSWERED, 302),
        (lambda _: b"HTTP/1.0 500 Oops\r\n\r\n", Ending.SILENT, 0),
        (lambda _: b"SSH-2.0-OpenSSH\r\n", Ending.INVALID, 0),
        (lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000, Ending.INVALID, 0),
        (lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", Ending.SILENT, 0),
        (lambda _: None, Ending.UNREACHABLE, 0),
        (lambda _: b"", Ending.SILENT, 0),
    ],
)
def test_the_courier_comes_back_whatever_happens(
    answer: Callable[[Received], bytes | None], ending: Ending, status: int
) -> None:
    async def scene() -> None:
        client = HttpClient(Guard(EgressPolicy(allow_loopback=True)))
        async with receiver() as partner:
            partner.answer = answer
            request = Outgoing(
                "GET", f"{partner.url}/ngsi-ld/v1/types", (("Via", "1.1 here"),), timeout_s=0.3
            )
            found = await HttpCourier(client, most_bytes=4096).carry(request)
            assert (found.ending, found.status) == (ending, status)
            assert (await partner.next()).headers["via"] == "1.1 here"
        gone = await HttpCourier(client).carry(request)
        assert gone.ending is Ending.UNREACHABLE
        await client.close()

    asyncio.run(scene())


def test_the_courier_does_not_call_into_private_networks() -> None:
    async def scene() -> None:
        client = HttpClient(Guard(EgressPolicy()))
        async with receiver() as partner:
            found = await HttpCourier(client).carry(Outgoing("GET", partner.url, ()))
            assert found.ending is Ending.UNREACHABLE
            assert partner.connections == 0
        await client.close()

    asyncio.run(scene())
