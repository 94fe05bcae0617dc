"""From a reply to what goes over the wire: its headers, compressed where that helps, at once where the server can."""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache

from sympolis.api.compression import gzip_body
from sympolis.api.http import WHOLE, Headers, Reply, Request, Scope, Send, Stream

CONTENT_POLICY = (
    "default-src 'self'; style-src 'self'; worker-src 'self'; img-src 'self' data: blob:; "
    "object-src 'none'; frame-ancestors 'self'"
)
SECURITY_HEADERS: Headers = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def framed_by(embedders: tuple[str, ...]) -> Headers:
    """The same for a page that these origins may show in a frame; none of the others may."""
    if not embedders:
        return SECURITY_HEADERS
    policy = CONTENT_POLICY.replace("frame-ancestors 'self'", f"frame-ancestors 'self' {' '.join(embedders)}")
    return ((SECURITY_HEADERS[0][0], policy.encode("ascii", "ignore")), *SECURITY_HEADERS[1:])


_COMPRESS_IN_THREAD_FROM = 128 * 1024
_NO_BODY = frozenset({204, 304})
_BAD_IN_HEADER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_ACCEPT_ENCODING: Headers = ((b"vary", b"accept-encoding"),)


async def send_reply(reply: Reply, request: Request, scope: Scope, send: Send, *, gzip_from: int) -> int:
    """Send a complete answer; returns its status. ``gzip_from`` bytes are worth compressing."""
    if reply.etag is not None and _matches(request.headers.get(b"if-none-match"), reply.etag):
        reply = Reply(status=304, etag=reply.etag, cache=reply.cache, headers=reply.headers, media="")
    body, headers = reply.body, _headers(reply)
    if len(body) >= gzip_from:
        headers += _ACCEPT_ENCODING
        if b"gzip" in request.headers.get(b"accept-encoding", b""):
            body = await _gzipped(reply)
            headers.append((b"content-encoding", b"gzip"))
    if reply.status not in _NO_BODY:
        headers.append((b"content-length", b"%d" % len(body)))
    if request.method == "HEAD":
        body = b""
    await _send(scope, send, request, reply.status, headers, body)
    return reply.status


async def _send(
    scope: Scope, send: Send, request: Request, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    own = request.id.encode()
    whole = scope.get("extensions", {}).get(WHOLE)
    if whole is not None:
        lines = b"".join([_line(*header) for header in headers])
        if whole(status, b"%bx-request-id: %b\r\n%b" % (_SECURITY_LINES, own, lines), body):
            return
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [*headers, *SECURITY_HEADERS, (b"x-request-id", own)],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})


def stream_start(reply: Stream, request: Request) -> dict[str, object]:
    """The message that begins an answer without end."""
    headers = [
        (b"content-type", reply.media.encode()),
        (b"cache-control", b"no-store"),
        *reply.headers,
        *SECURITY_HEADERS,
        (b"x-request-id", request.id.encode()),
    ]
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


@lru_cache(maxsize=1024)
def _line(name: bytes, value: bytes) -> bytes:
    """One header line. Raises ``ValueError`` where it would be more than one."""
    if _BAD_IN_HEADER.search(value):
        raise ValueError(f"control characters in the header {name.decode()}")
    return b"%b: %b\r\n" % (name, value)


_SECURITY_LINES = b"".join(_line(*header) for header in SECURITY_HEADERS)


def _headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    headers = [*reply.headers, (b"cache-control", reply.cache.encode())]
    if reply.media and reply.body:
        headers.append((b"content-type", reply.media.encode()))
    if reply.etag is not None:
        headers.append((b"etag", reply.etag.encode()))
    return headers


def _matches(if_none_match: bytes | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = [tag.strip() for tag in if_none_match.decode("latin-1").split(",")]
    return "*" in tags or etag in tags


async def _gzipped(reply: Reply) -> bytes:
    if reply.gzipped is not None:
        return reply.gzipped
    if len(reply.body) >= _COMPRESS_IN_THREAD_FROM:
        return await asyncio.to_thread(gzip_body, reply.body)
    return gzip_body(reply.body)
