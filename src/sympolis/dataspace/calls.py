"""The way out of a dataspace: one request to another participant, whoever makes the connection.

Nothing here opens a connection itself. The composition root gives a ``Calls`` that goes through the egress guard, so
that an address that a stranger wrote into a message, a catalogue or a DID document leads nowhere it should not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from sympolis.domain import errors

JSON: Final = "application/json"
WITH_CONTENT: Final = frozenset((200, 206))
"""Statuses whose body is what was asked for, or a part of it: to be had as a stream."""
_PATIENCE_S: Final = 5.0
_MOST_BYTES: Final = 1 << 20
_MOST_TOLD: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers by lower-case name, and the body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Calls(Protocol):
    """Sends one request and waits for the answer."""

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        timeout_s: float = _PATIENCE_S,
        most_bytes: int = _MOST_BYTES,
        sink: Callable[[bytes], object] | None = None,
    ) -> Answer:
        """Whatever was answered, of whatever status. The body of a 200 or 206 goes to ``sink`` as it comes, if given,
        and is not in the answer.

        Raises ``SourceFailed`` where nothing came, or too much.
        """
        ...


async def send_json(
    calls: Calls,
    method: str,
    url: str,
    *,
    document: object = None,
    authorization: str | None = None,
    timeout_s: float = _PATIENCE_S,
    most_bytes: int = _MOST_BYTES,
) -> Any:
    """The JSON that was answered (None for an empty body).

    Raises ``SourceFailed`` for anything but a 2xx with JSON, ``Forbidden`` where the other side answers 401, 403 or
    404: it is there and does not want to.
    """
    headers = [("Accept", JSON)]
    if authorization is not None:
        headers.append(("Authorization", authorization))
    body = b""
    if document is not None:
        headers.append(("Content-Type", JSON))
        body = msgspec.json.encode(document)
    answer = await calls(method, url, headers=headers, body=body, timeout_s=timeout_s, most_bytes=most_bytes)
    return read_json(good_body(answer, url), url)


def good_body(answer: Answer, url: str) -> bytes:
    """The body of a 2xx. Raises as ``send_json`` does."""
    if answer.status in (401, 403, 404):
        raise errors.Forbidden(f"answered {answer.status}: {told(answer)}", where=url)
    if not 200 <= answer.status < 300:
        raise errors.SourceFailed(f"answered {answer.status}: {told(answer)}", where=url)
    return answer.body


def read_json(body: bytes, where: str) -> Any:
    """What a body says; None for an empty one. Raises ``SourceFailed`` for what is not JSON."""
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise errors.SourceFailed("the answer is not JSON", where=where) from problem


def told(answer: Answer) -> str:
    """The reason that the other side gives, and where, in one line without control characters."""
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "without a reason"
    said = found if isinstance(found, dict) else {}
    reason = said.get("detail") or said.get("title") or said.get("reason")
    text = " ".join(": ".join(str(one) for one in (said.get("where"), reason) if one).split())
    return "".join(one for one in text if one.isprintable())[:_MOST_TOLD] or "without a reason"
