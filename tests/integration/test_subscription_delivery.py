"""From an accepted change to a delivered notification: triggers, order, retries, restarts (clause 5.8.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sympolis.context.broker import Broker
from sympolis.context.codec import parse_entity
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import MemoryBooks, SubscriptionBooks
from sympolis.context.subscriptions.notice import Notice
from sympolis.context.subscriptions.sending import DeliveryPolicy
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.terms import Contexts
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused, StoreUnavailable
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.embedded.subscriptions import EmbeddedBooks
from sympolis.stores.memory import MemoryStore
from sympolis.testing.subscriptions import ManualTime, NotingNotifier

URI = "http://receiver.example/notify"
CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context"


@dataclass
class Scene:
    """A broker with subscriptions, a time that stands still and a notifier that writes down."""

    store: Store = field(default_factory=MemoryStore)
    books: SubscriptionBooks = field(default_factory=MemoryBooks)
    contexts: Contexts = field(default_factory=Contexts)
    time: ManualTime = field(default_factory=ManualTime)
    notifier: NotingNotifier = field(default_factory=NotingNotifier)
    policy: DeliveryPolicy = field(default_factory=lambda: DeliveryPolicy(jitter=0.0))

    async def __aenter__(self) -> Scene:
        self.service = Subscriptions(
            self.store, self.contexts, self.books, self.notifier, time=self.time, policy=self.policy
        )
        await self.service.open()
        self.broker = Broker(self.store)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.service.close()
        await self.store.close()

    async def subscribe(
        self, *, tenant: str = "", endpoint: dict[str, Any] | None = None, **more: Any
    ) -> str:
        notification = {"format": "keyValues", **more.pop("notification", {})}
        document = {
            "type": "Subscription",
            "entities": [{"type": "Road"}],
            **more,
            "notification": {**notification, "endpoint": {"uri": URI, **(endpoint or {})}},
        }
        found = await self.service.create(document, self.contexts.core(), None, tenant=tenant)
        return found.id

    async def put(self, number: int, tenant: str = "", *, update: bool = False, **values: Any) -> None:
        document = {"id": f"urn:ngsi-ld:Road:{number}", "type": "Road", **values}
        entity = parse_entity(document, self.contexts.core())
        [outcome] = await self.broker.upsert([entity], update=update, tenant=tenant)
        assert outcome.error is None

    async def settle(self) -> None:
        """Until nothing is left to do but wait for time to pass."""
        for tenant, worker in self.service._tenants.items():
            newest = (await self.store.status(tenant=tenant)).position
            while worker.position < newest:
                await asyncio.sleep(0)
        for _ in range(30):
            await asyncio.sleep(0)
        await self.service.settled()

    async def pass_time(self, seconds: float) -> None:
        await self.settle()
        await self.time.advance(seconds, self.settle)
        await self.settle()

    async def record(self, subscription_id: str) -> Any:
        return (await self.service.get(subscription_id))[1]


def play(scene: Callable[[Scene], Awaitable[None]], stage: Scene | None = None) -> None:
    async def run() -> None:
        async with stage or Scene() as open_stage:
            await asyncio.wait_for(scene(open_stage), timeout=30)

    asyncio.run(run())


# --- what triggers


async def _everything_happens(scene: Scene) -> None:
    await scene.put(1, speed=30, name="a")
    await scene.put(1, speed=50, name="a")
    await scene.put(1, name="a")
    await scene.broker.delete("urn:ngsi-ld:Road:1")
    await scene.settle()


@pytest.mark.parametrize(
    ("triggers", "expected"),
    [
        (None, ["created", "updated"]),
        (["entityCreated"], ["created"]),
        (["entityUpdated"], ["updated", "removed"]),
        (["entityDeleted"], ["deleted"]),
        (["attributeCreated"], ["created"]),
        (["attributeUpdated"], ["updated"]),
        (["attributeDeleted"], ["removed", "emptied"]),
        (["entityCreated", "entityUpdated", "entityDeleted"], ["created", "updated", "removed", "deleted"]),
    ],
)
def test_each_trigger_tells_of_its_kind_of_change(triggers: Any, expected: list[str]) -> None:
    seen = {
        "created": {"id": "urn:ngsi-ld:Road:1", "type": "Road", "speed": 30, "name": "a"},
        "updated": {"id": "urn:ngsi-ld:Road:1", "type": "Road", "speed": 50, "name": "a"},
        "removed": {"id": "urn:ngsi-ld:Road:1", "type": "Road", "name": "a", "speed": "urn:ngsi-ld:null"},
        "deleted": {
            "id": "urn:ngsi-ld:Road:1",
            "type": "Road",
            "deletedAt": None,
        },
        "emptied": {
            "id": "urn:ngsi-ld:Road:1",
            "type": "Road",
            "name": "urn:ngsi-ld:null",
            "deletedAt": None,
        },
    }

    async def scene(scene: Scene) -> None:
        await scene.subscribe(**({} if triggers is None else {"notificationTrigger": triggers}))
        await _everything_happens(scene)
        told = [{**one, **({"deletedAt": None} if "deletedAt" in one else {})} for one in scene.notifier.data]
        assert told == [seen[name] for name in expected]

    play(scene)


def test_watched_attributes_q_geo_scope_and_ids_restrict() -> None:
    async def scene(scene: Scene) -> None:
        where = {"type": "Point", "coordinates": [11.34, 44.49]}
        near = {"georel": "near;maxDistance==100", "geometry": "Point", "coordinates": [11.34, 44.49]}
        wanted = {
            "watched": await scene.subscribe(watchedAttributes=["speed"]),
            "q": await scene.subscribe(q="speed>40"),
            "equal": await scene.subscribe(q="speed%3D%3D50"),
            "geo": await scene.subscribe(geoQ=near),
            "scope": await scene.subscribe(scopeQ="/Bologna/#"),
            "id": await scene.subscribe(entities=[{"type": "*", "id": "urn:ngsi-ld:Road:2"}]),
            "pattern": await scene.subscribe(entities=[{"type": "*", "idPattern": ":2$"}]),
        }
        names = {subscription: name for name, subscription in wanted.items()}

        async def told(**values: Any) -> list[str]:
            scene.notifier.notices.clear()
            await scene.put(**values)
            await scene.settle()
            return sorted(names[body["subscriptionId"]] for body in scene.notifier.bodies)

        assert await told(number=1, name="x") == []
        assert await told(number=1, name="x", speed=30) == ["watched"]
        assert await told(number=1, name="y", speed=30) == [], "what is watched has not changed"
        assert await told(number=1, name="y", speed=50) == ["equal", "q", "watched"]
        assert await told(number=1, name="z", speed=50) == ["equal", "q"], "filters look at the state after"
        assert await told(number=2, location=where) == ["geo", "id", "pattern"]
        assert await told(number=3, scope="/Bologna/Navile", name="x") == ["scope"]

    play(scene)


def test_what_was_before_the_subscription_or_after_its_end_is_not_told() -> None:
    async def scene(scene: Scene) -> None:
        other = await scene.subscribe(notificationTrigger=["entityDeleted"])
        await scene.put(1, speed=30)
        mine = await scene.subscribe(expiresAt="2024-05-08T08:00:00Z")
        await scene.settle()
        assert scene.notifier.data == []
        await scene.service.update(mine, {"isActive": False}, scene.contexts.core())
        await scene.put(1, speed=40)
        await scene.service.update(mine, {"isActive": True}, scene.contexts.core())
        await scene.put(1, speed=50)
        await scene.settle()
        assert [one["speed"] for one in scene.notifier.data] == [50], "paused meanwhile"
        await scene.pass_time(3600)
        await scene.put(1, speed=60)
        await scene.settle()
        assert len(scene.notifier.data) == 1, "expired"
        await scene.service.delete(other)
        await scene.broker.delete("urn:ngsi-ld:Road:1")
        await scene.settle()
        assert len(scene.notifier.data) == 1, "ended"

    play(scene)


def test_tenants_do_not_hear_of_each_other() -> None:
    async def scene(scene: Scene) -> None:
        mine = await scene.subscribe(tenant="north")
        await scene.subscribe(tenant="south")
        await scene.put(1, tenant="north", speed=30)
        await scene.settle()
        [notice] = scene.notifier.notices
        assert ("NGSILD-Tenant", "north") in notice.headers
        assert scene.notifier.bodies[0]["subscriptionId"] == mine

    play(scene)


# --- how it is shown


def test_a_notification_in_each_media_type() -> None:
    async def scene(scene: Scene) -> None:
        for accept in ("application/json", "application/ld+json", "application/geo+json"):
            await scene.subscribe(endpoint={"accept": accept}, notification={"pick": ["id", "type", "speed"]})
        await scene.put(1, speed=30, name="x", location={"type": "Point", "coordinates": [1, 2]})
        await scene.settle()
        plain, linked, geo = scene.notifier.bodies
        entity = {"id": "urn:ngsi-ld:Road:1", "type": "Road", "speed": 30}
        assert plain == {
            "id": plain["id"],
            "type": "Notification",
            "subscriptionId": plain["subscriptionId"],
            "notifiedAt": "2024-05-08T07:00:00Z",
            "data": [entity],
        }
        [link] = [value for name, value in scene.notifier.notices[0].headers if name == "Link"]
        assert link.startswith(f"<{CORE}")
        assert linked["@context"].startswith(CORE)
        assert linked["data"] == [{**entity, "@context": linked["@context"]}]
        assert geo["data"]["@context"] == linked["@context"]
        [feature] = geo["data"]["features"]
        assert feature == {
            "id": entity["id"],
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [1, 2]},
            "properties": {"type": "Road", "speed": 30},
        }

    play(scene)


def test_show_changes_gives_what_it_was_before() -> None:
    english, german = {"languageMap": {"en": "Main"}}, {"languageMap": {"de": "Haupt"}}

    async def scene(scene: Scene) -> None:
        triggers = ["attributeCreated", "attributeUpdated", "attributeDeleted", "entityDeleted"]
        for form in ("normalized", "concise"):
            await scene.subscribe(
                notificationTrigger=triggers, notification={"format": form, "showChanges": True}
            )
        of = {"type": "Relationship", "object": "urn:x:1"}
        await scene.put(1, speed=30, name=english, of=of, gone=1)
        await scene.settle()
        assert not any("previous" in key for one in scene.notifier.data for key in str(one).split("'"))
        scene.notifier.notices.clear()
        await scene.put(1, speed=50, name=german, of={**of, "object": "urn:x:2"}, new=1)
        await scene.settle()
        normalized, concise = scene.notifier.data
        assert normalized["speed"] == {"type": "Property", "value": 50, "previousValue": 30}
        assert normalized["name"]["previousLanguageMap"] == {"en": "Main"}
        assert normalized["of"]["previousObject"] == "urn:x:1"
        assert normalized["new"] == {"type": "Property", "value": 1}
        assert normalized["gone"] == {
            "type": "Property",
            "value": "urn:ngsi-ld:null",
            "previousValue": 1,
        }
        assert concise["speed"] == {"value": 50, "previousValue": 30}
        assert concise["new"] == 1
        await scene.broker.delete("urn:ngsi-ld:Road:1")
        await scene.settle()
        deleted = scene.notifier.data[2]
        assert deleted["deletedAt"]
        assert (deleted["speed"]["value"], deleted["speed"]["previousValue"]) == ("urn:ngsi-ld:null", 50)

    play(scene)


def test_deletions_are_shown_instance_by_instance_and_with_their_times() -> None:
    async def scene(scene: Scene) -> None:
        deleting = ["attributeDeleted", "entityDeleted"]
        await scene.subscribe(
            watchedAttributes=["name"],
            notificationTrigger=deleting,
            notification={"format": "normalized", "sysAttrs": True},
        )
        french = {"type": "Property", "value": "Rue", "datasetId": "urn:d:fr"}
        plain = {"type": "Property", "value": "Road"}
        await scene.put(1, name=[plain, french], speed=1)
        await scene.put(1, name=plain, speed=1)
        await scene.put(1, speed=1)
        await scene.put(1, speed=1, name=plain)
        await scene.broker.delete("urn:ngsi-ld:Road:1")
        await scene.settle()
        one_gone, all_gone, entity_gone = scene.notifier.data
        assert [(one["value"], one.get("datasetId"), "deletedAt" in one) for one in one_gone["name"]] == [
            ("Road", None, False),
            ("urn:ngsi-ld:null", "urn:d:fr", True),
        ]
        assert all_gone["name"]["value"] == "urn:ngsi-ld:null"
        assert sorted(entity_gone) == ["createdAt", "deletedAt", "id", "modifiedAt", "name", "type"]

    play(scene)


def test_the_context_of_the_subscription_names_things() -> None:
    async def scene(scene: Scene) -> None:
        url, other = "https://city.example/c", "https://city.example/d"
        scene.contexts.register(url, {"@context": {"tempo": "https://x.example/speed"}})
        scene.contexts.register(other, {"@context": {"velocity": "https://x.example/speed"}})
        terms = scene.contexts.resolve_local(url)
        document = {
            "type": "Subscription",
            "entities": [{"type": "Road"}],
            "watchedAttributes": ["tempo"],
            "notification": {"format": "keyValues", "endpoint": {"uri": URI}},
        }
        await scene.service.create(document, terms, url)
        await scene.service.create({**document, "jsonldContext": other}, terms, url)
        entity = parse_entity({"id": "urn:ngsi-ld:Road:1", "type": "Road", "tempo": 30}, terms)
        await scene.broker.upsert([entity])
        await scene.settle()
        assert [sorted(one) for one in scene.notifier.data] == [
            ["id", "tempo", "type"],
            ["id", "type", "velocity"],
        ]
        links = [dict(notice.headers)["Link"].split(">")[0] for notice in scene.notifier.notices]
        assert links == ["<" + url, "<" + other]

    play(scene)


# --- when and how often


def test_notifications_of_an_endpoint_keep_their_order_while_it_fails() -> None:
    fails = iter([True, False, True, True, False])

    def answer(_: Notice) -> None:
        if next(fails, False):
            raise DeliveryFailed("down")

    async def scene(scene: Scene) -> None:
        mine = await scene.subscribe()
        for speed in (10, 20, 30, 40):
            await scene.put(1, speed=speed)
        await scene.pass_time(60)
        assert [one["speed"] for one in scene.notifier.data] == [10, 20, 30, 40]
        record = await scene.record(mine)
        assert (record.times_sent, record.times_failed, record.failed) == (7, 3, False)

    play(scene, Scene(notifier=NotingNotifier(answer)))


def test_waiting_doubles_then_the_notification_becomes_a_dead_letter() -> None:
    def answer(notice: Notice) -> None:
        if b'"speed":10' in notice.body:
            raise DeliveryFailed("the receiver answered 503")

    async def scene(scene: Scene) -> None:
        mine = await scene.subscribe(endpoint={"cooldown": 1500})
        await scene.put(1, speed=10)
        await scene.put(1, speed=20)
        await scene.pass_time(1000)
        assert scene.time.slept == [1.5, 2.0, 4.0, 5.0], "doubling from 1 s up to 5 s, not below the cooldown"
        assert [one["speed"] for one in scene.notifier.data] == [20]
        total, [letter] = await scene.service.dead_letters(subscription=mine, limit=10, offset=0)
        assert (total, letter.attempts, letter.uri) == (1, 5, URI)
        assert letter.reason == "the receiver answered 503"
        assert b'"speed":10' in letter.elements[0]

    policy = DeliveryPolicy(attempts=5, longest_wait_s=5, jitter=0.0)
    play(scene, Scene(notifier=NotingNotifier(answer), policy=policy))


def test_chance_only_shortens_a_wait() -> None:
    def answer(_: Notice) -> None:
        raise DeliveryFailed("down")

    async def scene(scene: Scene) -> None:
        await scene.subscribe()
        await scene.put(1, speed=10)
        await scene.pass_time(1000)
        assert [1 <= 2**place / slept <= 2 for place, slept in enumerate(scene.time.slept)] == [True] * 5

    policy = DeliveryPolicy(attempts=6, jitter=0.5)
    play(scene, Scene(notifier=NotingNotifier(answer), policy=policy))


def test_a_refusal_is_not_tried_again_and_another_endpoint_does_not_wait() -> None:
    def answer(notice: Notice) -> None:
        if notice.endpoint.uri.endswith("gone"):
            raise DeliveryRefused("the receiver answered 410")
        if notice.endpoint.uri.endswith("down"):
            raise DeliveryFailed("no answer")

    async def scene(scene: Scene) -> None:
        for path in ("gone", "down", "up"):
            await scene.subscribe(endpoint={"uri": f"http://receiver.example/{path}"})
        await scene.put(1, speed=10)
        await scene.settle()
        assert [notice.endpoint.uri for notice in scene.notifier.notices] == ["http://receiver.example/up"]
        total, [letter] = await scene.service.dead_letters(subscription=None, limit=10, offset=0)
        assert (total, letter.uri, letter.attempts) == (1, "http://receiver.example/gone", 1)

    play(scene, Scene(notifier=NotingNotifier(answer)))


def test_a_full_queue_is_told_as_dead_letters() -> None:
    def answer(_: Notice) -> None:
        raise DeliveryFailed("no answer")

    async def scene(scene: Scene) -> None:
        await scene.subscribe()
        for speed in range(5):
            await scene.put(1, speed=speed)
        await scene.settle()
        total, letters = await scene.service.dead_letters(subscription=None, limit=10, offset=0)
        assert total == 2
        assert {letter.reason for letter in letters} == {"the endpoint's queue is full"}

    play(scene, Scene(notifier=NotingNotifier(answer), policy=DeliveryPolicy(queue=3)))


def test_throttling_keeps_the_gap_and_tells_the_last_state() -> None:
    async def scene(scene: Scene) -> None:
        await scene.subscribe(throttling=10)
        await scene.put(1, speed=10)
        await scene.pass_time(1)
        for speed in (20, 30):
            await scene.put(1, speed=speed)
            await scene.put(2, speed=speed)
        await scene.pass_time(8.9)
        assert [one["speed"] for one in scene.notifier.data] == [10], "9.9 s after the first"
        await scene.pass_time(0.1)
        assert len(scene.notifier.bodies) == 2
        told = [(one["id"][-1], one["speed"]) for one in scene.notifier.bodies[1]["data"]]
        assert told == [("1", 30), ("2", 30)]
        await scene.pass_time(100)
        assert len(scene.notifier.bodies) == 2, "nothing left to tell"
        await scene.put(1, speed=40)
        await scene.settle()
        assert len(scene.notifier.bodies) == 3, "the gap is over"

    play(scene)


def test_time_interval_tells_what_is_there() -> None:
    async def scene(scene: Scene) -> None:
        await scene.subscribe(timeInterval=60, q="speed>15")
        await scene.pass_time(60)
        assert scene.notifier.bodies == [], "nothing there"
        for number, speed in ((1, 10), (2, 20), (3, 30)):
            await scene.put(number, speed=speed)
        await scene.pass_time(59)
        assert scene.notifier.bodies == []
        await scene.pass_time(1)
        await scene.pass_time(60)
        assert [[one["speed"] for one in body["data"]] for body in scene.notifier.bodies] == [
            [20, 30],
            [20, 30],
        ]

    play(scene)


def test_linked_entities_are_told_along() -> None:
    async def scene(scene: Scene) -> None:
        await scene.put(2, name="Via Larga", on={"type": "Relationship", "object": "urn:ngsi-ld:Road:1"})
        about = {"q": "speed", "watchedAttributes": ["speed"]}
        await scene.subscribe(notification={"join": "inline", "pick": ["id", "on{name}"]}, **about)
        await scene.subscribe(notification={"join": "flat", "joinLevel": 3}, **about)
        await scene.put(1, speed=1, on={"type": "Relationship", "object": ["urn:ngsi-ld:Road:2", "urn:x:y"]})
        await scene.settle()
        inline, flat = (body["data"] for body in scene.notifier.bodies)
        assert inline == [{"id": "urn:ngsi-ld:Road:1", "on": [{"name": "Via Larga"}, "urn:x:y"]}]
        assert [one["id"] for one in flat] == ["urn:ngsi-ld:Road:1", "urn:ngsi-ld:Road:2"]

    play(scene)


def test_a_query_across_relationships_decides() -> None:
    async def scene(scene: Scene) -> None:
        await scene.put(8, name="wide")
        await scene.put(9, name="narrow")
        await scene.subscribe(q='on{Road:name=="wide"}|speed>90')
        await scene.subscribe(q='on{Road:name=="wide"}', timeInterval=60)
        for number, target in ((1, 9), (2, 8), (3, 7)):
            link = {"type": "Relationship", "object": f"urn:ngsi-ld:Road:{target}"}
            await scene.put(number, on=link, speed=99 if number == 3 else 10)
        await scene.settle()
        assert [body["data"][0]["id"][-1] for body in scene.notifier.bodies] == ["2", "3"]
        await scene.pass_time(60)
        assert [one["id"][-1] for one in scene.notifier.bodies[-1]["data"]] == ["2"]

    play(scene)


def test_older_editions_are_told_what_they_know() -> None:
    async def scene(scene: Scene) -> None:
        await scene.subscribe(ngsildConformance="1.6", notification={"format": "normalized"})
        await scene.put(1, shape={"type": "JsonProperty", "json": {"a": 1}})
        await scene.settle()
        [body] = scene.notifier.bodies
        assert body["data"][0]["shape"] == {"type": "Property", "value": {"a": 1}}

    play(scene)


# --- outages and restarts


def test_a_store_that_is_away_for_a_while_is_asked_again() -> None:
    class Moody(MemoryStore):
        away = False

        async def changes(self, *arguments: Any, **more: Any) -> Any:
            if self.away:
                raise StoreUnavailable("restarting")
            return await super().changes(*arguments, **more)

    store = Moody()

    async def scene(scene: Scene) -> None:
        await scene.subscribe()
        store.away = True
        await scene.put(1, speed=10)
        while not scene.time.slept:
            await asyncio.sleep(0)
        store.away = False
        await scene.put(1, speed=20)
        await scene.time.advance(1, scene.settle)
        assert [one["speed"] for one in scene.notifier.data] == [10, 20]

    play(scene, Scene(store=store))


def test_books_that_cannot_be_kept_for_a_while_lose_nothing() -> None:
    class Full(MemoryBooks):
        refusals = 2

        def settle(self, step: Any) -> None:
            if self.refusals and step.added:
                self.refusals -= 1
                raise StoreUnavailable("disk full")
            super().settle(step)

    def down(_: Notice) -> None:
        raise DeliveryFailed("down")

    books = Full()

    async def scene(scene: Scene) -> None:
        await scene.subscribe()
        await scene.put(1, speed=10)
        await scene.put(1, speed=20)
        while len(books.pending("")) < 2:  # or the scene's time is up
            await scene.time.advance(1, lambda: asyncio.sleep(0))
            await asyncio.sleep(0)
        assert books.refusals == 0

    play(
        scene,
        Scene(books=books, notifier=NotingNotifier(down), policy=DeliveryPolicy(attempts=50, jitter=0.0)),
    )


# --- restarts


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., Scene]:
    def opened(**more: Any) -> Scene:
        return Scene(store=EmbeddedStore.open(tmp_path), books=EmbeddedBooks.open(tmp_path), **more)

    return opened


def in_turn(*scenes: Coroutine[Any, Any, None]) -> None:
    async def run() -> None:
        for one in scenes:
            await asyncio.wait_for(one, timeout=30)

    asyncio.run(run())


def test_what_was_not_delivered_before_a_stop_is_delivered_after_it(stage: Callable[..., Scene]) -> None:
    def down(_: Notice) -> None:
        raise DeliveryFailed("down")

    async def first() -> None:
        async with stage(notifier=NotingNotifier(down)) as scene:
            await scene.subscribe(q="speed>0")
            await scene.subscribe(throttling=5)
            for speed in (10, 20, 30):
                await scene.put(1, speed=speed)
            await scene.settle()

    async def second() -> None:
        async with stage() as scene:
            await scene.pass_time(600)
            assert [one["speed"] for one in scene.notifier.data] == [10, 10, 20, 30, 30]
            await scene.put(1, speed=40)
            await scene.settle()
            assert scene.notifier.data[-1]["speed"] == 40, "it goes on from there"

    async def third() -> None:
        async with stage() as scene:
            await scene.pass_time(600)
            told = [one["speed"] for one in scene.notifier.data]
            assert told in ([], [40]), "what was delivered stays delivered"

    in_turn(first(), second(), third())


def test_changes_that_the_worker_had_not_read_are_told_after_a_crash(stage: Callable[..., Scene]) -> None:
    async def first() -> None:
        async with stage() as scene:
            await scene.subscribe()
            for worker in scene.service._tenants.values():  # it dies here, the writer does not
                await worker.close()
            await scene.put(1, speed=10)
            await scene.put(1, speed=20)

    async def second() -> None:
        async with stage() as scene:
            await scene.settle()
            assert [one["speed"] for one in scene.notifier.data] == [10, 20], "each state, not only the last"

    in_turn(first(), second())


def test_subscriptions_records_and_dead_letters_survive(stage: Callable[..., Scene]) -> None:
    def refuse(_: Notice) -> None:
        raise DeliveryRefused("the receiver answered 404")

    ids: list[str] = []

    async def first() -> None:
        async with stage(notifier=NotingNotifier(refuse)) as scene:
            ids.append(await scene.subscribe(description="kept", q="speed>5"))
            ids.append(await scene.subscribe())
            await scene.put(1, speed=10)
            await scene.settle()
            await scene.service.delete(ids[1])

    async def second() -> None:
        async with stage() as scene:
            found, record = await scene.service.get(ids[0])
            assert found.document["description"] == "kept"
            assert (record.times_sent, record.times_failed, record.failed) == (1, 1, True)
            total, [letter] = await scene.service.dead_letters(subscription=None, limit=10, offset=0)
            assert (total, letter.subscription) == (1, ids[0]), "the other's went with it"

    in_turn(first(), second())


def test_a_context_that_cannot_be_had_at_the_start_does_not_stop_notifications(
    stage: Callable[..., Scene],
) -> None:
    url = "https://city.example/context.jsonld"

    async def first() -> None:
        async with stage() as scene:
            scene.contexts.register(url, {"@context": {"Road": "https://x.example/Road"}})
            terms = scene.contexts.resolve_local(url)
            notification = {"format": "keyValues", "endpoint": {"uri": URI}}
            document = {"type": "Subscription", "entities": [{"type": "Road"}], "notification": notification}
            await scene.service.create(document, terms, url)

    async def second() -> None:
        async with stage() as scene:
            entity = {"id": "urn:ngsi-ld:Road:1", "type": "https://x.example/Road", "speed": 30}
            await scene.broker.upsert([parse_entity(entity, scene.contexts.core())])
            await scene.settle()
            assert [one["type"] for one in scene.notifier.data] == ["https://x.example/Road"]

    in_turn(first(), second())
