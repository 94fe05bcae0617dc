"""From NGSI-LD documents to entities: what clients send.

Reads the normalized and the concise representation (clauses 4.5.1–4.5.3) of all eight attribute kinds. Names go
through ``Terms``; nothing else of JSON-LD is needed, which is what makes this quick.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.context.geojson import check_geometry, is_geometry
from sympolis.context.instants import find_instant, parse_instant
from sympolis.context.terms import Terms
from sympolis.domain.entity import NULL, Attribute, AttributeKind, Entity
from sympolis.domain.errors import BadRequestData

_KINDS = {kind.value: kind for kind in AttributeKind}
_BY_MEMBER = {
    "value": AttributeKind.PROPERTY,
    "object": AttributeKind.RELATIONSHIP,
    "languageMap": AttributeKind.LANGUAGE_PROPERTY,
    "json": AttributeKind.JSON_PROPERTY,
    "vocab": AttributeKind.VOCAB_PROPERTY,
    "valueList": AttributeKind.LIST_PROPERTY,
    "objectList": AttributeKind.LIST_RELATIONSHIP,
}
VALUE_MEMBERS: Final = frozenset(_BY_MEMBER)
"""The members of which one carries an attribute's value."""
ENTITY_MEMBERS = frozenset(
    "@context id @id type @type scope createdAt modifiedAt deletedAt expiresAt ngsildproof".split()  # noqa: SIM905
)
_ATTRIBUTE_MEMBERS = frozenset(
    "type @type value object languageMap json vocab valueList objectList observedAt unitCode datasetId createdAt "  # noqa: SIM905
    "modifiedAt deletedAt instanceId previousValue previousObject previousLanguageMap previousJson previousVocab "
    "previousValueList previousObjectList objectType valueType expiresAt ngsildproof entity entityList lang".split()
)
_PLAIN_MEMBERS = _ATTRIBUTE_MEMBERS - {"objectType", "valueType", "expiresAt", "ngsildproof"}
"""Attributes with no others, which are most, have neither sub-attributes nor further members."""
_USUAL_MEMBERS: Final = frozenset({"type", "value", "observedAt", "unitCode"})
_MAX_DEPTH: Final = 8
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x20<>\"{}|\\^`]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|@none")
_SCOPE = re.compile(r"/?[^\s/,;|()#+]+(?:/[^\s/,;|()#+]+)*")


def parse_entity(document: Any, terms: Terms, *, entity_id: str | None = None, nulls: bool = False) -> Entity:
    """An entity from its normalized or concise representation.

    ``entity_id`` stands in for a missing ``id`` (and must equal a given one); ``nulls`` admits the NGSI-LD Null, which
    only fragments may carry. Raises ``BadRequestData`` naming the member that is wrong.
    """
    if not isinstance(document, Mapping):
        raise BadRequestData("an entity must be a JSON object", where="body")
    types = _names(_either(document, "type"), "type")
    return Entity(
        id=_entity_id(_either(document, "id"), entity_id),
        types=tuple(dict.fromkeys([terms.expand(name) for name in types])),
        attributes=_attributes(document, terms.for_types(types), _Inside(terms, nulls=nulls)),
        scope=parse_scope(document.get("scope")),
        members=_entity_members(document),
    )


def parse_attributes(
    document: Any, terms: Terms, *, types: Iterable[str] = (), nulls: bool = True
) -> Mapping[str, tuple[Attribute, ...]]:
    """The attributes of an entity fragment, which needs neither ``id`` nor ``type`` (clauses 5.6.2, 5.6.3, 5.6.17)."""
    if not isinstance(document, Mapping):
        raise BadRequestData("an entity fragment must be a JSON object", where="body")
    return _attributes(document, terms.for_types(types), _Inside(terms, nulls=nulls))


def parse_attribute(
    name: str, raw: Any, terms: Terms, *, nulls: bool = True
) -> tuple[str, tuple[Attribute, ...]]:
    """One attribute (or several instances of it) as (IRI, instances)."""
    return terms.expand(name), _instances(name, raw, _Inside(terms, nulls=nulls))


class _Inside:
    """What parsing needs on its way down: the terms, whether nulls are allowed, how deep it is."""

    __slots__ = ("depth", "nulls", "terms", "where")

    def __init__(self, terms: Terms, *, nulls: bool, depth: int = 0, where: str = "") -> None:
        self.terms = terms
        self.nulls = nulls
        self.depth = depth
        self.where = where

    def into(self, name: str) -> _Inside:
        """One level down, inside the attribute ``name``."""
        if self.depth >= _MAX_DEPTH:
            raise BadRequestData(f"attributes nest deeper than {_MAX_DEPTH} levels", where=self.path(name))
        return _Inside(self.terms.within(name), nulls=self.nulls, depth=self.depth + 1, where=self.path(name))

    def path(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name


def _attributes(
    document: Mapping[str, Any], terms: Terms, inside: _Inside
) -> dict[str, tuple[Attribute, ...]]:
    found: dict[str, tuple[Attribute, ...]] = {}
    for name, raw in document.items():
        if name in ENTITY_MEMBERS:
            continue
        iri = terms.expand(name)
        if iri in found:
            raise BadRequestData("this attribute is given twice under different names", where=name)
        found[iri] = _instances(name, raw, inside)
    return found


def _instances(name: str, raw: Any, inside: _Inside) -> tuple[Attribute, ...]:
    usual = _usual(raw)
    if usual is not None:
        return (usual,)
    if isinstance(raw, list) and raw and all(isinstance(part, dict) and _is_attribute(part) for part in raw):
        found = tuple(_attribute(name, part, inside) for part in raw)
        return _ordered(name, found, inside)
    return (_attribute(name, raw, inside),)


def _ordered(name: str, found: tuple[Attribute, ...], inside: _Inside) -> tuple[Attribute, ...]:
    """Default instance first; each dataset once (clause 4.5.5)."""
    if len({instance.dataset_id for instance in found}) != len(found):
        raise BadRequestData("two instances have the same datasetId", where=inside.path(name))
    return tuple(sorted(found, key=lambda instance: instance.dataset_id is not None))


def _is_attribute(raw: dict[str, Any]) -> bool:
    kind = raw.get("type")
    return (
        (isinstance(kind, str) and kind in _KINDS)
        or not _BY_MEMBER.keys().isdisjoint(raw)
        or is_geometry(raw)
    )


def _attribute(name: str, raw: Any, inside: _Inside) -> Attribute:
    if not isinstance(raw, dict):
        return _concise(name, raw, inside)
    kind = _kind(name, raw, inside)
    if kind is AttributeKind.GEO_PROPERTY and "value" not in raw and is_geometry(raw):
        return Attribute(kind, check_geometry(raw, where=inside.path(name)))
    value = _PARSERS[kind](_required(name, raw, kind, inside), inside, name)
    if len(raw) == 2 and "type" in raw:
        return Attribute(kind, value)
    return _detailed(name, raw, kind, value, inside)


def _usual(raw: Any) -> Attribute | None:
    """Most attributes: a normalized Property of a plain value with time and unit at most. None for all others."""
    if type(raw) is not dict or raw.get("type") != "Property" or not _USUAL_MEMBERS.issuperset(raw):
        return None
    value: Any = raw.get("value")
    observed, unit = raw.get("observedAt"), raw.get("unitCode")
    kind = type(value)
    good = math.isfinite(value) if kind is float else kind is int or (kind is str and value != NULL)
    if not good or not (unit is None or (type(unit) is str and unit)):
        return None
    at = None if observed is None else find_instant(observed)
    if observed is not None and at is None:
        return None
    return Attribute(AttributeKind.PROPERTY, value, at, unit)


def _concise(name: str, raw: Any, inside: _Inside) -> Attribute:
    return Attribute(AttributeKind.PROPERTY, _plain(raw, inside, name))


def _detailed(name: str, raw: dict[str, Any], kind: AttributeKind, value: Any, inside: _Inside) -> Attribute:
    observed = raw.get("observedAt")
    dataset = raw.get("datasetId")
    plain = _PLAIN_MEMBERS.issuperset(raw)
    return Attribute(
        kind,
        value,
        None if observed is None else _time(observed, inside, name, "observedAt"),
        _unit(raw.get("unitCode"), inside, name),
        None
        if dataset is None or dataset == "@none"
        else check_uri(dataset, f"{inside.path(name)}.datasetId"),
        {} if plain else _sub_attributes(name, raw, inside),
        {} if plain else _attribute_members(name, raw, inside),
    )


def _sub_attributes(name: str, raw: dict[str, Any], inside: _Inside) -> dict[str, tuple[Attribute, ...]]:
    if _ATTRIBUTE_MEMBERS.issuperset(raw):
        return {}
    below = inside.into(name)
    found: dict[str, tuple[Attribute, ...]] = {}
    for sub, value in raw.items():
        if sub not in _ATTRIBUTE_MEMBERS:
            found[below.terms.expand(sub)] = _instances(sub, value, below)
    return found


def attribute_kind(given: Any, *, where: str) -> AttributeKind | None:
    """The kind that an attribute's ``type`` names; None where it names none. Raises ``BadRequestData``."""
    if given is None:
        return None
    kind = _KINDS.get(given) if isinstance(given, str) else None
    if kind is None:
        raise BadRequestData(
            f"unknown attribute type {given!r}", where=where, hint="one of " + ", ".join(_KINDS)
        )
    return kind


def _kind(name: str, raw: dict[str, Any], inside: _Inside) -> AttributeKind:
    given = raw.get("type", raw.get("@type"))
    if given is not None:
        kind = _KINDS.get(given) if isinstance(given, str) else None
        if kind is not None:
            return kind
        if is_geometry(raw):
            return AttributeKind.GEO_PROPERTY
        raise BadRequestData(
            f"unknown attribute type {given!r}", where=inside.path(name), hint="one of " + ", ".join(_KINDS)
        )
    for member, kind in _BY_MEMBER.items():
        if member in raw:
            if member == "value" and is_geometry(raw["value"]):
                return AttributeKind.GEO_PROPERTY
            return kind
    raise BadRequestData(
        "this object is not an attribute: it has no type and no value, object, languageMap, json, vocab, …",
        where=inside.path(name),
        hint='put a JSON object into {"type": "Property", "value": {…}}',
    )


def _required(name: str, raw: dict[str, Any], kind: AttributeKind, inside: _Inside) -> Any:
    member = kind.value_member
    if raw.get(member) is None:
        raise BadRequestData(f"a {kind} needs {member!r}, not null", where=inside.path(name))
    return raw[member]


# --- values, one parser per kind


def _plain(value: Any, inside: _Inside, name: str) -> Any:
    if value is None or (value == NULL and not inside.nulls):
        raise BadRequestData("null is not a value here", where=inside.path(name))
    if isinstance(value, float) and not math.isfinite(value):
        raise BadRequestData("a number must be finite", where=inside.path(name))
    return value


def _relationship(value: Any, inside: _Inside, name: str) -> Any:
    if isinstance(value, list) and value:
        return [_target(part, inside, name) for part in value]
    return _target(value, inside, name)


def _target(value: Any, inside: _Inside, name: str) -> str:
    if value == NULL and not inside.nulls:
        raise BadRequestData("null is not a value here", where=inside.path(name))
    return check_uri(value, f"{inside.path(name)}.object")


def _geometry(value: Any, inside: _Inside, name: str) -> Any:
    if value == NULL and inside.nulls:
        return value
    return check_geometry(value, where=inside.path(name))


def _language_map(value: Any, inside: _Inside, name: str) -> Any:
    if value == NULL and inside.nulls:
        return value
    where = f"{inside.path(name)}.languageMap"
    if not isinstance(value, dict) or not value:
        raise BadRequestData("a language map is an object from language tag to text", where=where)
    for tag, text in value.items():
        if not _LANGUAGE.fullmatch(tag):
            raise BadRequestData(f"{tag!r} is not a language tag", where=where, hint="for example it, de, en")
        texts = text if isinstance(text, list) else [text]
        if not all(isinstance(part, str) for part in texts) or (NULL in texts and not inside.nulls):
            raise BadRequestData("each language needs a text or a list of texts", where=f"{where}.{tag}")
    return value


def _json(value: Any, _inside: _Inside, _name: str) -> Any:
    return value


def _vocabulary(value: Any, inside: _Inside, name: str) -> Any:
    if value == NULL and inside.nulls:
        return value
    where = f"{inside.path(name)}.vocab"
    if isinstance(value, list):
        return [inside.terms.expand(part) for part in _names(value, where)]
    return inside.terms.expand(_names(value, where)[0])


def _value_list(value: Any, inside: _Inside, name: str) -> Any:
    if value == NULL and inside.nulls:
        return value
    if not isinstance(value, list):
        raise BadRequestData("a valueList is a JSON array", where=f"{inside.path(name)}.valueList")
    return value


def _object_list(value: Any, inside: _Inside, name: str) -> Any:
    if value == NULL and inside.nulls:
        return value
    where = f"{inside.path(name)}.objectList"
    if not isinstance(value, list):
        raise BadRequestData("an objectList is a JSON array", where=where)
    return [check_uri(part.get("object") if isinstance(part, dict) else part, where) for part in value]


_PARSERS: Mapping[AttributeKind, Callable[[Any, _Inside, str], Any]] = {
    AttributeKind.PROPERTY: _plain,
    AttributeKind.RELATIONSHIP: _relationship,
    AttributeKind.GEO_PROPERTY: _geometry,
    AttributeKind.LANGUAGE_PROPERTY: _language_map,
    AttributeKind.JSON_PROPERTY: _json,
    AttributeKind.VOCAB_PROPERTY: _vocabulary,
    AttributeKind.LIST_PROPERTY: _value_list,
    AttributeKind.LIST_RELATIONSHIP: _object_list,
}


# --- members


def _time(value: Any, inside: _Inside, name: str, member: str) -> datetime:
    return parse_instant(value, where=f"{inside.path(name)}.{member}")


def _unit(value: Any, inside: _Inside, name: str) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise BadRequestData(
        "a unit code is a text of UN/CEFACT Recommendation 20",
        where=f"{inside.path(name)}.unitCode",
        hint="for example KMH, CEL, C62",
    )


def _attribute_members(name: str, raw: dict[str, Any], inside: _Inside) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member in ("objectType", "valueType"):
        if member in raw:
            names = _names(raw[member], f"{inside.path(name)}.{member}")
            expanded = [inside.terms.expand(part) for part in names]
            found[member] = expanded if isinstance(raw[member], list) else expanded[0]
    if "expiresAt" in raw:
        found["expiresAt"] = check_end(raw["expiresAt"], f"{inside.path(name)}.expiresAt")
    if "ngsildproof" in raw:
        found["ngsildproof"] = raw["ngsildproof"]
    return found


def _entity_members(document: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: document[key] for key in ("expiresAt", "ngsildproof") if key in document}
    if "expiresAt" in found:
        check_end(found["expiresAt"], "expiresAt")
    return found


def check_end(value: Any, where: str) -> str:
    """``value`` if it is a time to come (``expiresAt``, clause 4.22). Raises ``BadRequestData``."""
    if parse_instant(value, where=where) <= datetime.now(UTC):
        raise BadRequestData("this lies in the past", where=where)
    return str(value)


def _either(document: Mapping[str, Any], name: str) -> Any:
    return document[name] if name in document else document.get("@" + name)


def _entity_id(given: Any, expected: str | None) -> str:
    if given is None and expected is not None:
        given = expected
    if expected is not None and given != expected:
        raise BadRequestData(f"the id in the body is not {expected}", where="id")
    return check_uri(given, "id")


def check_uri(value: Any, where: str) -> str:
    """``value`` if it is a URI. Raises ``BadRequestData``."""
    if isinstance(value, str) and len(value) <= 2048 and _URI.fullmatch(value):
        return value
    raise BadRequestData(
        "this must be a URI", where=where, hint="for example urn:ngsi-ld:RoadSegment:trento:12"
    )


def check_entity_id(value: Any, *, where: str = "id") -> str:
    """``value`` if it is a URI. Raises ``BadRequestData``."""
    return check_uri(value, where)


def _names(value: Any, where: str) -> Sequence[str]:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise BadRequestData("this must be a name or a list of names", where=where)
    return names


def parse_scope(value: Any) -> tuple[str, ...]:
    """The scopes that a member ``scope`` names (clause 4.18). Raises ``BadRequestData``."""
    if value is None:
        return ()
    scopes = _names(value, "scope")
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise BadRequestData(
                "a scope is a path of names", where="scope", hint="for example /Trento/Gardolo"
            )
    return tuple(dict.fromkeys(scope if scope.startswith("/") else "/" + scope for scope in scopes))
