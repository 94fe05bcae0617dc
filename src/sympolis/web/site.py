"""Serves the built UI from memory: a few hundred kilobytes, read once, compressed once.

Hashed files (``/static/…``) never change and are cached for a year; everything else is revalidated by its ETag.
Where the UI has not been built there is a plain page that says so, and how to build it.
"""

from __future__ import annotations

import hashlib
import mimetypes
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parent / "assets"
INDEX = "index.html"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

_FOREVER = b"public, max-age=31536000, immutable"
_REVALIDATE = b"no-cache"
_HASHED = "static/"
_INDEX_PATHS = frozenset({"/", "/index.html"})
_EMBEDDED = "/embed/"
_COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/javascript",
    "image/svg+xml",
    "application/geo+json",
)
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".woff2": "font/woff2",
    ".pbf": "application/x-protobuf",
}
_MISSING_PAGE = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>Sympolis</title>'
    b"<h1>The user interface has not been built</h1><p>This twin runs and answers its APIs; see "
    b'<a href="/docs">what it offers</a>. To build the interface, run <code>make ui</code> in the project and '
    b"start the twin again.</p></html>"
)
_NOT_FOUND_PAGE = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>Not found</title>'
    b'<h1>There is no such page</h1><p><a href="/">To the map</a></p></html>'
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to send. ``gzipped`` is None where compressing does not pay."""

    body: bytes
    gzipped: bytes | None
    media: bytes
    etag: bytes
    cache: bytes


def create_site(folder: Path = ASSETS) -> ASGIApp:
    """The application that serves the files of ``folder``, as they are now."""
    return Site(read_assets(folder))


class Site:
    """Answers GET and HEAD for the UI's own paths."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        self._assets = assets

    async def __call__(self, scope: Message, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in ("GET", "HEAD"):
            await _send(send, 405, _page(_NOT_FOUND_PAGE), {}, extra=((b"allow", b"GET, HEAD"),))
            return
        headers = dict(scope["headers"])
        path: str = scope["path"]
        if _is_page(path):
            found = self._assets.get(INDEX)
            status, asset = (200, found) if found else (503, _page(_MISSING_PAGE))
        else:
            found = self._assets.get(path.removeprefix("/"))
            status, asset = (200, found) if found else (404, _page(_NOT_FOUND_PAGE))
        await _send(send, status, asset, headers, head=scope["method"] == "HEAD")


def read_assets(folder: Path) -> dict[str, Asset]:
    """Every file below ``folder`` by its relative path; hidden files are left out."""
    if not folder.is_dir():
        return {}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return {
        name: _asset(name, path.read_bytes())
        for name, path in names.items()
        if not any(part.startswith(".") for part in name.split("/"))
    }


def _asset(name: str, body: bytes) -> Asset:
    media = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    gzipped = _gzip(body) if media.startswith(_COMPRESSIBLE) else None
    return Asset(
        body=body,
        gzipped=gzipped if gzipped is not None and len(gzipped) < len(body) else None,
        media=f"{media}; charset=utf-8".encode() if media.startswith("text/") else media.encode(),
        etag=f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'.encode(),
        cache=_FOREVER if name.startswith(_HASHED) else _REVALIDATE,
    )


def _page(body: bytes) -> Asset:
    return Asset(body, None, b"text/html; charset=utf-8", b'W/"page"', b"no-store")


def _is_page(path: str) -> bool:
    return path in _INDEX_PATHS or path.startswith(_EMBEDDED)


def _gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    return compressor.compress(body) + compressor.flush()


async def _send(
    send: Send,
    status: int,
    asset: Asset,
    headers: Mapping[bytes, bytes],
    *,
    head: bool = False,
    extra: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    if status == 200 and asset.etag in headers.get(b"if-none-match", b""):
        start = [(b"etag", asset.etag), (b"cache-control", asset.cache)]
        await send({"type": "http.response.start", "status": 304, "headers": start})
        await send({"type": "http.response.body", "body": b""})
        return
    zipped = asset.gzipped if b"gzip" in headers.get(b"accept-encoding", b"") else None
    body = asset.body if zipped is None else zipped
    start = [
        (b"content-type", asset.media),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", asset.cache),
        *extra,
    ]
    if status == 200:
        start += [(b"etag", asset.etag), (b"vary", b"accept-encoding")]
    if zipped is not None:
        start.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": b"" if head else body})
