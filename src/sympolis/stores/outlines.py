"""Outlines of entities (``context.profiles``) as stores keep them: compact JSON, equal text for equal outlines."""

from __future__ import annotations

import msgspec

from sympolis.context.profiles import Outline, Profile

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Outline).decode


def encode_outline(outline: Outline) -> str:
    """An outline as JSON: the key of its profile."""
    return _encode(outline).decode()


def decode_profile(text: str, count: int) -> Profile:
    """The profile of an outline that so many entities have."""
    types, attributes = _decode(text)
    return Profile(types, dict(attributes), count)
