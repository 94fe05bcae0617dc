"""The few HTTP values that every standard's routes share: a request that is read lazily and a reply that is data.

Handlers are ``async (Request) -> Reply | Stream`` and know nothing of ASGI; ``asgi`` turns both ends into messages.
One mechanism serves the hot NGSI-LD routes (no framework between socket and handler) and the rest alike.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

from sympolis.domain import errors

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

JSON = "application/json"
LD_JSON = "application/ld+json"
GEO_JSON = "application/geo+json"
PROBLEM_JSON = "application/problem+json"
EVENT_STREAM = "text/event-stream"

WHOLE = "sympolis.whole"
"""ASGI extension of our own server: ``(status, header lines, body) -> bool`` sends a complete answer in one write."""

LOCAL = "sympolis.local"
"""Member of an ASGI scope's ``state``: the request comes from the process itself. No connection can set it."""

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_PARAMETERS = 100
_MAX_QUERY_BYTES = 32_768
_LONGEST_REMEMBERED = 1024
_MOST_REMEMBERED = 1024
"""Query strings kept parsed: at most a megabyte of text, and what was made of them."""
_MOST_MADE = 64
_NONE: Mapping[str, str] = {}
T = TypeVar("T")


class Reply(msgspec.Struct, frozen=True):
    """A complete answer. ``gzipped`` is the same body compressed beforehand, where it is kept between requests."""

    status: int = 200
    body: bytes = b""
    media: str = JSON
    headers: Headers = ()
    etag: str | None = None
    gzipped: bytes | None = None
    cache: str = "no-cache"


class Stream(msgspec.Struct, frozen=True):
    """An answer without end: its chunks are sent as they come, until the client or the source leaves."""

    chunks: AsyncGenerator[bytes, None]
    media: str = EVENT_STREAM
    headers: Headers = ()
    status: int = 200


Handler = Callable[["Request"], Coroutine[Any, Any, Reply | Stream]]


class Parameters(dict[str, str]):
    """A query's parameters by name, and what was made of them.

    Clients ask the same things again and again, and equal queries share one of these (see ``parse_query``): what is
    read from the parameters alone need be read only once. Never changed after it is made.
    """

    __slots__ = ("_made",)

    def __init__(self, values: Mapping[str, str] = _NONE) -> None:
        super().__init__(values)
        self._made: dict[object, Any] = {}

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What ``make`` gave when it was first called for this key; errors are not kept."""
        made = self._made
        if key in made:
            kept: T = made[key]
            return kept
        if len(made) >= _MOST_MADE:
            made.clear()
        found = made[key] = make()
        return found


class Request:
    """What a handler sees of one request.

    ``arguments`` are the path's decoded parameters, ``query_string`` is the query as sent and ``path`` the path as
    sent: still percent-encoded, so that an encoded slash stays inside its segment. Headers, query and body are decoded
    when first asked for.
    """

    parameters: Parameters
    """The query's parameters. Raises ``InvalidRequest`` where one is repeated or not decodable."""

    __slots__ = (
        "_body",
        "_receive",
        "_scope",
        "arguments",
        "headers",
        "id",
        "max_body_bytes",
        "method",
        "parameters",
        "path",
        "query_string",
        "subject",
    )

    def __init__(
        self, scope: Scope, receive: Receive, *, id: str = "", max_body_bytes: int = 1 << 25
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._body: bytes | None = None
        self.id = id
        self.max_body_bytes = max_body_bytes
        self.method: str = scope["method"]
        raw_path = scope.get("raw_path")
        self.path: str = (scope["path"].encode() if raw_path is None else raw_path).decode("latin-1")
        self.query_string: bytes = scope.get("query_string", b"")
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        """The last header of each (lower-case) name."""
        self.arguments: Mapping[str, str] = {}
        self.subject: Any = None
        """Who asks (``governance.identity.subject.Subject``), on a server that asks who they are."""

    @property
    def local(self) -> bool:
        """Whether it comes from a command that runs the twin itself, and not over any connection."""
        return bool(self._scope.get("state", {}).get(LOCAL))

    @property
    def secure(self) -> bool:
        """Whether the client reached the server by https, itself or through a proxy that says so."""
        return bool(self._scope.get("scheme") == "https")

    @property
    def peer(self) -> str:
        """The address that the request came from; '' where there is none."""
        client = self._scope.get("client")
        return str(client[0]) if client else ""

    def header(self, name: bytes) -> str | None:
        """The last header of this (lower-case) name."""
        found = self.headers.get(name)
        return None if found is None else found.decode("latin-1")

    def headers_named(self, name: bytes) -> list[str]:
        """Every header of this (lower-case) name, in order."""
        return [value.decode("latin-1") for key, value in self._scope["headers"] if key == name]

    def __getattr__(self, name: str) -> Parameters:
        """``parameters``, which a handler looks at dozens of times, when they are first asked for."""
        if name != "parameters":
            raise AttributeError(name)
        self.parameters = found = parse_query(self.query_string)
        return found

    @property
    def base_url(self) -> str:
        """Scheme and authority by which the client reached the server, e.g. ``http://127.0.0.1:8400``.

        With the path that stands before all others, where there is one (ASGI's ``root_path``): under contract there is.
        """
        host = self.header(b"host") or "localhost"
        return f"{self._scope.get('scheme', 'http')}://{host}{self._scope.get('root_path', '')}"

    @property
    def scope(self) -> Scope:
        """The ASGI scope that it was made of."""
        return self._scope

    @property
    def media_type(self) -> str:
        """The body's media type without parameters, lower case; '' where there is none."""
        return (self.header(b"content-type") or "").partition(";")[0].strip().lower()

    async def body(self) -> bytes:
        """The whole body. Raises ``LengthRequired`` or ``PayloadTooLarge`` before reading more than allowed."""
        if self._body is None:
            self._check_length()
            self._body = await self._read()
        return self._body

    async def disconnected(self) -> None:
        """Return when the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _check_length(self) -> None:
        length = self.header(b"content-length")
        if length is None:
            raise errors.LengthRequired("a body needs a Content-Length header", where="Content-Length")
        if find_number(length) is None:
            raise errors.InvalidRequest("expected a number of bytes", where="Content-Length")
        if int(length) > self.max_body_bytes:
            raise self._too_large()

    async def _read(self) -> bytes:
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise errors.InvalidRequest("the body ended before its announced length", where="body")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self.max_body_bytes:
                raise self._too_large()
            chunks.append(chunk)
            more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _too_large(self) -> errors.PayloadTooLarge:
        return errors.PayloadTooLarge(
            f"a body may have at most {self.max_body_bytes} bytes", where="body", hint="send it in parts"
        )


def find_number(text: str) -> int | None:
    """The whole number that a header spells in at most 18 digits; None for anything else."""
    return int(text) if len(text) <= 18 and text.isascii() and text.isdigit() else None


def decode(text: str, where: str, *, plus: bool = False) -> str:
    """Percent-decode one path segment or query value.

    Raises ``InvalidRequest`` for a broken escape, for bytes that are not UTF-8 and for control characters.
    """
    if plus and "+" in text:
        text = text.replace("+", " ")
    if "%" in text:
        if _BROKEN_ESCAPE.search(text):
            raise errors.InvalidRequest("broken percent-encoding: expected % and two hex digits", where=where)
        text = _utf8(unquote_to_bytes(text), where)
    elif not text.isascii():
        text = _utf8(text.encode("latin-1"), where)
    if _CONTROL.search(text):
        raise errors.InvalidRequest("control characters are not allowed", where=where)
    return text


def _utf8(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise errors.InvalidRequest("not valid UTF-8", where=where) from problem


def parse_query(raw: bytes) -> Parameters:
    """A query string's parameters; equal short ones share one value. Raises ``InvalidRequest``."""
    if not raw:
        return _EMPTY
    return _remembered(raw) if len(raw) <= _LONGEST_REMEMBERED else _parsed(raw)


def _parsed(raw: bytes) -> Parameters:
    if len(raw) > _MAX_QUERY_BYTES:
        raise errors.InvalidRequest(f"the query is longer than {_MAX_QUERY_BYTES} bytes", where="query")
    pairs = [pair for pair in raw.decode("latin-1").split("&") if pair]
    if len(pairs) > _MAX_PARAMETERS:
        raise errors.InvalidRequest(f"more than {_MAX_PARAMETERS} parameters", where="query")
    found = Parameters()
    for pair in pairs:
        name, _, value = pair.partition("=")
        name = decode(name, "query", plus=True)
        if name in found:
            raise errors.InvalidRequest("the parameter is given more than once", where=name)
        found[name] = decode(value, name, plus=True)
    return found


_remembered = lru_cache(maxsize=_MOST_REMEMBERED)(_parsed)
_EMPTY = Parameters()


def _plain(value: object) -> object:
    """What JSON has no word for: read-only mappings, values that know their own JSON, numpy scalars."""
    if isinstance(value, Mapping):
        return dict(value)
    for method in ("to_json", "tolist"):
        own = getattr(value, method, None)
        if own is not None:
            return own()
    raise TypeError(f"no JSON form for {type(value).__name__}")


_LENIENT_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def encode(document: object) -> bytes:
    """The document as compact JSON; NaN becomes null; frozen dataclasses and mappings are understood."""
    return _LENIENT_ENCODER.encode(document)


def json_reply(document: object, *, status: int = 200, headers: Headers = (), media: str = JSON) -> Reply:
    """A reply whose body is this document."""
    return Reply(status=status, body=encode(document), media=media, headers=headers)


def tagged_reply(document: object, *, media: str = JSON) -> Reply:
    """A reply that a client may keep and ask again about: its ETag is made from its content."""
    body = encode(document)
    return Reply(body=body, media=media, etag=weak_tag(body))


def weak_tag(body: bytes) -> str:
    """The ETag of a body; weak, because the same tag serves its compressed form."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
