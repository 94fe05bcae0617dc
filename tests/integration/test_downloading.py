"""What a portal is asked with, and what of it another host gets to see when the portal sends us there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sympolis.acquisition.retrieval import Downloaded
from sympolis.app.downloading import downloader, paced
from sympolis.domain.errors import SourceFailed
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient

CONTENT = b"0123456789" * 40


class Shaky:
    """Serves ``CONTENT``, hanging up after as many bytes as ``breaks`` says; ranges where it is still the same."""

    def __init__(self, breaks: list[int], **headers: str) -> None:
        self.breaks, self.headers = breaks, {"etag": '"one"', **headers}
        self.ranges: list[str | None] = []
        self.content = CONTENT
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.ranges.append(self.headers["range"])
                start = 0
                if self.headers["range"] and self.headers["if-range"] == host.headers["etag"]:
                    start = int(self.headers["range"].removeprefix("bytes=").rstrip("-"))
                part = host.content[start:]
                self.send_response(206 if start else 200)
                for name, value in host.headers.items():
                    self.send_header(name, value)
                if start:
                    total = len(host.content)
                    self.send_header("content-range", f"bytes {start}-{total - 1}/{total}")
                self.send_header("content-length", str(len(part)))
                self.end_headers()
                most = host.breaks.pop(0) if host.breaks else len(part)
                self.wfile.write(part[:most])
                self.close_connection = True
                host.served()

            def log_message(self, *arguments: object) -> None:
                """Nothing on the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def served(self) -> None:
        """For a host that changes its file meanwhile."""

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


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


@pytest.fixture
def shaky() -> Iterator[Callable[..., Shaky]]:
    made: list[Shaky] = []

    def make(*breaks: int, kind: type[Shaky] = Shaky, **headers: str) -> Shaky:
        made.append(kind(list(breaks), **headers))
        return made[-1]

    yield make
    for one in made:
        one.stop()


async def at_once(seconds: float) -> None:
    """No pause: nobody waits in a test."""


def brought(host: Shaky, to: Path, *, most_bytes: int = 1000) -> Downloaded:
    async def story() -> Downloaded:
        client = HttpClient(Guard(EgressPolicy(allow_loopback=True)))
        try:
            return await downloader(client, at_once)(
                host.address, headers={}, to=to, most_bytes=most_bytes, timeout_s=20
            )
        finally:
            await client.close()

    return asyncio.run(story())


def test_a_transfer_that_breaks_off_goes_on_where_it_stopped(
    shaky: Callable[..., Shaky], tmp_path: Path
) -> None:
    host = shaky(100, 150, **{"last-modified": "Sun, 01 Mar 2026 10:00:00 GMT"})
    answer = brought(host, tmp_path / "data.csv")
    assert (tmp_path / "data.csv").read_bytes() == CONTENT
    assert host.ranges == [None, "bytes=100-", "bytes=250-"]
    assert (answer.status, answer.headers["etag"]) == (200, '"one"')
    assert [one.name for one in tmp_path.iterdir()] == ["data.csv"]


def test_a_file_that_changed_meanwhile_is_begun_anew(shaky: Callable[..., Shaky], tmp_path: Path) -> None:
    class Changing(Shaky):
        def served(self) -> None:
            self.headers["etag"], self.content = '"two"', b"other " * 20

    host = shaky(100, kind=Changing)
    answer = brought(host, tmp_path / "data.csv")
    assert (tmp_path / "data.csv").read_bytes() == b"other " * 20
    assert answer.headers["etag"] == '"two"'


def test_what_cannot_be_known_to_be_the_same_is_not_put_together(
    shaky: Callable[..., Shaky], tmp_path: Path
) -> None:
    host = shaky(100, etag='W/"one"')
    with pytest.raises(SourceFailed, match="ended early"):
        brought(host, tmp_path / "data.csv")
    assert host.ranges == [None]


def test_a_portal_that_always_breaks_off_is_given_up(shaky: Callable[..., Shaky], tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="broke off 5 times"):
        brought(shaky(*[10] * 9), tmp_path / "data.csv")
    with pytest.raises(SourceFailed, match="ended early"):
        brought(shaky(10, 0), tmp_path / "data.csv")


def test_the_parts_together_are_bounded(shaky: Callable[..., Shaky], tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="is larger than"):
        brought(shaky(300), tmp_path / "data.csv", most_bytes=350)


def test_reading_waits_for_its_bandwidth() -> None:
    now, waited = [0.0], []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    async def story() -> None:
        wait = paced(1000, clock=lambda: now[0], sleep=sleep)
        await wait(2000)
        now[0] += 5
        await wait(1000)
        await wait(5000)

    asyncio.run(story())
    assert waited == [2.0, 1.0]


def test_a_download_is_slowed_as_its_source_says(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def story() -> None:
        client = HttpClient(Guard(EgressPolicy(allow_loopback=True)))
        download = downloader(client, sleep)
        await download(
            f"{hosts[0].address}/file",
            headers={},
            to=tmp_path / "f",
            most_bytes=100,
            timeout_s=20,
            most_bytes_s=0.5,
        )
        await client.close()

    asyncio.run(story())
    assert waited and max(waited) > 2
