"""Reading JSON from strangers: bounded in size, depth and kind, with every failure a 400 that says where."""

from __future__ import annotations

from typing import Any

import msgspec

from sympolis.api.http import Request
from sympolis.domain import errors

MAX_DEPTH = 64
"""Levels of nesting: deeper than any GeoJSON or linked entity, far from what a recursive reader could not bear."""
_LONGEST = 308
"""Digits of the largest whole number that is surely a number to those who calculate, too (IEEE 754, 64 bit)."""

_NOT_STRUCTURE = bytes(set(range(256)) - set(b'{}[]"'))
_ALIKE = bytes.maketrans(b"{}", b"[]")
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_TOO_LONG = b"0" * (_LONGEST + 1)
_DECODER = msgspec.json.Decoder()


def parse_json(raw: bytes, where: str = "body") -> Any:
    """Decode one JSON text. Raises ``InvalidRequest``; NaN and Infinity are not JSON and are refused."""
    if not raw.strip():
        raise errors.InvalidRequest("expected JSON, and nothing came", where=where)
    try:
        document = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise errors.InvalidRequest(f"not valid JSON: {problem}", where=where) from problem
    except RecursionError as problem:
        raise _too_deep(where) from problem
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _too_nested(raw, document):
        raise _too_deep(where)
    if len(raw) > _LONGEST and _TOO_LONG in raw.translate(_DIGITS_ALIKE):  # in a text, most likely
        _refuse_endless(document, where)
    return document


async def read_json(request: Request, *media_types: str) -> Any:
    """The request's body as JSON; raises ``UnsupportedMediaType`` unless it comes as one of ``media_types``."""
    if request.media_type not in media_types:
        raise errors.UnsupportedMediaType(
            f"expected a body of type {' or '.join(media_types)}", where="Content-Type"
        )
    return parse_json(await request.body())


async def read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object (``application/json``). Raises ``InvalidRequest``."""
    document = await read_json(request, "application/json")
    if not isinstance(document, dict):
        raise errors.InvalidRequest("expected a JSON object", where="body")
    return document


def _too_nested(raw: bytes, document: Any) -> bool:
    """Whether a valid JSON text is nested too deeply: told from its brackets alone, where none is inside a text.

    Walking through a batch of entities takes longer than reading it; taking brackets off in pairs does not.
    """
    left = raw.translate(_ALIKE, _NOT_STRUCTURE).replace(b'""', b"")
    if b'"' in left or b"\\" in raw:  # a text has brackets, or quotes that do not end it
        return _deeper_than(document, MAX_DEPTH)
    for _ in range(MAX_DEPTH):
        if not left:
            return False
        left = left.replace(b"[]", b"")  # one level: what comes together by it is not looked at again
    return bool(left)


def _refuse_endless(document: Any, where: str) -> None:
    """Whole numbers have no bound in JSON; the first that is none for floating point is refused where it comes in."""
    level = [document]
    while level:
        if any(isinstance(one, int) and abs(one) >= 10**_LONGEST for one in level):
            raise errors.InvalidRequest(f"a whole number has more than {_LONGEST} digits", where=where)
        level = [part for one in level for part in _parts(one)]


def _parts(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _deeper_than(document: Any, limit: int) -> bool:
    level = [document]
    for _ in range(limit):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: Any) -> list[Any]:
    return [value for value in _parts(node) if isinstance(value, dict | list)]


def _too_deep(where: str) -> errors.InvalidRequest:
    return errors.InvalidRequest(f"nested deeper than {MAX_DEPTH} levels", where=where)
