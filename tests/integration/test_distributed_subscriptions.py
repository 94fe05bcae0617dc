"""Subscriptions that other brokers help to serve (clauses 5.8.1.4, 5.8.2.4, 5.8.5.4, 5.8.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from sympolis.context.distributed.subscribing import PATH
from sympolis.testing.federation import ENTITIES, REGISTRATIONS, TestBroker, Wire, federation

SUBSCRIPTIONS = "/ngsi-ld/v1/subscriptions"
ID = "urn:ngsi-ld:Building:1"
SOURCE = "urn:ngsi-ld:ContextSourceRegistration:there"
SUBSCRIPTION = "urn:ngsi-ld:Subscription:1"
Play = Callable[[Wire, dict[str, TestBroker]], Awaitable[None]]


def play(act: Play, *names: str) -> None:
    async def whole() -> None:
        async with federation(*(names or ("here", "there"))) as (wire, brokers):
            await asyncio.wait_for(act(wire, brokers), timeout=30)

    asyncio.run(whole())


def source(host: str = "there", **members: Any) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:ContextSourceRegistration:{host}",
        "information": [{"entities": [{"type": "Building"}], "propertyNames": ["heat", "floors"]}],
        "operations": ["federationOps"],
        "endpoint": f"http://{host}.test",
    } | members


def subscription(**members: Any) -> dict[str, Any]:
    notification = {"format": "keyValues", "endpoint": {"uri": "http://subscriber.test/", "timeout": 2000}}
    return {
        "id": SUBSCRIPTION,
        "type": "Subscription",
        "entities": [{"type": "Building"}],
        "watchedAttributes": ["heat", "smell"],
        "notification": notification,
    } | members


async def put(broker: TestBroker, heat: int, entity_id: str = ID) -> None:
    entity = {"id": entity_id, "type": "Building", "heat": {"type": "Property", "value": heat}}
    answer = await broker.ask("POST", "/ngsi-ld/v1/entityOperations/upsert?local=true", [entity])
    assert answer.status in (201, 204), answer.body


async def held(broker: TestBroker) -> list[dict[str, Any]]:
    answer = await broker.ask("GET", SUBSCRIPTIONS)
    found: list[dict[str, Any]] = answer.json
    return found


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():
        await asyncio.sleep(0)


async def _told(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    assert (await here.register(source())).status == 201
    assert (await here.ask("POST", SUBSCRIPTIONS, subscription())).status == 201
    [copy] = await held(there)
    assert copy["watchedAttributes"] == ["heat"]
    assert copy["notification"]["endpoint"]["uri"].startswith(f"http://here.test{PATH}/")
    assert copy["id"] != SUBSCRIPTION
    await put(there, 40)
    notification = await wire.told.get()
    assert notification["subscriptionId"] == SUBSCRIPTION
    assert notification["data"] == [{"id": ID, "type": "Building", "heat": 40}]
    await put(here, 41)
    assert (await wire.told.get())["data"][0]["heat"] == 41
    record = (await held(here))[0]["notification"]
    assert record["timesSent"] == 2


def test_what_a_source_tells_reaches_the_subscriber() -> None:
    play(_told)


async def _changed(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    await here.ask("POST", SUBSCRIPTIONS, subscription())
    target = f"{SUBSCRIPTIONS}/{SUBSCRIPTION}"
    assert (await here.ask("PATCH", target, {"watchedAttributes": ["floors"]})).status == 204
    assert [one["watchedAttributes"] for one in await held(there)] == [["floors"]]
    assert (await here.ask("PATCH", target, {"watchedAttributes": ["smell"]})).status == 204
    assert await held(there) == []
    assert (await here.ask("PATCH", target, {"watchedAttributes": ["heat"]})).status == 204
    assert [one["watchedAttributes"] for one in await held(there)] == [["heat"]]
    assert (await here.ask("DELETE", target)).status == 204
    assert await held(there) == []


def test_copies_follow_their_subscription() -> None:
    play(_changed)


async def _lost(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    await here.ask("POST", SUBSCRIPTIONS, subscription())
    [copy] = await held(there)
    await there.ask("DELETE", f"{SUBSCRIPTIONS}/{copy['id']}")
    fragment = {"watchedAttributes": ["heat", "floors"]}
    assert (await here.ask("PATCH", f"{SUBSCRIPTIONS}/{SUBSCRIPTION}", fragment)).status == 204
    [again] = await held(there)
    assert again["id"] != copy["id"]
    await put(there, 40)
    assert (await wire.told.get())["data"][0]["heat"] == 40


def test_a_copy_that_a_source_has_lost_is_made_again() -> None:
    play(_lost)


async def _sources_come_and_go(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source("gone", information=[{"entities": [{"type": "Lamp"}]}]))
    await here.ask("POST", SUBSCRIPTIONS, subscription())
    assert await held(there) == []
    await here.register(source())
    await until(lambda: _holds(there, ["heat"]))
    fragment = {"information": [{"entities": [{"type": "Building"}], "propertyNames": ["smell"]}]}
    assert (await here.ask("PATCH", f"{REGISTRATIONS}/{SOURCE}", fragment)).status == 204
    await until(lambda: _holds(there, ["smell"]))
    assert (await here.ask("DELETE", f"{REGISTRATIONS}/{SOURCE}")).status == 204
    await until(lambda: _holds(there, None))


async def _holds(broker: TestBroker, watched: list[str] | None) -> bool:
    return [one["watchedAttributes"] for one in await held(broker)] == ([] if watched is None else [watched])


def test_sources_that_come_and_go_get_and_lose_their_copies() -> None:
    play(_sources_come_and_go)


async def _kept_to_itself(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    await here.ask("POST", SUBSCRIPTIONS, subscription(localOnly=True))
    lamp = subscription(id="urn:ngsi-ld:Subscription:2", entities=[{"type": "Lamp"}])
    await here.ask("POST", SUBSCRIPTIONS, lamp)
    assert await held(there) == []
    assert not [one for one in wire.sent if SUBSCRIPTIONS in one.url]


def test_a_local_subscription_and_one_about_other_things_stay_here() -> None:
    play(_kept_to_itself)


async def _no_operations(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source(operations=["redirectionOps"]))
    assert (await here.ask("POST", SUBSCRIPTIONS, subscription())).status == 201
    assert await held(there) == []


def test_a_source_that_takes_no_subscriptions_gets_none() -> None:
    play(_no_operations)


async def _circle(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    await there.register(source("here"))
    assert (await here.ask("POST", SUBSCRIPTIONS, subscription())).status == 201
    assert len(await held(there)) == 1
    assert len(await held(here)) == 1
    await put(there, 40)
    assert (await wire.told.get())["data"][0]["heat"] == 40


def test_two_brokers_that_know_each_other_make_one_copy() -> None:
    play(_circle)


async def _failing(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here = brokers["here"]
    await here.register(source("nobody"))
    assert (await here.ask("POST", SUBSCRIPTIONS, subscription())).status == 201
    await put(here, 40)
    assert (await wire.told.get())["data"][0]["heat"] == 40


def test_a_source_that_does_not_answer_spoils_nothing() -> None:
    play(_failing)


async def _strangers(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    await here.ask("POST", SUBSCRIPTIONS, subscription())
    [copy] = await held(there)
    path = copy["notification"]["endpoint"]["uri"].removeprefix("http://here.test")
    notification = {"type": "Notification", "data": [{"id": ID, "type": "Building", "heat": 1}]}
    assert (await here.ask("POST", f"{PATH}/guess", notification)).status == 404
    wrongs: list[Any] = [[], {}, {"data": 1}, {"data": [{"type": "Building"}]}, {"data": {"features": 7}}]
    for wrong in wrongs:
        assert (await here.ask("POST", path, wrong)).status == 400, msgspec.json.encode(wrong)
    assert wire.told.empty()
    assert (await here.ask("POST", path, notification)).status == 200
    assert (await wire.told.get())["data"] == notification["data"]


def test_only_who_was_given_a_key_is_heard() -> None:
    play(_strangers)


async def _other_tenant(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source(tenant="city"), **{"ngsild-tenant": "town"})
    answer = await here.ask("POST", SUBSCRIPTIONS, subscription(), {"ngsild-tenant": "town"})
    assert answer.status == 201
    kept = await there.ask("GET", SUBSCRIPTIONS, headers={"ngsild-tenant": "city"})
    assert len(kept.json) == 1
    entity = {"id": ID, "type": "Building", "heat": {"type": "Property", "value": 3}}
    assert (await there.ask("POST", ENTITIES, entity, {"ngsild-tenant": "city"})).status == 201
    assert (await wire.told.get())["subscriptionId"] == SUBSCRIPTION


def test_a_tenant_here_is_helped_by_a_tenant_there() -> None:
    play(_other_tenant)
