"""Two and three brokers at work together: every mode, loops, partners that misbehave (clauses 4.3.6, 6.3.17)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from sympolis.context.distributed.asking import Answer as Said
from sympolis.context.distributed.asking import Ending
from sympolis.testing.federation import ENTITIES, REGISTRATIONS, TestBroker, Wire, federation

ID = "urn:ngsi-ld:Building:1"
OTHER = "urn:ngsi-ld:Building:2"
ROOT = "/ngsi-ld/v1"
Play = Callable[[Wire, dict[str, TestBroker]], Awaitable[None]]


def play(act: Play, *names: str) -> None:
    async def whole() -> None:
        async with federation(*(names or ("here", "there"))) as (wire, brokers):
            await act(wire, brokers)

    asyncio.run(whole())


def building(entity_id: str = ID, **attributes: Any) -> dict[str, Any]:
    return {"id": entity_id, "type": "Building"} | {
        name: value if isinstance(value, dict) else {"type": "Property", "value": value}
        for name, value in attributes.items()
    }


def source(host: str = "there", number: int = 1, **members: Any) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:ContextSourceRegistration:{host}{number}",
        "information": [{"entities": [{"type": "Building"}]}],
        "operations": ["redirectionOps"],
        "endpoint": f"http://{host}.test",
    } | members


def exclusive(host: str = "there", **members: Any) -> dict[str, Any]:
    information = [{"entities": [{"type": "Building", "id": ID}], "propertyNames": ["heat"]}]
    return source(host, mode="exclusive", information=information) | members


EXCLUSIVE_FLOORS = [{"entities": [{"type": "Building", "id": ID}], "propertyNames": ["floors"]}]


async def values(broker: TestBroker, target: str = f"{ENTITIES}/{ID}") -> dict[str, Any]:
    answer = await broker.ask("GET", target + ("&" if "?" in target else "?") + "options=keyValues")
    assert answer.status == 200, answer.body
    found = answer.json
    return {name: value for name, value in found.items() if name not in ("id", "type")}


# --- reading


def test_a_source_of_other_things_leaves_the_order_of_these_alone() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here = brokers["here"]
        await here.ask("POST", ENTITIES, building(floors=1))
        await here.ask("POST", ENTITIES, building(OTHER, floors=2))
        lamps = [{"entities": [{"type": "Streetlight"}]}]
        assert (await here.register(source(information=lamps))).status == 201
        ordered = await here.ask("GET", f"{ENTITIES}?type=Building&orderBy=floors;desc")
        assert (ordered.status, [one["id"] for one in ordered.json]) == (200, [OTHER, ID])
        posted = {
            "type": "Query",
            "entities": [{"type": "Building"}],
            "ordering": {"orderBy": ["floors;desc"]},
        }
        answer = await here.ask("POST", f"{ROOT}/entityOperations/query", posted)
        assert (answer.status, [one["id"] for one in answer.json]) == (200, [OTHER, ID])
        assert (await here.register(source(number=2))).status == 201
        refused = await here.ask("GET", f"{ENTITIES}?type=Building&orderBy=floors;desc")
        assert (refused.status, refused.json["where"]) == (400, "orderBy")

    play(act)


def test_an_inclusive_source_is_read_beside_this_broker() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await here.ask("POST", ENTITIES, building(name="Town hall", floors=3))
        await there.ask("POST", ENTITIES, building(heat=90))
        await there.ask("POST", ENTITIES, building(OTHER, heat=80))
        assert (await here.register(source())).status == 201
        assert await values(here) == {"name": "Town hall", "floors": 3, "heat": 90}
        found = await here.ask("GET", f"{ENTITIES}?type=Building&options=keyValues&count=true")
        assert [one["id"] for one in found.json] == [ID, OTHER]
        assert found.header("ngsild-results-count") == "2"
        page = await here.ask("GET", f"{ENTITIES}?type=Building&limit=1&offset=1")
        assert [one["id"] for one in page.json] == [OTHER]
        alone = await here.ask("GET", f"{ENTITIES}?type=Building&local=true")
        assert [one["id"] for one in alone.json] == [ID]
        via = dict(wire.to("there.test")[-1].headers)["Via"]
        assert via == "1.1 here"

    play(act)


def test_a_query_without_registrations_asks_nobody() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        await brokers["here"].ask("GET", f"{ENTITIES}?type=Building")
        await brokers["here"].register(source(), **{"ngsild-tenant": "other"})
        await brokers["here"].ask("GET", f"{ENTITIES}?type=Building")
        await brokers["here"].ask("GET", f"{ENTITIES}/{ID}")
        assert not wire.sent

    play(act)


def test_the_most_recent_instance_is_shown() -> None:
    async def act(_: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        old = {"type": "Property", "value": 1, "observedAt": "2024-01-01T00:00:00Z"}
        new = {"type": "Property", "value": 2, "observedAt": "2024-02-01T00:00:00Z"}
        await here.ask("POST", ENTITIES, building(heat=old, cold=new))
        await there.ask("POST", ENTITIES, building(heat=new, cold=old))
        await here.register(source())
        assert await values(here) == {"heat": 2, "cold": 2}

    play(act)


def test_an_auxiliary_source_fills_gaps_and_is_never_written() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await here.ask("POST", ENTITIES, building(name="Town hall"))
        await there.ask("POST", ENTITIES, building(name="Rathaus", heat=90))
        assert (await here.register(source(mode="auxiliary"))).status == 400
        assert (await here.register(source(mode="auxiliary", operations=["retrieveOps"]))).status == 201
        assert await values(here) == {"name": "Town hall", "heat": 90}
        wire.sent.clear()
        assert (await here.ask("PATCH", f"{ENTITIES}/{ID}/attrs", {"name": {"value": "x"}})).status == 204
        assert not wire.sent

    play(act)


def test_split_entities_are_filtered_when_they_are_whole() -> None:
    async def act(_: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await here.ask("POST", ENTITIES, building(floors=3))
        await there.ask("POST", ENTITIES, building(heat=90))
        await here.register(source())
        query = f"{ENTITIES}?type=Building&q=floors==3;heat==90"
        assert (await here.ask("GET", query)).json == []
        found = await here.ask("GET", f"{query}&splitEntities=true&count=true")
        assert [one["id"] for one in found.json] == [ID]
        assert found.header("ngsild-results-count") == "1"

    play(act)


def test_a_query_by_post_reaches_sources_that_take_only_that() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await there.ask("POST", ENTITIES, building(heat=90))
        await there.ask("POST", ENTITIES, building(OTHER, heat=10))
        await here.register(source(operations=["queryBatch"]))
        query = {"type": "Query", "entities": [{"type": "Building", "id": ID}], "q": "heat>50"}
        found = await here.ask("POST", f"{ROOT}/entityOperations/query", query)
        assert [one["id"] for one in found.json] == [ID]
        assert wire.to("there.test")[-1].method == "POST"

    play(act)


def test_sources_are_asked_for_what_they_registered_and_no_more() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here = brokers["here"]
        information = [{"entities": [{"type": "Building", "id": ID}], "propertyNames": ["heat"]}]
        await here.register(source(information=information, management={"localOnly": True}, tenant="city"))
        await here.ask("GET", f"{ENTITIES}?type=Building,Bridge&id={ID},{OTHER}")
        [request] = wire.to("there.test")
        assert f"id={ID}&type=Building&attrs=heat&options=sysAttrs" in request.url
        assert "local=true" in request.url
        assert ("NGSILD-Tenant", "city") in request.headers
        wire.sent.clear()
        await here.ask("GET", f"{ENTITIES}?type=Bridge")
        await here.ask("GET", f"{ENTITIES}?type=Building&attrs=floors")
        await here.ask("GET", f"{ENTITIES}?type=Building&id={OTHER}")
        assert not wire.sent

    play(act)


def test_headers_are_sent_as_registered_or_as_the_client_sent_them() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        info = [
            {"key": "Authorization", "value": "urn:ngsi-ld:request"},
            {"key": "X-Key", "value": "secret"},
            {"key": "Content-Length", "value": "7"},
            {"key": "X-Absent", "value": "urn:ngsi-ld:request"},
        ]
        await brokers["here"].register(source(contextSourceInfo=info))
        await brokers["here"].ask("GET", f"{ENTITIES}/{ID}", headers={"authorization": "Bearer x"})
        headers = dict(wire.to("there.test")[-1].headers)
        assert headers["Authorization"] == "Bearer x"
        assert headers["X-Key"] == "secret"
        assert not {"Content-Length", "X-Absent"} & headers.keys()

    play(act)


# --- writing


def test_an_inclusive_source_is_written_beside_this_broker() -> None:
    async def act(_: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await here.register(source())
        assert (await here.ask("POST", ENTITIES, building(heat=1))).status == 201
        for broker in (here, there):
            assert await values(broker, f"{ENTITIES}/{ID}?local=true") == {"heat": 1}
        twice = await here.ask("POST", ENTITIES, building(heat=1))
        assert twice.status == 207
        assert [one["error"]["status"] for one in twice.json["errors"]] == [409, 409]
        assert twice.json["errors"][1]["registrationId"] == "urn:ngsi-ld:ContextSourceRegistration:there1"
        assert (await here.ask("PATCH", f"{ENTITIES}/{ID}", building(heat=2))).status == 204
        assert (await here.ask("PATCH", f"{ENTITIES}/{ID}/attrs/heat", {"value": 3})).status == 204
        assert (await here.ask("PUT", f"{ENTITIES}/{ID}/attrs/heat", {"value": 4})).status == 204
        assert (await here.ask("POST", f"{ENTITIES}/{ID}/attrs", {"cold": {"value": 5}})).status == 204
        assert (await here.ask("PUT", f"{ENTITIES}/{ID}", building(heat=6, cold=7))).status == 204
        assert (await here.ask("DELETE", f"{ENTITIES}/{ID}/attrs/cold")).status == 204
        for broker in (here, there):
            assert await values(broker, f"{ENTITIES}/{ID}?local=true") == {"heat": 6}
        assert (await here.ask("DELETE", f"{ENTITIES}/{ID}")).status == 204
        assert (await there.ask("GET", f"{ENTITIES}/{ID}")).status == 404

    play(act)


def test_a_redirected_entity_is_elsewhere_alone() -> None:
    async def act(_: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there, third = brokers["here"], brokers["there"], brokers["third"]
        await here.register(source(mode="redirect"))
        await here.register(source("third", mode="redirect"))
        assert (await here.ask("POST", ENTITIES, building(heat=1))).status == 201
        assert (await here.ask("GET", f"{ENTITIES}/{ID}?local=true")).status == 404
        for broker in (there, third):
            assert await values(broker) == {"heat": 1}
        assert (await here.ask("PATCH", f"{ENTITIES}/{ID}/attrs", {"heat": {"value": 2}})).status == 204
        assert await values(here) == {"heat": 2}
        await third.ask("DELETE", f"{ENTITIES}/{ID}")
        partly = await here.ask("PATCH", f"{ENTITIES}/{ID}/attrs", {"heat": {"value": 3}})
        assert partly.status == 207
        assert partly.json["updated"] == ["heat"]
        assert partly.json["notUpdated"][0]["attributeName"] == "heat"

    play(act, "here", "there", "third")


def test_an_exclusive_attribute_is_elsewhere_and_the_rest_here() -> None:
    async def act(_: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        assert (await here.register(exclusive())).status == 201
        assert (await here.ask("POST", ENTITIES, building(heat=1, name="Town hall"))).status == 201
        assert await values(here, f"{ENTITIES}/{ID}?local=true") == {"name": "Town hall"}
        assert await values(there) == {"heat": 1}
        assert await values(here) == {"name": "Town hall", "heat": 1}
        both = {"heat": {"value": 2}, "name": {"value": "Rathaus"}}
        assert (await here.ask("PATCH", f"{ENTITIES}/{ID}", both)).status == 204
        assert await values(here) == {"name": "Rathaus", "heat": 2}
        assert await values(there) == {"heat": 2}

    play(act)


def test_what_a_source_alone_may_do_and_does_not_offer_is_a_conflict() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here = brokers["here"]
        await here.register(exclusive(operations=["retrieveOps"]))
        assert (await here.ask("POST", ENTITIES, building(heat=1))).status == 409
        partly = await here.ask("POST", ENTITIES, building(heat=1, name="x"))
        assert partly.status == 207
        assert partly.json["success"] == [ID]
        assert partly.json["errors"][0]["error"]["status"] == 409
        assert not wire.sent

    play(act)


@pytest.mark.parametrize(
    ("ending", "status"), [(Ending.SILENT, 504), (Ending.UNREACHABLE, 502), (Ending.INVALID, 502)]
)
def test_a_single_source_answers_for_the_request(ending: Ending, status: int) -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here = brokers["here"]
        await here.register(source(mode="redirect"))
        wire.broken["there.test"] = ending
        answer = await here.ask("POST", ENTITIES, building(heat=1))
        assert answer.status == status
        assert answer.json["type"].startswith("https://uri.etsi.org/ngsi-ld/errors/")

    play(act)


def test_conflicting_registrations_are_refused() -> None:
    async def act(_: Wire, brokers: dict[str, TestBroker]) -> None:
        here = brokers["here"]
        assert (await here.register(exclusive())).status == 201
        assert (await here.register(exclusive(id="urn:r:2"))).status == 409
        assert (await here.register(source(mode="redirect", number=3))).status == 409
        assert (await here.register(source(number=4))).status == 201
        await here.ask("POST", f"{ENTITIES}?local=true", building(OTHER, heat=1))
        bridge = [{"entities": [{"type": "Bridge"}]}]
        assert (await here.register(source(mode="redirect", number=5, information=bridge))).status == 201
        mine = [{"entities": [{"type": "Building", "id": OTHER}], "propertyNames": ["heat"]}]
        taken = await here.register(exclusive(id="urn:r:6", information=mine))
        assert taken.status == 409
        assert taken.json["type"].endswith("/Conflict")
        changed = await here.ask("PATCH", f"{REGISTRATIONS}/urn:r:4x", {"mode": "redirect"})
        assert changed.status == 404

    play(act)


# --- batches


@pytest.mark.parametrize("batches", [True, False])
def test_batches_are_passed_on_whole_or_one_by_one(batches: bool) -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        more = ["createBatch", "upsertBatch", "updateBatch", "mergeBatch", "deleteBatch"]
        await here.register(source(operations=["redirectionOps", *(more if batches else [])]))
        both = [building(heat=1), building(OTHER, heat=2)]
        created = await here.ask("POST", f"{ROOT}/entityOperations/create", both)
        assert (created.status, sorted(created.json)) == (201, [ID, OTHER])
        assert len(wire.to("there.test")) == (1 if batches else 2)
        for operation, heat in (("update", 3), ("merge", 4), ("upsert", 5)):
            some = [building(heat=heat), building(OTHER, heat=heat)]
            answer = await here.ask("POST", f"{ROOT}/entityOperations/{operation}", some)
            assert answer.status == 204, (operation, answer.body)
            for broker in (here, there):
                assert await values(broker, f"{ENTITIES}/{OTHER}?local=true") == {"heat": heat}
        gone = await here.ask("POST", f"{ROOT}/entityOperations/delete", [ID, OTHER])
        assert gone.status == 204
        assert (await there.ask("GET", f"{ENTITIES}?type=Building")).json == []
        again = await here.ask("POST", f"{ROOT}/entityOperations/delete", [ID])
        assert again.status == 207
        assert len(again.json["errors"]) == 2

    play(act)


def test_a_batch_goes_to_each_source_as_far_as_it_concerns_it() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await here.register(exclusive(operations=["createBatch"]))
        some = [building(heat=1, name="a"), building(OTHER, heat=2, name="b")]
        assert (await here.ask("POST", f"{ROOT}/entityOperations/create", some)).status == 201
        [request] = wire.to("there.test")
        assert [set(one) for one in msgspec.json.decode(request.body)] == [{"id", "type", "heat"}]
        assert await values(there) == {"heat": 1}
        assert await values(here, f"{ENTITIES}/{OTHER}?local=true") == {"heat": 2, "name": "b"}

    play(act)


def test_a_purge_reaches_only_what_is_registered() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await there.ask("POST", ENTITIES, building(heat=1, name="kept"))
        await there.ask("POST", ENTITIES, building(OTHER, heat=2))
        await here.ask("POST", ENTITIES, building("urn:x:3", heat=3))
        await here.register(exclusive())
        assert (await here.ask("DELETE", f"{ENTITIES}?type=Building")).status == 204
        assert (await here.ask("GET", f"{ENTITIES}?type=Building&local=true")).json == []
        assert await values(there) == {"name": "kept"}
        assert await values(there, f"{ENTITIES}/{OTHER}") == {"heat": 2}
        await here.register(exclusive(id="urn:r:2", operations=["retrieveOps"], information=EXCLUSIVE_FLOORS))
        refused = await here.ask("DELETE", f"{ENTITIES}?type=Building")
        assert refused.status == 207
        assert refused.json["errors"][0]["registrationId"] == "urn:r:2"

    play(act)


# --- loops


def test_two_brokers_that_registered_each_other_do_not_loop() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await here.register(source())
        await there.register(source("here"))
        assert (await here.ask("POST", ENTITIES, building(heat=1))).status == 201
        assert await values(here) == {"heat": 1}
        assert await values(there) == {"heat": 1}
        assert len(wire.to("here.test")) == 1, "only to answer what there asked for itself"

    play(act)


def test_a_circle_of_redirections_is_told_as_one() -> None:
    async def act(_: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await here.register(source(mode="redirect", contextSourceAlias="there"))
        await there.register(source("here", mode="redirect", contextSourceAlias="here"))
        assert (await here.ask("POST", ENTITIES, building(heat=1))).status == 508
        answer = await here.ask("GET", f"{ENTITIES}/{ID}")
        assert answer.status == 404
        assert any(one.startswith("199 ") for one in answer.all("ngsild-warning"))

    play(act)


def test_a_source_that_the_request_has_been_at_is_left_out() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here = brokers["here"]
        await here.register(source(contextSourceAlias="known"))
        await here.ask("GET", f"{ENTITIES}/{ID}", headers={"via": "1.1 other, 1.1 known"})
        await here.ask("GET", f"{ENTITIES}?type=Building", headers={"via": "1.1 here"})
        assert not wire.sent
        await here.ask("GET", f"{ENTITIES}/{ID}", headers={"via": "1.1 other"})
        assert dict(wire.sent[-1].headers)["Via"] == "1.1 other, 1.1 here"

    play(act)


# --- partners that misbehave


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Said(Ending.SILENT), "199"),
        (Said(Ending.UNREACHABLE), "199"),
        (Said(Ending.INVALID), "111"),
        (Said(Ending.ANSWERED, 200, {}, b"<html>"), "111"),
        (Said(Ending.ANSWERED, 200, {}, b""), "111"),
        (Said(Ending.ANSWERED, 200, {}, b"[" * 5000), "111"),
        (Said(Ending.ANSWERED, 200, {}, b'[{"id":"no uri","type":"Building"}]'), "111"),
        (Said(Ending.ANSWERED, 302, {"location": "http://there.test/"}), "299"),
        (Said(Ending.ANSWERED, 403), "299"),
        (Said(Ending.ANSWERED, 500), "299"),
        (Said(Ending.ANSWERED, 508), "199"),
        (Said(Ending.ANSWERED, 404), ""),
    ],
)
def test_a_source_that_misbehaves_costs_a_warning_and_nothing_else(said: Said, code: str) -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here = brokers["here"]
        await here.ask("POST", ENTITIES, building(name="Town hall"))
        await here.register(source())
        wire.answers["there.test"] = said
        del wire.apps["there.test"]
        if said.ending is not Ending.ANSWERED:
            wire.broken["there.test"] = said.ending
        for target in (f"{ENTITIES}/{ID}", f"{ENTITIES}?type=Building"):
            answer = await here.ask("GET", target)
            assert answer.status == 200
            assert b"Town hall" in answer.body
            assert [one[:3] for one in answer.all("ngsild-warning")] == ([code] if code else [])

    play(act)


def test_a_source_that_keeps_failing_is_left_alone_for_a_while() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here = brokers["here"]
        await here.register(source(management={"cooldown": 60_000}))
        wire.broken["there.test"] = Ending.SILENT
        for _ in range(3):
            answer = await here.ask("GET", f"{ENTITIES}?type=Building")
            assert answer.all("ngsild-warning")[0].startswith("199 ")
        assert len(wire.to("there.test")) == 1
        told = await here.ask("GET", f"{REGISTRATIONS}/{source()['id']}")
        assert (told.json["status"], told.json["timesSent"], told.json["timesFailed"]) == ("failed", 1, 1)

    play(act)


def test_an_answer_is_kept_as_long_as_the_source_says() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await there.ask("POST", ENTITIES, building(heat=1))
        await here.register(source(management={"cacheDuration": "PT10M"}))
        assert not (await here.ask("GET", f"{ENTITIES}?type=Building")).all("ngsild-warning")
        again = await here.ask("GET", f"{ENTITIES}?type=Building")
        assert again.json[0]["heat"]["value"] == 1
        assert again.all("ngsild-warning")[0].startswith("110 ")
        assert len(wire.to("there.test")) == 1
        await here.ask("PATCH", f"{ENTITIES}/{ID}/attrs", {"heat": {"value": 2}})
        fresh = await here.ask("GET", f"{ENTITIES}?type=Building")
        assert fresh.json[0]["heat"]["value"] == 2

    play(act)


# --- discovery


def test_types_and_attributes_of_all_are_told() -> None:
    async def act(_: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await here.ask("POST", ENTITIES, building(name="Town hall"))
        await there.ask("POST", ENTITIES, building(heat=90))
        await there.ask("POST", ENTITIES, {"id": "urn:x:9", "type": "Bridge", "length": {"value": 1}})
        everything = [{"entities": [{"type": "Building"}, {"type": "Bridge"}]}]
        await here.register(source(operations=["federationOps"], information=everything))
        assert (await here.ask("GET", f"{ROOT}/types")).json["typeList"] == ["Bridge", "Building"]
        assert (await here.ask("GET", f"{ROOT}/types?local=true")).json["typeList"] == ["Building"]
        details = (await here.ask("GET", f"{ROOT}/types?details=true")).json
        assert {one["typeName"]: sorted(one["attributeNames"]) for one in details} == {
            "Bridge": ["length"],
            "Building": ["heat", "name"],
        }
        info = (await here.ask("GET", f"{ROOT}/types/Building")).json
        assert info["entityCount"] == 2
        listed = (await here.ask("GET", f"{ROOT}/attributes")).json["attributeList"]
        assert listed == ["heat", "length", "name"]
        one = (await here.ask("GET", f"{ROOT}/attributes/heat")).json
        assert (one["attributeCount"], one["typeNames"], one["attributeTypes"]) == (
            1,
            ["Building"],
            ["Property"],
        )

    play(act)


def test_an_entity_map_tells_who_holds_what() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = brokers["here"], brokers["there"]
        await here.ask("POST", ENTITIES, building(name="Town hall"))
        await there.ask("POST", ENTITIES, building(heat=90))
        await there.ask("POST", ENTITIES, building(OTHER, heat=80))
        await here.register(source())
        await here.register(source("nowhere"))
        first = await here.ask("GET", f"{ENTITIES}?type=Building&limit=1&entityMap=true&count=true")
        assert (first.status, [one["id"] for one in first.json]) == (201, [ID])
        assert first.header("ngsild-results-count") == "2"
        address = first.header("ngsild-entitymap") or ""
        held = (await here.ask("GET", address)).json["entityMap"]
        assert held == {ID: ["@none", source()["id"]], OTHER: [source()["id"]]}
        wire.sent.clear()
        page = f"{ENTITIES}?type=Building&limit=1&offset=1"
        second = await here.ask("GET", page, headers={"ngsild-entitymap": address})
        assert (second.status, [one["id"] for one in second.json]) == (200, [OTHER])
        assert not wire.to("nowhere.test"), "the map knows that there is nothing"

    play(act)
