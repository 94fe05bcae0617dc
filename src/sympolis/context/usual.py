"""The documents that nearly all are, read in one pass: normalized, with plain values, without sub-attributes.

``parsing`` takes any document apart name by name. What sensors send needs none of its generality: msgspec checks it
against the few forms that are known here and hands over its parts, at a third of the time. Whatever does not fit
is not judged: the answer is None, and ``parsing`` (for fragments ``patching``) says what it means or what is wrong with
it. A property test holds both to the same results.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from sympolis.context.geojson import check_geometry
from sympolis.context.instants import find_instant
from sympolis.context.parsing import ENTITY_MEMBERS, check_uri
from sympolis.context.patching import Fragment, Patch
from sympolis.context.terms import Terms
from sympolis.domain.entity import NULL, Attribute, AttributeKind, Entity
from sympolis.domain.errors import BadRequestData

_MOST_NAMES: Final = 64
_LONGEST_NAMES: Final = 2048
_NAMES_ON_THE_WIRE: Final = {"observed_at": "observedAt", "unit_code": "unitCode"}
_UnitCode = Annotated[str, msgspec.Meta(min_length=1)]


class _Property(
    msgspec.Struct,
    tag_field="type",
    tag="Property",
    gc=False,
    forbid_unknown_fields=True,
    rename=_NAMES_ON_THE_WIRE,
):
    value: str | int | float | bool
    observed_at: str | None = None
    unit_code: _UnitCode | None = None


class _Relationship(
    msgspec.Struct,
    tag_field="type",
    tag="Relationship",
    gc=False,
    forbid_unknown_fields=True,
    rename=_NAMES_ON_THE_WIRE,
):
    object: str
    observed_at: str | None = None


class _GeoProperty(
    msgspec.Struct,
    tag_field="type",
    tag="GeoProperty",
    gc=False,
    forbid_unknown_fields=True,
    rename=_NAMES_ON_THE_WIRE,
):
    value: dict[str, str | list[int | float]]
    observed_at: str | None = None


_Document = dict[str, str | _Property | _Relationship | _GeoProperty]
_Plan = tuple[tuple[str, ...], tuple[str, ...]]
"""Expanded names: of the types, and of the attributes in their order."""
_decode: Final = msgspec.json.Decoder(_Document).decode
_decode_all: Final = msgspec.json.Decoder(list[_Document]).decode
_NOTHING: Final[Mapping[str, Any]] = {}
"""What all of them share instead of two empty mappings for each."""
_PROPERTY: Final = AttributeKind.PROPERTY
_RELATIONSHIP: Final = AttributeKind.RELATIONSHIP
_GEO_PROPERTY: Final = AttributeKind.GEO_PROPERTY


def usual_document(raw: bytes) -> _Document | None:
    """The one document of a body; None where it is unusual, or no JSON at all."""
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def usual_documents(raw: bytes) -> list[_Document] | None:
    """The documents of a batch; None where any is unusual."""
    try:
        return _decode_all(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def usual_entity(document: _Document, terms: Terms) -> Entity | None:
    """What ``parse_entity`` makes of a document with ``id`` and ``type``; None where it is unusual."""
    entity_id, kind = document.get("id"), document.get("type")
    if type(entity_id) is not str or type(kind) is not str:
        return None
    try:
        types, names = _plan(terms, tuple(document), kind)
        attributes = _attributes(names, document)
        return Entity(check_uri(entity_id, "id"), types, attributes)
    except (_Unusual, BadRequestData):
        return None


def usual_fragment(document: _Document, terms: Terms) -> Fragment | None:
    """What ``parse_fragment`` makes of a document that has attributes alone; None where it is unusual."""
    try:
        _, names = _plan(terms, tuple(document), None)
        attributes = _attributes(names, document)
    except (_Unusual, BadRequestData):
        return None
    return Fragment({name: (Patch(one),) for name, (one,) in attributes.items()})


class _Unusual(Exception):
    """Left to ``parsing``."""


def _plan(terms: Terms, members: tuple[str, ...], kind: str | None) -> _Plan:
    """The names of a document with these members and this type. Raises ``_Unusual`` or ``BadRequestData``."""
    return terms.once((members, kind), lambda: _made(terms, members, kind))


def _made(terms: Terms, members: tuple[str, ...], kind: str | None) -> _Plan:
    if len(members) > _MOST_NAMES or sum(map(len, members)) + len(kind or "") > _LONGEST_NAMES:
        raise _Unusual
    own = terms if kind is None else terms.for_types((kind,))
    names = tuple([own.expand(name) for name in members if name not in ENTITY_MEMBERS])
    if len(set(names)) < len(names) or len(members) - len(names) != (0 if kind is None else 2):
        raise _Unusual
    return () if kind is None else (terms.expand(kind),), names


def _attributes(names: tuple[str, ...], document: Mapping[str, Any]) -> dict[str, tuple[Attribute]]:
    """The one instance of each attribute by expanded name. Raises ``_Unusual`` or ``BadRequestData``."""
    found: dict[str, tuple[Attribute]] = {}
    given = [one for one in document.values() if type(one) is not str]
    if len(given) < len(names):
        raise _Unusual
    text, at = None, None
    for name, one in zip(names, given, strict=True):
        observed = one.observed_at
        if observed != text:
            text, at = observed, _instant(observed)
        if type(one) is _Property:
            value, unit = one.value, one.unit_code
            if (type(value) is str and value == NULL) or unit == NULL:
                raise _Unusual
            found[name] = (Attribute(_PROPERTY, value, at, unit, None, _NOTHING, _NOTHING),)
        elif type(one) is _Relationship:
            found[name] = (Attribute(_RELATIONSHIP, _target(one.object), at, None, None, _NOTHING, _NOTHING),)
        else:
            shape = check_geometry(one.value, where="")
            found[name] = (Attribute(_GEO_PROPERTY, shape, at, None, None, _NOTHING, _NOTHING),)
    return found


def _instant(text: str | None) -> Any:
    at = find_instant(text)
    if at is None and text is not None:
        raise _Unusual
    return at


def _target(value: str) -> str:
    if value == NULL:
        raise _Unusual
    return check_uri(value, "object")
