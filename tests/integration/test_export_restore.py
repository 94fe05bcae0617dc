"""A broker is written down whole while it works, and put back into an empty store; a damaged dump is refused."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sympolis.app import moving, open_broker, people
from sympolis.app.standalone import StandaloneBroker
from sympolis.context import merge
from sympolis.context.dumps import documents, whole
from sympolis.context.dumps.files import DumpReader, DumpWriter, Manifest
from sympolis.context.dumps.tenants import TenantsPart, folder_of
from sympolis.context.store import Write
from sympolis.domain.errors import Conflict, DumpInvalid, StoreUnavailable
from sympolis.settings import Settings
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.dumps import everything, fill, read_dump, rich, write_dump
from sympolis.testing.postgres import server
from sympolis.testing.stores import observed, road
from sympolis.testing.strategies import entities as any_entities

PATH = "/ngsi-ld/v1"
SUBSCRIPTION = {
    "id": "urn:ngsi-ld:Subscription:1",
    "type": "Subscription",
    "entities": [{"type": "Road"}],
    "notification": {"endpoint": {"uri": "http://192.0.2.1/"}},
}


def chosen(folder: Path, store: str = "embedded") -> Settings:
    return Settings(data=folder, store=store)


def export(out: Path, data: Path, store: str = "embedded") -> Manifest:
    settings = chosen(data, store)
    writer = DumpWriter(whole.empty_folder(out))
    return asyncio.run(moving.export_into(writer, settings, moving.broker_folder(settings), kind="broker"))


def restore(dump: Path, data: Path, store: str = "embedded") -> None:
    settings = chosen(data, store)
    reader = DumpReader(dump)
    asyncio.run(moving.restore_from(reader, settings, moving.target_folder(settings, reader)))


def with_broker(data: Path, work: Callable[[Client], Any], store: str = "embedded") -> Any:
    """Do ``work`` with a client of the broker in ``data``."""

    async def opened() -> StandaloneBroker:
        return await open_broker(chosen(data, store))

    with asyncio.Runner() as runner:
        broker = runner.run(opened())
        try:
            return work(Client(broker.asgi, loop=runner.get_loop()))
        finally:
            runner.run(broker.close())


def fill_broker(client: Client) -> None:
    entity = {"id": "urn:a:1", "type": "Road", "speed": {"value": 3, "observedAt": "2024-01-01T00:00:00Z"}}
    assert client.post(f"{PATH}/entities", entity).status == 201
    assert client.post(f"{PATH}/entities", {**entity, "id": "urn:a:2"}, NGSILD_Tenant="Ost").status == 201
    assert client.post(f"{PATH}/subscriptions", SUBSCRIPTION).status == 201
    registration = {
        "id": "urn:ngsi-ld:ContextSourceRegistration:1",
        "type": "ContextSourceRegistration",
        "endpoint": "http://192.0.2.1",
        "information": [{"entities": [{"type": "Building"}]}],
    }
    assert client.post(f"{PATH}/csourceRegistrations", registration).status == 201
    watching = {**SUBSCRIPTION, "id": "urn:ngsi-ld:Subscription:2", "entities": [{"type": "Building"}]}
    assert client.post(f"{PATH}/csourceSubscriptions", watching).status == 201
    assert client.post(f"{PATH}/jsonldContexts", {"@context": {"a": "https://a.example/"}}).status == 201


def told(client: Client) -> dict[str, Any]:
    """What the broker says of everything."""
    pages = {
        "entities": f"{PATH}/entities?local=true&options=sysAttrs",
        "history": f"{PATH}/temporal/entities/urn:a:1?options=sysAttrs",
        "subscriptions": f"{PATH}/subscriptions?options=sysAttrs",
        "contexts": f"{PATH}/jsonldContexts?kind=Hosted",
        "registrations": f"{PATH}/csourceRegistrations?type=Building",
        "watching": f"{PATH}/csourceSubscriptions",
        "identity": f"{PATH}/info/sourceIdentity",
    }
    found = {name: client.get(path).json for name, path in pages.items()}
    found["identity"] = found["identity"]["contextSourceAlias"]
    found["watching"] = [(one["id"], one["entities"]) for one in found["watching"]]  # being told goes on
    found["ost"] = client.get(f"{PATH}/entities?local=true", NGSILD_Tenant="Ost").json
    return found


@pytest.fixture(scope="module")
def dumped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A dump, taken while the broker works, and what the broker told then."""
    folder = tmp_path_factory.mktemp("dumped")

    def work(client: Client) -> dict[str, Any]:
        fill_broker(client)
        with_thread = moving.in_a_thread(_export_beside(folder))
        assert with_thread.of["kind"] == "broker"
        return told(client)

    return folder / "dump", with_broker(folder / "data", work)


async def _export_beside(folder: Path) -> Manifest:
    settings = chosen(folder / "data")
    writer = DumpWriter(whole.empty_folder(folder / "dump"))
    return await moving.export_into(writer, settings, moving.broker_folder(settings), kind="broker")


def test_a_broker_comes_back_as_it_was(dumped: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    dump, before = dumped
    restore(dump, tmp_path)
    assert with_broker(tmp_path, told) == before
    assert len(before["entities"]) == len(before["ost"]) == len(before["contexts"]) == 1


def test_a_broker_moves_from_embedded_to_postgresql_and_back(
    dumped: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    dump, before = dumped
    url = server().fresh_url()
    restore(dump, tmp_path / "there", url)
    assert with_broker(tmp_path / "there", told, url) == before
    assert export(tmp_path / "again", tmp_path / "there", url).of["store"] == "postgresql"
    restore(tmp_path / "again", tmp_path / "back")
    assert with_broker(tmp_path / "back", told) == before


def test_what_came_back_is_no_news_but_what_comes_next_is(
    dumped: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    restore(dumped[0], tmp_path)

    def work(client: Client) -> None:
        speed = {"type": "Property", "value": 9}
        path = f"{PATH}/subscriptions/{SUBSCRIPTION['id']}"
        assert "timesSent" not in client.get(path).json["notification"]
        assert client.request("PATCH", f"{PATH}/entities/urn:a:1/attrs/speed", json=speed).status == 204

    with_broker(tmp_path, work)


def test_a_store_that_holds_anything_is_left_alone(
    dumped: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    dump, before = dumped
    restore(dump, tmp_path)
    with pytest.raises(Conflict, match="empty store only"):
        restore(dump, tmp_path)
    assert with_broker(tmp_path, told) == before


def test_a_restore_that_was_killed_is_taken_up(
    dumped: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump, before = dumped

    async def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("sympolis.context.dumps.subscriptions.SubscriptionsPart.restore", killed)
        restore(dump, tmp_path)
    with pytest.raises(StoreUnavailable, match="not finished"):
        with_broker(tmp_path, told)
    other = tmp_path / "other"
    shutil.copytree(dump, other)
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest | {"at": "2020-01-01T00:00:00+00:00"}))
    with pytest.raises(Conflict, match="another dump"):
        restore(other, tmp_path)
    restore(dump, tmp_path)
    assert with_broker(tmp_path, told) == before


def _cut(dump: Path) -> None:
    path = dump / "default/entities.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-9])


def _turn_a_bit(dump: Path) -> None:
    path = dump / "default/history.jsonl.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _lose(dump: Path) -> None:
    (dump / "contexts.jsonl.gz").unlink()


def _not_finished(dump: Path) -> None:
    (dump / "manifest.json").unlink()


def _manifest(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def damage(dump: Path) -> None:
        path = dump / "manifest.json"
        found = json.loads(path.read_text())
        change(found)
        path.write_text(json.dumps(found))

    return damage


def _link_out(dump: Path) -> None:
    outside = dump.parent / "outside.gz"
    shutil.copy(dump / "contexts.jsonl.gz", outside)
    (dump / "contexts.jsonl.gz").unlink()
    (dump / "contexts.jsonl.gz").symlink_to(outside)


def _overwrite(dump: Path) -> None:
    (dump / "manifest.json").write_text("[]")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut short": _cut,
    "a bit turned": _turn_a_bit,
    "a file lost": _lose,
    "not finished": _not_finished,
    "a link out of the folder": _link_out,
    "no manifest": _overwrite,
    "another format": _manifest(lambda found: found.update(format="sympolis-export/9")),
    "a path out of the folder": _manifest(lambda found: found["files"][0].update(file="../../etc/passwd")),
    "an absolute path": _manifest(lambda found: found["files"][0].update(file="/etc/passwd")),
    "a data folder elsewhere": _manifest(lambda found: found["of"].update(folder="../elsewhere")),
    "tenants unknown": _manifest(lambda found: found["facts"].pop("tenants")),
    "a tenant's folder wrong": _manifest(lambda found: found["facts"]["tenants"][0].update(folder="x")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_dump_is_refused_and_nothing_is_left_behind(
    dumped: tuple[Path, dict[str, Any]], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    dump = tmp_path / "dump"
    shutil.copytree(dumped[0], dump)
    damage(dump)
    with pytest.raises(DumpInvalid) as problem:
        restore(dump, tmp_path / "data")
    assert problem.value.where
    for path in (tmp_path / "data").rglob("twin.sqlite"):
        store = EmbeddedStore.open(path.parents[1])
        assert asyncio.run(store.status()).entities == 0
        asyncio.run(store.close())
    assert not (tmp_path / "elsewhere").exists()


def test_one_moment_is_written_down_while_writers_go_on(tmp_path: Path) -> None:
    """A transaction that writes two entities is in the dump whole or not at all, and its history with it."""

    async def run() -> None:
        store = EmbeddedStore.open(tmp_path / "store")
        first, second = road(1, speed=observed(0)), road(2, speed=observed(0))
        done = asyncio.Event()

        async def write() -> None:
            hour = 0
            while not done.is_set():
                hour += 1
                changed = [road(number, speed=observed(hour, hour)) for number in (1, 2)]
                await store.write([Write(one.id, merge.upsert_update(one)) for one in changed])

        await store.write([Write(one.id, merge.create(one)) for one in (first, second)])
        writer = asyncio.create_task(write())
        for number in range(10):
            await write_dump(store, tmp_path / f"dump{number}")
        done.set()
        await writer
        await store.close()
        for number in range(10):
            found = MemoryStore()
            await read_dump(found, tmp_path / f"dump{number}")
            entities, points = (await everything(found))[""]
            speeds = {one.attributes["https://example.org/speed"][0].value for one in entities}
            assert len(speeds) == 1
            assert {point.value for point in points} >= speeds
            assert len(points) == 2 * (speeds.pop() + 1)

    asyncio.run(run())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_entities=st.lists(any_entities(), max_size=6, unique_by=lambda one: one.id))
def test_any_entity_survives_being_written_down(given_entities: list[Any], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("any")

    async def run() -> None:
        source, target = MemoryStore(), EmbeddedStore.open(folder / "store")
        await source.write([Write(one.id, merge.create(one)) for one in given_entities])
        await write_dump(source, folder / "dump")
        await read_dump(target, folder / "dump")
        assert await everything(target) == await everything(source)
        await target.close()

    asyncio.run(run())


@pytest.mark.parametrize("tenant", ["", "Ost", "a.b", "..", "ä/ö", "CON", "%2e"])
def test_a_tenants_folder_is_safe_and_its_own(tenant: str) -> None:
    folder = folder_of(tenant)
    assert ".." not in Path(folder).parts
    assert folder.lower() == folder
    assert len({folder_of(one) for one in ("", "default", "Ost", "ost", "a.b", "a%2e.b", "..")}) == 7


def test_a_long_history_is_written_half_by_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sympolis.context.dumps.tenants._INSTANCES_AT_ONCE", 7)

    async def run() -> None:
        source, target = MemoryStore(), MemoryStore()
        await fill(source)
        await write_dump(source, tmp_path / "dump")
        await read_dump(target, tmp_path / "dump")
        assert await everything(target) == await everything(source)

    asyncio.run(run())


def test_entities_are_written_as_ngsi_ld() -> None:
    document = documents.entity_document(rich(1))
    speed = document["https://example.org/speed"][0]
    assert (document["type"], document["scope"]) == (["https://example.org/RoadSegment"], ["/north/road"])
    assert (speed["type"], speed["value"], speed["unitCode"]) == ("Property", 1, "KMH")
    assert speed["https://example.org/name"][0]["languageMap"] == {"it": "via", "de": "Weg"}
    assert documents.entity_of(document) == rich(1)


def test_parts_of_a_dump_are_refused_by_name(tmp_path: Path) -> None:
    part = TenantsPart(MemoryStore(), MemoryStore())
    asyncio.run(whole.dump([part], DumpWriter(whole.empty_folder(tmp_path / "d")), version="t", of={}))
    assert asyncio.run(part.present()) == ""


def test_people_keys_and_the_audit_log_move_with_the_broker(tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    with_broker(there, lambda client: client.get("/health/live"))
    place = people.place_of(chosen(there), broker=True)
    people.administer(place, "user add", "anna", lambda accounts: accounts.add("anna", roles=["analyst"]))
    _, text = people.administer(place, "key add", "anna", lambda accounts: accounts.add_key("anna"))
    manifest = export(tmp_path / "dump", there)
    assert {"people.sqlite", "audit/audit-000001.sqlite"} <= {one.file for one in manifest.files}
    assert (tmp_path / "dump" / "people.sqlite").stat().st_mode & 0o077 == 0
    restore(tmp_path / "dump", back)
    moved = people.place_of(chosen(back), broker=True)
    assert people.look_up(moved, lambda accounts: accounts.by_key(text)).id == "anna"
    found, _ = people.verify_audit(moved)
    assert (found.whole, found.entries) == (True, 2)
