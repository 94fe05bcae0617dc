"""Entities as the stores keep them.

Compact JSON of the domain fields, absent ones left out, so that msgspec writes and rebuilds entities in one call each
and a person can read it in the database.
"""

from __future__ import annotations

import msgspec

from sympolis.domain.entity import Entity

_encode = msgspec.json.Encoder().encode
_decode_entity = msgspec.json.Decoder(Entity).decode


def encode_entity(entity: Entity) -> bytes:
    """An entity as JSON."""
    return _encode(entity)


def decode_entity(body: bytes) -> Entity:
    """The entity that ``encode_entity`` wrote."""
    return _decode_entity(body)
