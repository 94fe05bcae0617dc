"""Local copies of @contexts by configuration, and where the server may call."""

from __future__ import annotations

import asyncio
import ipaddress
from pathlib import Path

import pytest

from sympolis.app.fetching import context_fetcher
from sympolis.app.ground import egress_policy
from sympolis.app.knowledge import open_contexts
from sympolis.context.library import ContextKind
from sympolis.domain.errors import BadRequestData, ContextNotAvailable, SettingsInvalid
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient
from sympolis.settings import Settings
from sympolis.testing.receivers import Received, receiver

URL = "https://smartdatamodels.example/context.jsonld"


def test_a_context_is_mapped_to_a_local_copy(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonld"
    file.write_text('{"@context": {"speed": "https://local.example/speed"}}')
    lab = tmp_path / "lab.jsonld"
    lab.write_text('{"speed": "https://lab.example/speed"}')
    chosen = Settings(contexts=(f"{URL}={file}", f"lab|{URL}={lab}"))
    contexts, library = open_contexts(chosen, HttpClient(Guard()), None)
    assert contexts.resolve_local(URL).expand("speed") == "https://local.example/speed"
    assert contexts.resolve_local(URL, tenant="lab").expand("speed") == "https://lab.example/speed"
    assert URL in [one.url for one in library.list(ContextKind.CACHED)]
    asyncio.run(library.reload(URL))
    with pytest.raises(BadRequestData, match="local copy"):
        asyncio.run(library.delete(URL))


@pytest.mark.parametrize(
    "entry", ["", "=c.json", f"{URL}=", f"{URL}=absent.json", "nowhere=c.json", f"{URL}=bad.json"]
)
def test_a_copy_that_cannot_be_used_is_named(
    entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.json").write_text("{}")
    (tmp_path / "bad.json").write_text("[7]")
    with pytest.raises(SettingsInvalid) as problem:
        open_contexts(Settings(contexts=(entry,)), HttpClient(Guard()), None)
    assert entry in problem.value.where


def test_allowed_hosts_reach_the_guard() -> None:
    policy = egress_policy(Settings(allow_hosts=("broker.lan", "10.20.0.0/16")))
    assert policy.permits("any", ipaddress.ip_address("10.20.3.4"))
    assert policy.permits("broker.lan", ipaddress.ip_address("192.168.1.1"))
    assert not policy.permits("any", ipaddress.ip_address("10.21.0.1"))


def _redirecting(received: Received) -> bytes:
    path = received.line.split()[1]
    if path == "/end":
        return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    to = {"/start": "/middle", "/middle": "end"}.get(path, path)
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def test_redirects_are_followed_not_for_ever() -> None:
    async def run() -> None:
        client = HttpClient(Guard(EgressPolicy(allow_loopback=True)))
        fetch = context_fetcher(client)
        async with receiver() as server:
            server.answer = _redirecting
            assert await fetch(f"{server.url}/start") == b"{}"
            with pytest.raises(ContextNotAvailable, match="redirects"):
                await fetch(f"{server.url}/round-and-round")
            await client.close()

    asyncio.run(run())


def test_a_name_that_is_no_address_is_called_so() -> None:
    fetch = context_fetcher(HttpClient(Guard()))
    with pytest.raises(ContextNotAvailable, match="not a web address"):
        asyncio.run(fetch("city.jsonld"))
