"""How entities evolved, where several brokers know a part of it (clauses 5.7.3.4, 5.7.4.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from sympolis.context.distributed.asking import Answer as Said
from sympolis.context.distributed.asking import Ending
from sympolis.testing.federation import TestBroker, Wire, federation

EVOLUTIONS = "/ngsi-ld/v1/temporal/entities"
ID = "urn:ngsi-ld:Building:1"
OTHER = "urn:ngsi-ld:Building:2"
SINCE = "timerel=after&timeAt=2024-05-08T00:00:00Z"
Play = Callable[[Wire, dict[str, TestBroker]], Awaitable[None]]


def play(act: Play, *names: str) -> None:
    async def whole() -> None:
        async with federation(*(names or ("here", "there"))) as (wire, brokers):
            await act(wire, brokers)

    asyncio.run(whole())


def source(host: str = "there", **members: Any) -> dict[str, Any]:
    return {
        "information": [{"entities": [{"type": "Building"}]}],
        "operations": ["retrieveTemporal", "queryTemporal"],
        "endpoint": f"http://{host}.test",
    } | members


async def tell(broker: TestBroker, entity_id: str = ID, **told: dict[int, Any]) -> None:
    """Values of attributes by the hour of a day."""
    document = {"id": entity_id, "type": "Building"} | {
        name: [
            {"type": "Property", "value": value, "observedAt": f"2024-05-08T{hour:02}:00:00Z"}
            for hour, value in points.items()
        ]
        for name, points in told.items()
    }
    answer = await broker.ask("POST", f"{EVOLUTIONS}?local=true", document)
    assert answer.status in (201, 204), answer.body


async def series(broker: TestBroker, target: str = f"/{ID}", name: str = "heat") -> list[tuple[int, Any]]:
    document = await asked(broker, target)
    document = document if isinstance(document, dict) else document[0]
    return [(int(at[11:13]), value) for value, at in document.get(name, {"values": ()})["values"]]


async def asked(broker: TestBroker, target: str) -> Any:
    answer = await broker.ask(
        "GET", EVOLUTIONS + target + ("&" if "?" in target else "?") + "options=temporalValues"
    )
    assert answer.status == 200, answer.body
    return answer.json


async def _together(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    await tell(here, heat={1: 10, 3: 30})
    await tell(there, heat={2: 20, 4: 40}, floors={1: 7})
    await tell(there, OTHER, heat={5: 50})
    assert await series(here) == [(1, 10), (2, 20), (3, 30), (4, 40)]
    assert await series(here, name="floors") == [(1, 7)]
    assert await series(here, f"/{ID}?local=true") == [(1, 10), (3, 30)]
    assert await series(here, f"/{OTHER}") == [(5, 50)]
    found = await asked(here, f"?type=Building&{SINCE}")
    assert [one["id"] for one in found] == [ID, OTHER]
    assert await series(here, f"?type=Building&{SINCE}&lastN=2") == [(3, 30), (4, 40)]
    between = "timerel=between&timeAt=2024-05-08T02:00:00Z&endTimeAt=2024-05-08T03:30:00Z"
    assert await series(here, f"?type=Building&{between}") == [(2, 20), (3, 30)]
    forwarded = [one.url for one in wire.to("there.test") if "timerel" in one.url]
    assert all("timeAt=" in one for one in forwarded)


def test_instances_of_several_brokers_are_one_series() -> None:
    play(_together)


async def _aggregated(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    await tell(here, heat={1: 10, 3: 30})
    await tell(there, heat={1: 10, 2: 20, 4: 40})
    target = f"{EVOLUTIONS}?type=Building&{SINCE}&format=aggregatedValues&aggrMethods=sum,totalCount"
    answer = await here.ask("GET", target)
    assert answer.status == 200, answer.body
    [document] = answer.json
    assert document["heat"]["sum"][0][0] == 100
    assert document["heat"]["totalCount"][0][0] == 4
    assert not [one for one in wire.sent if "aggr" in one.url or "lastN" in one.url]


def test_aggregates_are_made_of_all_instances() -> None:
    play(_aggregated)


async def _same_time(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there, other = brokers["here"], brokers["there"], brokers["other"]
    await here.register(source())
    await here.register(source("other"))
    await tell(here, heat={1: 10})
    await tell(there, heat={2: 20})
    await tell(other, heat={2: 21, 3: 31})
    assert await series(here) == [(1, 10), (2, 21), (3, 31)]
    await tell(there, heat={2: 22})
    assert await series(here) == [(1, 10), (2, 22), (3, 31)]


def test_the_instance_modified_last_is_shown_where_two_have_the_same_time() -> None:
    play(_same_time, "here", "there", "other")


async def _reduced(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    information = [{"entities": [{"type": "Building", "id": ID}], "propertyNames": ["heat"]}]
    await here.register(source(mode="exclusive", information=information))
    await tell(there, heat={1: 1}, smell={1: 2})
    await tell(there, OTHER, heat={1: 1})
    found = await asked(here, f"?type=Building&{SINCE}")
    assert [one["id"] for one in found] == [ID]
    assert "smell" not in found[0]
    [sent] = [urlsplit(one.url) for one in wire.sent if one.url.count("timerel")]
    assert parse_qs(sent.query)["attrs"] == ["heat"]
    assert parse_qs(sent.query)["id"] == [ID]


def test_a_source_is_asked_for_no_more_than_is_registered() -> None:
    play(_reduced)


async def _filtered(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    await tell(here, heat={1: 10})
    await tell(there, heat={2: 90}, floors={2: 3})
    await tell(there, OTHER, heat={2: 5})
    found = await asked(here, f"?type=Building&{SINCE}&q=heat%3E50")
    assert [one["id"] for one in found] == [ID]
    assert "q=" in wire.sent[-1].url
    split = f"?type=Building&{SINCE}&q=heat%3E50&splitEntities=true&attrs=floors"
    found = await asked(here, split)
    assert [set(one) for one in found] == [{"id", "type", "floors"}]
    assert "q=" not in wire.sent[-1].url
    assert await asked(here, f"?type=Building&{SINCE}&q=heat%3E500") == []


def test_filters_are_judged_by_sources_or_by_the_whole() -> None:
    play(_filtered)


async def _paged(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    ids = [f"urn:ngsi-ld:Building:{number}" for number in range(6)]
    for number, entity_id in enumerate(ids):
        await tell((here, there)[number % 2], entity_id, heat={number: number})
    found: list[str] = []
    for offset in (0, 4):
        target = f"{EVOLUTIONS}?type=Building&{SINCE}&limit=4&offset={offset}&count=true"
        answer = await here.ask("GET", target)
        assert dict(answer.headers)["ngsild-results-count"] == "6"
        assert ('rel="next"' in str(answer.headers)) == (offset == 0)
        found += [one["id"] for one in answer.json]
    assert found == ids


def test_pages_go_through_the_entities_of_everyone() -> None:
    play(_paged)


async def _intervals(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    interval = {"startAt": "2020-01-01T00:00:00Z", "endAt": "2021-01-01T00:00:00Z"}
    await here.register(source(observationInterval=interval))
    await here.register(source("nobody", operations=["retrieveEntity"]))
    await tell(there, heat={1: 1})
    assert await asked(here, f"?type=Building&{SINCE}") == []
    assert not wire.sent


def test_a_source_of_other_times_or_of_the_present_is_not_asked() -> None:
    play(_intervals)


async def _broken(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here = brokers["here"]
    await here.register(source("silent"))
    await here.register(source("mad"))
    wire.broken["silent.test"] = Ending.SILENT
    await tell(here, heat={1: 10})
    odd: list[Any] = [{}, 7, [7], [{"id": ID}], [{"id": "x", "type": "Building"}]]
    heats: list[Any] = [3, [{"type": "Property"}], [[]]]
    odd += [[{"id": ID, "type": "Building", "heat": heat}] for heat in heats]
    for answer in odd:
        wire.answers["mad.test"] = Said(Ending.ANSWERED, 200, {}, msgspec.json.encode(answer))
        for target in (f"?type=Building&{SINCE}", f"/{ID}"):
            said = await here.ask("GET", EVOLUTIONS + target)
            warnings = [value[:3] for name, value in said.headers if name == "ngsild-warning"]
            assert sorted(warnings) == ["111", "199"], (answer, warnings)
            assert await series(here, target) == [(1, 10)]
    missing = await here.ask("GET", f"{EVOLUTIONS}/urn:ngsi-ld:Building:404")
    assert missing.status == 404


def test_what_makes_no_sense_is_left_out_and_said() -> None:
    play(_broken)


async def _circle(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source())
    await there.register(source("here"))
    await tell(here, heat={1: 10})
    await tell(there, heat={2: 20})
    assert await series(here) == await series(there) == [(1, 10), (2, 20)]


def test_brokers_that_know_each_other_ask_each_other_once() -> None:
    play(_circle)


async def _ordered(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here = brokers["here"]
    await here.register(source())
    answer = await here.ask("GET", f"{EVOLUTIONS}?type=Building&{SINCE}&orderBy=id")
    assert answer.status == 400
    answer = await here.ask("GET", f"{EVOLUTIONS}?type=Building&{SINCE}&orderBy=id&local=true")
    assert answer.status == 200, answer.body


def test_only_what_is_here_is_ordered() -> None:
    play(_ordered)


async def _ordered_beside_others(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here = brokers["here"]
    await tell(here, heat={1: 10})
    lamps = [{"entities": [{"type": "Streetlight"}]}]
    assert (await here.register(source(information=lamps))).status == 201
    answer = await here.ask("GET", f"{EVOLUTIONS}?type=Building&{SINCE}&orderBy=id;desc")
    assert (answer.status, [one["type"] for one in answer.json]) == (200, ["Building"])


def test_a_source_of_other_things_leaves_the_order_of_these_alone() -> None:
    play(_ordered_beside_others)


# --- changing


WRITES = ["upsertTemporal", "appendAttrsTemporal", "deleteAttrsTemporal", "deleteTemporal"]
WRITES += ["updateAttrInstanceTemporal", "deleteAttrInstanceTemporal", "retrieveTemporal", "queryTemporal"]
HEAT_OF_ONE = [{"entities": [{"type": "Building", "id": ID}], "propertyNames": ["heat"]}]


def evolution(**told: int) -> dict[str, Any]:
    return {"id": ID, "type": "Building"} | {
        name: [{"type": "Property", "value": value, "observedAt": "2024-05-08T01:00:00Z"}]
        for name, value in told.items()
    }


async def _redirected(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source(mode="redirect", operations=WRITES))
    assert (await here.ask("POST", EVOLUTIONS, evolution(heat=1))).status == 201
    more = {"heat": [{"type": "Property", "value": 2, "observedAt": "2024-05-08T02:00:00Z"}]}
    assert (await here.ask("POST", f"{EVOLUTIONS}/{ID}/attrs", more)).status == 204
    assert await series(there) == await series(here) == [(1, 1), (2, 2)]
    assert (await here.ask("GET", f"{EVOLUTIONS}/{ID}?local=true")).status == 404
    [first, second] = (await here.ask("GET", f"{EVOLUTIONS}/{ID}")).json["heat"]
    path = f"{EVOLUTIONS}/{ID}/attrs/heat/{first['instanceId']}"
    changed = {"type": "Property", "value": 9, "observedAt": "2024-05-08T01:00:00Z"}
    assert (await here.ask("PATCH", path, {"heat": [changed]})).status == 204
    assert await series(there) == [(1, 9), (2, 2)]
    path = f"{EVOLUTIONS}/{ID}/attrs/heat/{second['instanceId']}"
    assert (await here.ask("DELETE", path)).status == 204
    assert await series(there) == [(1, 9)]
    await tell(there, floors={1: 1})
    assert (await here.ask("DELETE", f"{EVOLUTIONS}/{ID}/attrs/heat?deleteAll=true")).status == 204
    assert await series(there) == []
    assert (await here.ask("DELETE", f"{EVOLUTIONS}/{ID}")).status == 204
    assert (await there.ask("GET", f"{EVOLUTIONS}/{ID}")).status == 404
    assert {one.method for one in wire.to("there.test")} == {"POST", "GET", "PATCH", "DELETE"}


def test_what_is_redirected_is_changed_there_alone() -> None:
    play(_redirected)


async def _left_behind(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await tell(here, heat={1: 10})
    await tell(there, heat={2: 20})
    await here.register(source(mode="redirect", operations=WRITES))
    assert (await here.ask("DELETE", f"{EVOLUTIONS}/{ID}")).status == 204
    assert (await here.ask("GET", f"{EVOLUTIONS}/{ID}?local=true")).status == 404
    assert (await there.ask("GET", f"{EVOLUTIONS}/{ID}")).status == 404


def test_nothing_of_a_history_is_left_here_when_what_is_redirected_is_deleted() -> None:
    play(_left_behind)


async def _kept_elsewhere(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here = brokers["here"]
    await here.register(source(mode="redirect", operations=["redirectionOps"]))
    assert (await here.ask("DELETE", f"{EVOLUTIONS}/{ID}")).status == 409
    await tell(here, heat={1: 10})
    answer = await here.ask("DELETE", f"{EVOLUTIONS}/{ID}")
    assert (answer.status, answer.json["success"]) == (207, [ID])
    assert [one["error"]["status"] for one in answer.json["errors"]] == [409]
    assert not wire.sent


def test_a_source_that_does_not_take_deletions_of_histories_keeps_its_own() -> None:
    play(_kept_elsewhere)


async def _exclusively(_: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source(mode="exclusive", operations=WRITES, information=HEAT_OF_ONE))
    answer = await here.ask("POST", EVOLUTIONS, evolution(heat=1, floors=2))
    assert answer.status == 201
    assert set(await asked(there, f"/{ID}")) == {"id", "type", "heat"}
    assert set(await asked(here, f"/{ID}?local=true")) == {"id", "type", "floors"}
    assert set(await asked(here, f"/{ID}")) == {"id", "type", "heat", "floors"}


def test_each_part_goes_to_who_holds_it() -> None:
    play(_exclusively)


async def _inclusively(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here, there = brokers["here"], brokers["there"]
    await here.register(source(operations=WRITES))
    assert (await here.ask("POST", EVOLUTIONS, evolution(heat=1))).status == 201
    assert await series(here, f"/{ID}?local=true") == await series(there) == [(1, 1)]
    wire.broken["there.test"] = Ending.SILENT
    answer = await here.ask("POST", EVOLUTIONS, evolution(floors=1))
    assert answer.status == 207
    assert answer.json["success"] == [ID]
    assert [one["entityId"] for one in answer.json["errors"]] == [ID]
    assert (await here.ask("POST", f"{EVOLUTIONS}?local=true", evolution(floors=3))).status == 204


def test_what_is_included_is_changed_in_both() -> None:
    play(_inclusively)


async def _refused(wire: Wire, brokers: dict[str, TestBroker]) -> None:
    here = brokers["here"]
    await here.register(source(mode="exclusive", operations=["retrieveTemporal"], information=HEAT_OF_ONE))
    assert (await here.ask("POST", EVOLUTIONS, evolution(heat=1))).status == 409
    assert (await here.ask("POST", EVOLUTIONS, {"id": ID})).status == 400
    assert (await here.ask("DELETE", f"{EVOLUTIONS}/{ID}/attrs/heat")).status == 409
    assert (await here.ask("DELETE", f"{EVOLUTIONS}/urn:ngsi-ld:Lamp:1")).status == 404
    assert not wire.sent


def test_what_a_source_does_not_take_is_a_conflict() -> None:
    play(_refused)
