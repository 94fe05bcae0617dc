"""The parts of a federation one by one: names, breakers, status lists, waiting, borrowed words, the guard."""

from __future__ import annotations

import asyncio
import gzip
from datetime import UTC, datetime
from typing import Any

import pytest

from sympolis.app.federating import calls_through
from sympolis.context.terms import Contexts
from sympolis.dataspace.calls import Answer, send_json
from sympolis.dataspace.credentials import did, status
from sympolis.dataspace.discovery import needing
from sympolis.dataspace.discovery.shelf import Half, Shelf, is_partial
from sympolis.dataspace.federation import Federation, Self
from sympolis.dataspace.partners.breaker import FIRST_PAUSE_S, Breaker
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Partner
from sympolis.dataspace.records import MemoryRecords
from sympolis.domain import errors
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient
from sympolis.plugins.simulator import Need

# --- names


@pytest.mark.parametrize(
    ("address", "name", "url"),
    [
        ("https://twin.example", "did:web:twin.example", "https://twin.example/.well-known/did.json"),
        (
            "https://twin.example:8443",
            "did:web:twin.example%3A8443",
            "https://twin.example:8443/.well-known/did.json",
        ),
        ("https://city.example/twin", "did:web:city.example:twin", "https://city.example/twin/did.json"),
        ("http://127.0.0.1:8400", "did:web:localhost%3A8400", "http://localhost:8400/.well-known/did.json"),
    ],
)
def test_an_address_has_a_did_and_the_did_an_address(address: str, name: str, url: str) -> None:
    assert did.did_of(address) == name and did.document_url(name) == url


@pytest.mark.parametrize(
    "address", ["", "http://10.0.0.7:8400", "http://[2001:db8::1]:80", "ftp://a.example"]
)
def test_an_address_without_a_name_has_no_did(address: str) -> None:
    with pytest.raises(errors.SettingsInvalid):
        did.did_of(address)


@pytest.mark.parametrize(
    "name",
    [
        "did:key:z6Mk",
        "did:web:",
        "did:web:a.example/../x",
        "did:web:user%40a.example",
        "did:web:a.example%2Fx",
        "did:web:a.example:..",
        "did:web:169.254.169.254",
        "did:web:127.0.0.1%3A80",
        "did:web:a.example%3A99999",
        "did:web:a.example%3Ax",
        "did:web:a.example?x",
        "did:web:" + "a" * 600,
        "did:web:%00.example",
    ],
)
def test_what_is_no_did_web_is_refused(name: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        did.document_url(name)


def test_services_are_read_from_documents_of_any_shape() -> None:
    shown = {"service": [7, {"type": "A"}, {"type": "A", "serviceEndpoint": "ftp://x"}, {"type": "B"}]}
    assert did.endpoint_of(shown, "A") is None and did.endpoint_of({"service": "x"}, "A") is None
    shown["service"].append({"type": "A", "serviceEndpoint": "https://x/"})  # type: ignore[attr-defined]
    assert did.endpoint_of(shown, "A") == "https://x"


# --- breakers


def test_who_fails_three_times_is_left_alone_then_tried_once_and_longer_each_time() -> None:
    now = [0.0]
    breaker = Breaker("p", monotonic=lambda: now[0])

    def fail() -> None:
        with pytest.raises(errors.SourceFailed, match="silent"), breaker.guarding():
            raise errors.SourceFailed("silent")

    for _ in range(3):
        assert breaker.state == "closed"
        fail()
    assert breaker.state == "open"
    with pytest.raises(errors.SourceFailed, match="left alone"), breaker.guarding():
        pytest.fail("nothing may be sent")
    now[0] = FIRST_PAUSE_S
    assert breaker.state == "half-open"
    fail()
    now[0] += FIRST_PAUSE_S
    assert breaker.state == "open", "the second pause is longer"
    now[0] += FIRST_PAUSE_S
    with breaker.guarding(), pytest.raises(errors.SourceFailed), breaker.guarding():
        pytest.fail("one trial at a time")
    assert breaker.state == "closed"


def test_an_answer_that_says_no_is_a_sign_of_life() -> None:
    breaker = Breaker("p")
    for _ in range(5):
        with pytest.raises(errors.Forbidden), breaker.guarding():
            raise errors.Forbidden("no")
    assert breaker.state == "closed"


# --- status lists


def test_what_is_taken_back_is_set_and_nothing_else() -> None:
    encoded = status.encode(frozenset({0, 9, status.BITS - 1}))
    found = {number for number in (0, 1, 8, 9, 10, status.BITS - 1) if status.is_set(encoded, number)}
    assert found == {0, 9, status.BITS - 1}


def test_a_list_that_lies_about_its_size_is_bounded_or_refused() -> None:
    from joserfc.util import urlsafe_b64encode

    bomb = "u" + urlsafe_b64encode(gzip.compress(bytes(50_000_000))).decode()
    assert not status.is_set(bomb, 5)
    with pytest.raises(errors.Unauthenticated):
        status.is_set(bomb, 50_000_000 * 8 - 1)
    for broken in ("", "u", "u!!", "uAAAA", "x" * 50):
        with pytest.raises(errors.Unauthenticated):
            status.is_set(broken, 1)
    with pytest.raises(errors.Conflict):
        status.entry("https://x", status.BITS)


# --- waiting for partners


def _directory(*names: str) -> PartnerDirectory:
    directory = PartnerDirectory(MemoryRecords())
    for name in names:
        partner = Partner(
            id=f"did:web:{name}", base_url=f"https://{name}", name=name, added_at=datetime.now(UTC)
        )
        directory.keep(partner)
    return directory


def test_nobody_waits_for_the_slowest_and_late_answers_are_there_next_time() -> None:
    async def work() -> None:
        come = asyncio.Event()

        async def ask(partner: Partner) -> str:
            if partner.name == "slow":
                await come.wait()
            if partner.name == "broken":
                raise errors.SourceFailed("is broken")
            return partner.name

        shelf: Shelf[str] = Shelf(_directory("broken", "quick", "slow"), ask, fresh_s=60)
        first = {one.partner.name: one for one in await shelf.gather(patience_s=0.01)}
        assert first["quick"].state == "fresh" and first["quick"].value == "quick"
        assert first["slow"].state == "missing" and "in time" in first["slow"].reason
        assert first["broken"].reason == "is broken"
        assert is_partial(list(first.values()))
        come.set()
        second = {one.partner.name: one.state for one in await shelf.gather(patience_s=1)}
        assert second == {"quick": "fresh", "slow": "fresh", "broken": "missing"}
        await shelf.close()

    asyncio.run(work())


def test_what_was_said_before_counts_for_a_while_and_halves_are_asked_for_again() -> None:
    async def work() -> None:
        now, asked = [0.0], [0]

        async def ask(_: Partner) -> Any:
            asked[0] += 1
            if asked[0] == 1:
                return Half("half", "the other half is missing")
            if asked[0] == 2:
                return "whole"
            raise errors.SourceFailed("gone")

        shelf: Shelf[str] = Shelf(_directory("p"), ask, fresh_s=60, monotonic=lambda: now[0])
        [told] = await shelf.gather()
        assert (told.value, told.state) == ("half", "stale")
        [told] = await shelf.gather()
        assert (told.value, told.state) == ("whole", "fresh")
        now[0] = 61
        [told] = await shelf.gather()
        assert (told.value, told.state, told.reason) == ("whole", "stale", "gone")
        now[0] = 1000
        [told] = await shelf.gather()
        assert (told.value, told.state) == (None, "missing")

    asyncio.run(work())


# --- borrowed words


def test_partners_words_are_shown_short_and_never_take_the_place_of_ours() -> None:
    names = Contexts().resolve_local([{"Road": "https://ours.example/Road"}])
    borrowed = needing.Borrowed(names)
    assert borrowed.compact("https://theirs.example/model/Bridge") == "Bridge"
    assert borrowed.expand("Bridge") == "https://theirs.example/model/Bridge"
    assert borrowed.compact("https://evil.example/Road") == "https://evil.example/Road"
    assert borrowed.expand("Road") == "https://ours.example/Road"
    assert borrowed.compact("https://other.example/Bridge") == "https://other.example/Bridge"


def test_a_need_comes_over_the_network_as_it_was() -> None:
    names = Contexts().resolve_local([{"Road": "https://x.example/Road", "speed": "https://x.example/speed"}])
    need = Need(
        name="roads", type="Road", attributes=("speed",), minimum=3, units={"speed": "KMH"},
        proxies={"speed": ("limit",)}, coverage=0.5, max_age_days=30.0, where={"speed": 5},
    )  # fmt: skip
    assert needing.read(needing.document(need, names), names) == need
    assert needing.read({"type": ""}, names) is None
    wild = needing.read(
        {"type": "T", "minimum": 1e99, "coverage": -4, "proxies": [], "where": {"a": {}}}, names
    )
    assert wild is not None and wild.minimum == 10**7 and wild.coverage == 0.0 and wild.where == {}


# --- the guard


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "http://localhost:1", "http://10.1.2.3", "http://169.254.169.254"]
)
def test_addresses_that_are_not_public_are_not_called(address: str) -> None:
    async def work() -> None:
        client = HttpClient(Guard(EgressPolicy()))
        own = Self({"en": "A"}, lambda: "https://a.example")
        federation = Federation(own, MemoryRecords(), calls_through(client))
        with pytest.raises(errors.SourceFailed, match="not public"):
            await federation.partners.add(address)
        assert not federation.directory.everybody()
        await client.close()

    asyncio.run(work())


def test_answers_are_told_apart_and_their_reasons_are_clean() -> None:
    async def work() -> None:
        said = [Answer(403, {}, b'{"detail": "no\\u001b[31m\\n way"}')]

        async def calls(*_: Any, **__: Any) -> Answer:
            return said[0]

        with pytest.raises(errors.Forbidden, match=r"answered 403: no\[31m way"):
            await send_json(calls, "GET", "https://x")
        for one in (Answer(500), Answer(302), Answer(200, {}, b"<html>"), Answer(200, {}, b"[" * 100_000)):
            said[0] = one
            with pytest.raises(errors.SourceFailed):
                await send_json(calls, "GET", "https://x")
        said[0] = Answer(204)
        assert await send_json(calls, "DELETE", "https://x") is None

    asyncio.run(work())
