"""What clients name as @context stays within bounds, comes within its time, and is fetched again when it is old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from sympolis.context.copies import Bounds, Remembered
from sympolis.context.library import ContextKind, ContextLibrary
from sympolis.context.terms import Contexts
from sympolis.domain.errors import BadRequestData, ContextNotAvailable

FAR = "https://far.example/context.jsonld"


class Web:
    """Documents by URL; counts the requests. ``gate`` holds answers back."""

    def __init__(self, **documents: Any) -> None:
        self.documents = {f"https://far.example/{name}": one for name, one in documents.items()}
        self.asked: list[str] = []
        self.gate: Callable[[], Awaitable[object]] | None = None

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.gate is not None:
            await self.gate()
        if url not in self.documents:
            raise ContextNotAvailable("cannot be had", where=url)
        return msgspec.json.encode({"@context": self.documents[url]})


def meaning(number: int) -> dict[str, str]:
    return {"speed": f"https://far.example/speed/{number}"}


def test_inline_contexts_never_accumulate() -> None:
    bounds = Bounds(most_resolved=20)
    contexts = Contexts(bounds=bounds)
    for number in range(500):
        assert contexts.resolve_local(meaning(number)).expand("speed").endswith(f"/{number}")
    assert contexts.weight()["resolved"] == 20
    assert contexts.usage == {}


def test_large_inline_contexts_take_no_more_room_than_small_ones() -> None:
    bounds = Bounds(resolved_weight=2_000_000)
    contexts = Contexts(bounds=bounds)
    for number in range(30):
        contexts.resolve_local({f"t{number}_{n}": f"https://a.example/{n}" for n in range(400)})
        assert contexts.weight()["resolved_weight"] <= bounds.resolved_weight
    assert 0 < contexts.weight()["resolved"] < 30


def test_copies_are_bounded_in_number_and_bytes() -> None:
    web = Web(**{f"c{n}": meaning(n) for n in range(50)})
    contexts = Contexts(fetch=web.fetch, bounds=Bounds(most_copies=10, most_bytes=450))

    async def run() -> None:
        for url in web.documents:
            await contexts.resolve(url)

    asyncio.run(run())
    weight = contexts.weight()
    assert 0 < weight["copies"] <= 10
    assert 0 < weight["copy_bytes"] <= 450
    assert set(contexts.usage) == {url for url, _ in contexts.fetched()}


def test_names_that_clients_make_up_are_forgotten() -> None:
    terms = Contexts().resolve_local(meaning(1))
    for number in range(10_000):
        terms.expand(f"name{number}")
        terms.compact(f"https://a.example/{number}")
    terms.expand("n" * 2000)
    assert len(terms._expanded) <= 2048
    assert len(terms._compacted) <= 2048
    assert max(map(len, terms._expanded)) < 300


def test_an_old_copy_is_fetched_again_and_serves_on_where_that_fails() -> None:
    web, now = Web(c=meaning(1)), [0.0]
    contexts = Contexts(fetch=web.fetch, bounds=Bounds(age_s=100, retry_s=10), clock=lambda: now[0])
    url = "https://far.example/c"

    async def speed(at: float) -> str:
        now[0] = at
        return (await contexts.resolve([url, {"x": "https://a.example/x"}])).expand("speed")[-1]

    async def run() -> None:
        assert [await speed(at) for at in (0, 99)] == ["1", "1"]
        web.documents[url] = meaning(2)
        assert [await speed(at) for at in (99, 100)] == ["1", "2"]
        assert len(web.asked) == 2
        del web.documents[url]
        assert [await speed(at) for at in (200, 205)] == ["2", "2"]
        assert len(web.asked) == 3, "a server that is down is not asked by every request"
        web.documents[url] = meaning(3)
        assert await speed(211) == "3"

    asyncio.run(run())


def test_many_who_want_the_same_context_wait_for_one_fetch() -> None:
    web = Web(c=meaning(1))
    contexts = Contexts(fetch=web.fetch)

    async def run() -> None:
        gate = asyncio.Event()
        web.gate = gate.wait
        waiting = [asyncio.create_task(contexts.resolve("https://far.example/c")) for _ in range(50)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        gate.set()
        found = await asyncio.gather(*waiting[1:])
        assert {terms.expand("speed")[-1] for terms in found} == {"1"}

    asyncio.run(run())
    assert len(web.asked) == 1


def test_a_context_that_does_not_come_is_given_up_in_time() -> None:
    web = Web(c=meaning(1))
    web.gate = asyncio.Event().wait
    contexts = Contexts(fetch=web.fetch, bounds=Bounds(timeout_s=0.01))

    async def run() -> None:
        with pytest.raises(ContextNotAvailable, match=r"0\.01 s"):
            await contexts.resolve("https://far.example/c")
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run(run())


def test_contexts_may_nest_name_themselves_in_terms_and_not_explode() -> None:
    web = Web(
        base={"speed": "https://far.example/speed"},
        list=["base", {"name": {"@id": "https://far.example/name", "@context": "list"}}],
        loop=["loop2"],
        loop2=["loop"],
        **{f"bomb{n}": [f"bomb{n + 1}"] * 10 for n in range(7)},
        bomb7=[{}] * 10,
    )
    contexts = Contexts(fetch=web.fetch)

    async def run() -> None:
        found = await contexts.resolve("https://far.example/list")
        assert found.expand("speed") == "https://far.example/speed"
        assert found.within("name").expand("speed") == "https://far.example/speed"
        for name in ("loop", "bomb0"):
            with pytest.raises(BadRequestData):
                await contexts.resolve(f"https://far.example/{name}")

    asyncio.run(run())


@pytest.mark.parametrize("content", [b"<html>", b"[" * 100_000, b'{"@context": "\xff"}', b""])
def test_what_is_no_json_is_not_available(content: bytes) -> None:
    async def fetch(url: str) -> bytes:
        return content

    with pytest.raises(ContextNotAvailable):
        asyncio.run(Contexts(fetch=fetch).resolve(FAR))


def test_a_pinned_copy_holds_for_its_tenant_alone() -> None:
    web = Web(c=meaning(1))
    contexts = Contexts(fetch=web.fetch)
    url = "https://far.example/c"
    contexts.pin(url, {"@context": meaning(7)}, tenant="lab")

    async def run() -> None:
        assert (await contexts.resolve(url, tenant="lab")).expand("speed")[-1] == "7"
        assert web.asked == []
        assert (await contexts.resolve(url)).expand("speed")[-1] == "1"
        assert (await contexts.resolve(url, tenant="other")).expand("speed")[-1] == "1"
        assert (await contexts.resolve(url, tenant="lab")).expand("speed")[-1] == "7"

    asyncio.run(run())


def test_implicit_contexts_go_when_nobody_names_them() -> None:
    library = ContextLibrary(Contexts())
    named: list[str] = []
    library.needed_by(lambda: named)

    async def make() -> None:
        for number in range(2000):
            url = (await library.implicit([meaning(number)], "http://twin.example")).url
            if number % 100 == 0:
                named.append(url)

    asyncio.run(make())
    kept = {one.url for one in library.list(ContextKind.IMPLICITLY_CREATED)}
    assert set(named) <= kept
    assert len(kept) <= 260


def test_what_is_remembered_is_the_most_recently_used() -> None:
    kept: Remembered[str, int] = Remembered(3, 100)
    for key in "abc":
        kept.put(key, 1, 10)
    kept.get("a")
    assert kept.put("d", 1, 10) == ["b"]
    assert kept.put("e", 1, 90) == ["c", "a"]
    assert kept.put("f", 1, 101) == ["d", "e", "f"]
    assert (len(kept), kept.weight) == (0, 0)
