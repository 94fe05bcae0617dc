"""What a portal is asked with, and what of it another host gets to see when the portal sends us there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sympolis.app.downloading import downloader
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient


class Host:
    """Serves a file at ``/file``; any other path leads to ``onward``."""

    def __init__(self) -> None:
        self.onward = ""
        self.asked: list[dict[str, list[str]]] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                names = {name.lower() for name in self.headers}
                host.asked.append({name: self.headers.get_all(name) or [] for name in names})
                self.send_response(200 if self.path == "/file" else 302)
                if self.path != "/file":
                    self.send_header("location", host.onward)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *arguments: object) -> None:
                """Nothing on the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    found = Host(), Host()
    yield found
    for one in found:
        one.stop()


def fetch(url: str, to: Path, **headers: str) -> bytes:
    async def story() -> None:
        client = HttpClient(Guard(EgressPolicy(allow_loopback=True)))
        await downloader(client)(url, headers=headers, to=to, most_bytes=100, timeout_s=20)
        await client.close()

    asyncio.run(story())
    return to.read_bytes()


def test_a_connector_s_accept_is_the_only_one(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    host, _ = hosts
    assert fetch(f"{host.address}/file", tmp_path / "f", Accept="text/turtle") == b"ok"
    assert host.asked[0]["accept"] == ["text/turtle"]


def test_a_key_goes_to_the_host_it_is_for_and_no_further(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    host, other = hosts
    host.onward = f"{other.address}/file"
    assert (
        fetch(f"{host.address}/moved", tmp_path / "f", Authorization="Bearer s3cret", Accept="a/b") == b"ok"
    )
    assert host.asked[0]["authorization"] == ["Bearer s3cret"]
    assert "authorization" not in other.asked[0] and other.asked[0]["accept"] == ["a/b"]


def test_within_a_host_the_key_goes_along(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    host, _ = hosts
    host.onward = "/file"
    fetch(f"{host.address}/moved", tmp_path / "f", Authorization="Bearer s3cret")
    assert [one["authorization"] for one in host.asked] == [["Bearer s3cret"]] * 2
