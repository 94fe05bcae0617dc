"""Several people at one scene, over the project's own server: who sees what, what is bounded, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sympolis.app.assembly import open_twin
from sympolis.app.server import serving
from sympolis.app.twin import Twin
from sympolis.decision.scenes import hub as hubs
from sympolis.decision.scenes.hub import Hub
from sympolis.decision.scenes.messages import Lead, Look, Point
from sympolis.domain import errors
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Answer, exchange
from sympolis.testing.small_city import write_package

websockets = pytest.importorskip("websockets", reason="the extra scenes is not installed")
client = pytest.importorskip("websockets.asyncio.client")

CAMERA = [11.34, 44.49, 13.0, 0.0, 0.0]
PATIENCE_S = 20


@dataclass
class Guest:
    """One end of a socket."""

    socket: Any

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this kind; others are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found: dict[str, Any] = json.loads(await self.socket.recv())
                if found["type"] == kind:
                    return found

    async def closed(self) -> int:
        """How the socket was closed."""
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()
            return int(self.socket.close_code)


@dataclass
class House:
    """A served twin that asks who people are, and keys."""

    twin: Twin
    keys: dict[str, str]

    async def ask(self, method: str, path: str, role: str = "") -> Answer:
        headers = {"authorization": f"Bearer {self.keys[role]}"} if role else {}
        return await exchange(self.twin.asgi, method, path, headers=headers)

    @asynccontextmanager
    async def at(self, code: str, hello: str | None = "", key: str = "", **more: Any) -> AsyncIterator[Guest]:
        address = self.twin.address.replace("http", "ws") + f"/api/scenes/{code}/socket"
        headers = {"Authorization": f"Bearer {self.keys[key]}"} if key else {}
        async with client.connect(address, additional_headers=headers, **more) as socket:
            guest = Guest(socket)
            if hello is not None:
                await guest.say(type="hello", name=hello)
            yield guest

    @asynccontextmanager
    async def table(self) -> AsyncIterator[str]:
        """The code of a scene of the planner's."""
        path = f"/api/scenes/{(await self.ask('POST', '/api/scenes', 'planner')).json['code']}"
        yield path.rpartition("/")[2]
        await self.ask("DELETE", path, "planner")

    async def present(self, code: str) -> int:
        return int((await self.ask("GET", f"/api/scenes/{code}")).json["participants"])


Work = Callable[[House], Awaitable[None]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Work], None]]:
    """Runs something against one served twin."""
    folder = write_package(tmp_path_factory.mktemp("city") / "smallville")
    settings = Settings(
        city=str(folder), data=tmp_path_factory.mktemp("data"), store="memory", identity="required", port=0
    )
    with asyncio.Runner() as runner:

        async def open_house() -> tuple[Any, House]:
            manager = serving(settings, open_twin)
            twin = await manager.__aenter__()
            assert twin.government is not None
            keys = {}
            for role in ("planner", "citizen", "analyst"):
                twin.government.governed.accounts.add(role, roles=[role])
                keys[role] = twin.government.governed.accounts.add_key(role)[1]
            return manager, House(twin, keys)

        manager, house = runner.run(open_house())
        yield lambda work: runner.run(work(house))  # type: ignore[arg-type]
        runner.run(manager.__aexit__(None, None, None))


def test_two_people_see_the_same_and_each_others_pointer(run: Callable[[Work], None]) -> None:
    async def work(house: House) -> None:
        async with house.table() as code, house.at(code, "Ada") as ada, house.at(code) as guest:
            assert (await ada.hear("welcome"))["leader"] == 1
            welcome = await guest.hear("welcome")
            assert [one["name"] for one in welcome["participants"]] == ["Ada", ""]
            assert (await ada.hear("joined"))["participant"] == {"id": 2, "name": "", "signed_in": False}
            await ada.say(type="look", camera=CAMERA, scenario="zone-30", hour=8)
            seen = await guest.hear("look")
            assert (seen["camera"], seen["scenario"], seen["hour"], seen["by"]) == (CAMERA, "zone-30", 8, 1)
            await guest.say(type="point", at=[11.3, 44.5], mark=True)
            assert (await ada.hear("point"))["at"] == [11.3, 44.5]
            assert await house.present(code) == 2

    run(work)


def test_who_comes_later_sees_what_all_see_and_anybody_may_lead(run: Callable[[Work], None]) -> None:
    async def work(house: House) -> None:
        async with house.table() as code, house.at(code, "Ada") as ada:
            await ada.hear("welcome")
            await ada.say(type="look", camera=CAMERA, hour=17)
            async with house.at(code, "Bo") as bo:
                assert (await bo.hear("welcome"))["look"] == {"camera": CAMERA, "hour": 17}
                await bo.say(type="look", hour=3)  # who does not lead is not followed
                await bo.say(type="lead")
                assert (await ada.hear("leads"))["id"] == 2
                await bo.say(type="look", hour=4)
                assert (await ada.hear("look"))["hour"] == 4
            left = await ada.hear("left")
            assert (left["id"], left["leader"]) == (2, 1)

    run(work)


def test_a_name_that_was_proven_is_marked_and_cannot_be_chosen(run: Callable[[Work], None]) -> None:
    async def work(house: House) -> None:
        async with house.table() as code, house.at(code, "somebody else", key="citizen") as guest:
            [one] = (await guest.hear("welcome"))["participants"]
            assert (one["name"], one["signed_in"]) == ("citizen", True)

    run(work)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"type":"look","camera":[1,2]}', 4400),
        ('{"type":"look","camera":[999,0,1,0,0]}', 4400),
        ('{"type":"nothing"}', 4400),
        ('{"type":"hello","name":"x","more":1}', 4400),
        ("no json", 4400),
        ('{"type":"point","at":[NaN,1]}', 4400),
        ("[" * 2000, 4400),
        ('"' + "x" * 3000 + '"', 4400),
        ("x" * 100_000, 1009),
        (b"bytes", 4400),
    ],
)
def test_what_is_not_understood_ends_one_socket_and_no_other(
    run: Callable[[Work], None], text: str | bytes, code: int
) -> None:
    async def work(house: House) -> None:
        async with house.table() as table, house.at(table) as calm, house.at(table) as odd:
            await odd.hear("welcome")
            await odd.socket.send(text)
            assert await odd.closed() == code
            assert (await calm.hear("left"))["id"] == 2

    run(work)


def test_who_talks_too_much_is_sent_away(run: Callable[[Work], None]) -> None:
    async def work(house: House) -> None:
        async with house.table() as code, house.at(code) as guest:
            await guest.hear("welcome")
            with pytest.raises(websockets.ConnectionClosed):
                for _ in range(2000):
                    await guest.say(type="point", at=[1, 2])
                await guest.hear("never")
            assert await guest.closed() == 4408

    run(work)


def test_codes_that_are_none_other_pages_and_other_addresses_are_refused(run: Callable[[Work], None]) -> None:
    async def work(house: House) -> None:
        async with house.at("0000000000") as guest:
            assert await guest.closed() == 4404
        async with house.table() as code:
            async with house.at(code, None) as silent:
                await silent.say(type="lead")
                assert await silent.closed() == 4400
            for refused in (house.at(code, origin="https://evil.example"), house.at(f"{code}/more")):
                with pytest.raises(websockets.InvalidStatus) as found:
                    async with refused:
                        pass
                assert found.value.response.status_code == 403

    run(work)


def test_a_scene_is_opened_by_whom_may_and_ended_by_whose_it_is(run: Callable[[Work], None]) -> None:
    async def work(house: House) -> None:
        ask = house.ask
        assert (await ask("POST", "/api/scenes", "")).status == 401
        assert (await ask("POST", "/api/scenes", "citizen")).status == 403
        made = await ask("POST", "/api/scenes", "planner")
        assert made.status == 201
        path = f"/api/scenes/{made.json['code']}"
        assert (await ask("GET", path, "")).json["participants"] == 0, "whoever has the code"
        assert (await ask("DELETE", path, "analyst")).status == 403
        async with house.at(made.json["code"]) as guest:
            await guest.hear("welcome")
            assert (await ask("DELETE", path, "planner")).status == 204
            assert await guest.closed() == 1001
        assert (await ask("GET", path, "")).status == 404

    run(work)


NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_tables_are_bounded_and_end_by_themselves() -> None:
    at = [NOW]
    hub = Hub(now=lambda: at[0], clock=lambda: 0.0)
    scenes = [hub.open("a") for _ in range(hubs.MOST_OF_ONE)]
    with pytest.raises(errors.QuotaExceeded):
        hub.open("a")
    people = [hub.join(scenes[0], "x\u202e \n y", signed_in=False) for _ in range(hubs.MOST_PARTICIPANTS)]
    assert people[0].name == "x y"
    with pytest.raises(errors.QuotaExceeded):
        hub.join(scenes[0], "", signed_in=False)
    at[0] += hubs.DESERTED
    assert hub.get(scenes[0].code) is scenes[0]
    with pytest.raises(errors.NotFound):
        hub.get(scenes[1].code)
    at[0] = NOW + hubs.LASTS + timedelta(seconds=1)
    with pytest.raises(errors.NotFound):
        hub.get(scenes[0].code)
    assert {one.gone for one in people} == {"ended"}


def test_who_does_not_read_loses_pointers_first_and_is_sent_away_at_last() -> None:
    ticks = iter(range(10_000))
    hub = Hub(now=lambda: NOW, clock=lambda: float(next(ticks)))
    scene = hub.open("a")
    quick, slow = (hub.join(scene, "", signed_in=False) for _ in range(2))
    for _ in range(100):
        hub.hear(scene, quick, Point(at=(1.0, 2.0)))
    assert slow.outbox.qsize() <= hubs._PLENTY + 1
    for hour in range(hubs.OUTBOX):
        hub.hear(scene, quick, Look(hour=hour % 24))
    assert slow.gone == "too slow"
    hub.leave(scene, quick)
    assert scene.leader == slow.number
    hub.hear(scene, slow, Lead())
    assert scene.look.hour == (hubs.OUTBOX - 1) % 24


def test_nothing_of_a_scene_is_written_down(run: Callable[[Work], None]) -> None:
    async def work(house: House) -> None:
        async with house.table() as code, house.at(code, "Zebulon Quux") as guest:
            await guest.hear("welcome")
        assert house.twin.government is not None
        await house.twin.government.audit.settled()
        assert "Zebulon" not in str([entry.event for _, entry in house.twin.government.audit.trail.entries()])

    run(work)
