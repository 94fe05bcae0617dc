"""From a CSourceRegistration document to a ``Registration`` (clauses 5.2.8-5.2.11, 5.2.34, 4.3.6.6, 5.9.2, 5.9.3).

Every error is a ``BadRequestData`` that names the member. Members that the standard does not know are properties of the
context source, by which clients may filter (``csf``); what is read-only is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sympolis.context import qlanguage
from sympolis.context.core_context import NGSI_LD
from sympolis.context.geojson import check_geometry
from sympolis.context.instants import parse_instant
from sympolis.context.parsing import check_uri, parse_scope
from sympolis.context.periods import parse_duration
from sympolis.context.registrations import operations
from sympolis.context.registrations.registration import (
    EntityInfo,
    Information,
    Interval,
    Management,
    Mode,
    Registration,
)
from sympolis.context.terms import Terms
from sympolis.domain.entity import NULL
from sympolis.domain.errors import BadRequestData

_T = TypeVar("_T")

TYPE = "ContextSourceRegistration"
READ_ONLY = frozenset(
    {"createdAt", "modifiedAt", "status", "timesSent", "timesFailed", "lastSuccess", "lastFailure"}
)
SPACES = ("location", "observationSpace", "operationSpace")
MEMBERS = frozenset(
    {"id", "type", "registrationName", "description", "information", "tenant", "observationInterval"}
    | {"managementInterval", *SPACES, "expiresAt", "endpoint", "contextSourceInfo", "scope", "mode"}
    | {"operations", "refreshRate", "management", "datasetId", "contextSourceAlias"}
)
"""What the standard defines; anything else is a property of the source."""
_MANDATORY = ("type", "endpoint", "information")
_NAMES = ("propertyNames", "relationshipNames")
_MEDIA = ("application/json", "application/ld+json")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_ALIAS = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~:/?=\[\]@-]{1,512}")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_VERSION = re.compile(r"1\.\d{1,2}")
_MOST = 1000
_LONGEST_MS = 10 * 366 * 86_400_000
_MONTH_S = 30 * 86_400


def parse(document: Mapping[str, Any], terms: Terms, *, registration_id: str, now: datetime) -> Registration:
    """A new registration (clause 5.9.2)."""
    return build(_expanded(document, terms), registration_id=registration_id, created_at=now, now=now)


def change(
    present: Registration, fragment: Mapping[str, Any], terms: Terms, *, now: datetime
) -> Registration:
    """The registration with the fragment's members in place of its own; null takes one away (clause 5.9.3)."""
    if fragment.get("id", present.id) != present.id:
        raise BadRequestData("the id of a registration cannot change", where="id")
    gone = {name for name, value in fragment.items() if value is None or value == NULL}
    for name in gone & set(_MANDATORY):
        raise BadRequestData("this member cannot be taken away", where=name)
    given = _expanded({name: value for name, value in fragment.items() if name not in gone}, terms)
    left_out = {name if name in MEMBERS else terms.expand(name) for name in gone}
    kept = {name: value for name, value in present.document.items() if name not in left_out}
    return build(
        {**kept, **given},
        registration_id=present.id,
        created_at=present.created_at,
        modified_at=now,
        now=now if "expiresAt" in given else None,
    )


def build(
    document: Mapping[str, Any],
    *,
    registration_id: str,
    created_at: datetime,
    modified_at: datetime | None = None,
    now: datetime | None = None,
) -> Registration:
    """The registration that an expanded document describes. With ``now``, an ``expiresAt`` before it is refused."""
    if document.get("type") != TYPE:
        raise BadRequestData(f'expected "type": "{TYPE}"', where="type")
    management = _optional(document, "management", _management) or Management()
    found = Registration(
        id=registration_id,
        document=document,
        endpoint=_endpoint(document.get("endpoint")),
        information=_information(document.get("information")),
        created_at=created_at,
        modified_at=modified_at or created_at,
        mode=_optional(document, "mode", _mode) or Mode.INCLUSIVE,
        operations=_optional(document, "operations", _operations) or operations.DEFAULT,
        source_info=_optional(document, "contextSourceInfo", _source_info) or (),
        tenant=_optional(document, "tenant", _tenant) or "",
        alias=_optional(document, "contextSourceAlias", _alias),
        datasets=frozenset(_optional(document, "datasetId", _datasets) or ()),
        scopes=_optional(document, "scope", lambda value, _: parse_scope(value)) or (),
        spaces={
            NGSI_LD + name: check_geometry(document[name], where=name) for name in SPACES if name in document
        },
        observation=_optional(document, "observationInterval", _interval),
        management_interval=_optional(document, "managementInterval", _interval),
        expires_at=_optional(document, "expiresAt", lambda text, where: parse_instant(text, where=where)),
        management=management,
        refresh_s=_optional(document, "refreshRate", _duration),
    )
    _check_whole(found, now)
    return found


def _optional(document: Mapping[str, Any], name: str, read: Callable[[Any, str], _T]) -> _T | None:
    return read(document[name], name) if name in document else None


# --- the rules between members


def _check_whole(found: Registration, now: datetime | None) -> None:
    for name in ("registrationName", "description"):
        _optional(found.document, name, _text)
    if now is not None and found.expires_at is not None and found.expires_at <= now:
        raise BadRequestData("expiresAt lies in the past", where="expiresAt")
    if found.mode is Mode.EXCLUSIVE:
        _check_exclusive(found)
    if found.mode is Mode.AUXILIARY and set(found.document.get("operations", ())) - operations.AUXILIARY:
        raise BadRequestData(
            "an auxiliary source can only be read",
            where="operations",
            hint="one of " + ", ".join(sorted(operations.AUXILIARY)),
        )


def _check_exclusive(found: Registration) -> None:
    """Clause 4.3.6.3: an exclusive registration is about named attributes of named entities."""
    for one in found.information:
        if not one.names:
            raise BadRequestData("an exclusive registration names attributes", where="information")
        if not one.entities or any(entity.id is None for entity in one.entities):
            raise BadRequestData(
                "an exclusive registration names entities by id", where="information.entities"
            )


# --- from short names to expanded ones


def _expanded(document: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """The document with types and attribute names as IRIs and nothing read-only; checks what it must look into."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name in READ_ONLY or name == "id":
            continue
        found[name if name in MEMBERS else terms.expand(name)] = value
    if "information" in found:
        listed = _listed(found["information"], "information")
        found["information"] = [_expanded_information(one, terms) for one in listed]
    return found


def _expanded_information(value: Any, terms: Terms) -> dict[str, Any]:
    given = _object(value, "information", frozenset({"entities", *_NAMES}))
    found = dict(given)
    if "entities" in found:
        listed = _listed(found["entities"], "information.entities")
        found["entities"] = [_expanded_entity(one, terms) for one in listed]
    for name in _NAMES:
        if name in found:
            found[name] = [terms.expand(one) for one in _texts(found[name], f"information.{name}")]
    return found


def _expanded_entity(value: Any, terms: Terms) -> dict[str, Any]:
    where = "information.entities"
    given = _object(value, where, frozenset({"type", "id", "idPattern"}))
    if "type" not in given:
        return dict(given)
    types = given["type"]
    if isinstance(types, list):
        return {**given, "type": [terms.expand(one) for one in _texts(types, f"{where}.type")]}
    return {**given, "type": terms.expand(_text(types, f"{where}.type"))}


# --- members


def _information(value: Any) -> tuple[Information, ...]:
    return tuple(_one_information(one) for one in _listed(value, "information"))


def _one_information(value: Any) -> Information:
    parts = _object(value, "information", frozenset({"entities", *_NAMES}))
    if not parts:
        raise BadRequestData("entities, propertyNames or relationshipNames are needed", where="information")
    names = [one for name in _NAMES for one in parts.get(name, ())]
    return Information(tuple(_entity_info(one) for one in parts.get("entities", ())), frozenset(names))


def _entity_info(value: Mapping[str, Any]) -> EntityInfo:
    where = "information.entities"
    if not value:
        raise BadRequestData("a type, an id or an idPattern is needed", where=where)
    types = value.get("type", ())
    pattern = value.get("idPattern")
    if pattern is not None:
        qlanguage.check_pattern(_text(pattern, f"{where}.idPattern"), where=f"{where}.idPattern")
    return EntityInfo(
        types=tuple(types) if isinstance(types, list | tuple) else (types,),
        id=check_uri(value["id"], f"{where}.id") if "id" in value else None,
        id_pattern=pattern,
    )


def _endpoint(value: Any) -> str:
    text = _text(value, "endpoint")
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or re.search(r"[\s\x00-\x1f\x7f<>\"]", text) or len(text) > 2048:
        raise BadRequestData("expected an http(s) URI with a host", where="endpoint")
    if parts.query or parts.fragment:
        raise BadRequestData("an endpoint has neither query nor fragment", where="endpoint")
    return text


def _mode(value: Any, where: str) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise BadRequestData("unknown mode", where=where, hint="one of " + ", ".join(Mode)) from None


def _operations(value: Any, where: str) -> frozenset[str]:
    names = _texts(value, where)
    for name in names:
        if not operations.is_known(name):
            raise BadRequestData(f"unknown operation {name!r}", where=where, hint="see clause 4.20")
    return operations.resolved(names)


def _source_info(value: Any, where: str) -> tuple[tuple[str, str], ...]:
    found = []
    for one in _listed(value, where, empty=True):
        pair = _object(one, where, frozenset({"key", "value"}))
        key, text = _text(pair.get("key"), f"{where}.key"), _text(pair.get("value"), f"{where}.value")
        if not _TOKEN.fullmatch(key) or not text.isprintable() or not text.isascii():
            raise BadRequestData("this cannot be sent as a header", where=where)
        _check_meaning(key, text, where)
        found.append((key, text))
    return tuple(found)


def _check_meaning(key: str, text: str, where: str) -> None:
    """Clause 4.3.6.6: some keys mean something to the broker."""
    if key.lower() in ("accept", "contenttype") and text not in _MEDIA:
        raise BadRequestData(f"unknown media type for {key}", where=where, hint=", ".join(_MEDIA))
    if key == "jsonldContext":
        check_uri(text, f"{where}.jsonldContext")
    if key == "ngsildConformance" and not _VERSION.fullmatch(text):
        raise BadRequestData("expected a version like 1.8", where=f"{where}.ngsildConformance")


def _tenant(value: Any, where: str) -> str:
    text = _text(value, where)
    if not _TENANT.fullmatch(text):
        raise BadRequestData("this cannot be the name of a tenant", where=where)
    return text


def _alias(value: Any, where: str) -> str:
    text = _text(value, where)
    if not _ALIAS.fullmatch(text):
        raise BadRequestData("this cannot stand in a Via header (RFC 7230)", where=where)
    return text


def _datasets(value: Any, where: str) -> list[str]:
    texts = [value] if isinstance(value, str) else _texts(value, where)
    return [text if text == "@none" else check_uri(text, where) for text in texts]


def _interval(value: Any, where: str) -> Interval:
    parts = _object(value, where, frozenset({"startAt", "endAt"}))
    start = parse_instant(parts.get("startAt"), where=f"{where}.startAt")
    end = _optional(parts, "endAt", lambda text, _: parse_instant(text, where=f"{where}.endAt"))
    if end is not None and end < start:
        raise BadRequestData("the end lies before the start", where=f"{where}.endAt")
    return Interval(start, end)


def _management(value: Any, where: str) -> Management:
    parts = _object(value, where, frozenset({"localOnly", "timeout", "cooldown", "cacheDuration"}))
    if not isinstance(parts.get("localOnly", False), bool):
        raise BadRequestData("expected true or false", where=f"{where}.localOnly")
    timeout = _optional(parts, "timeout", lambda one, _: _milliseconds(one, f"{where}.timeout"))
    cooldown = _optional(parts, "cooldown", lambda one, _: _milliseconds(one, f"{where}.cooldown"))
    cache = _optional(parts, "cacheDuration", lambda one, _: _duration(one, f"{where}.cacheDuration"))
    return Management(parts.get("localOnly", False), timeout, cooldown, cache)


def _milliseconds(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LONGEST_MS:
        raise BadRequestData("expected a number of milliseconds above 0", where=where)
    return value / 1000


def _duration(value: Any, where: str) -> float:
    found = parse_duration(_text(value, where), where=where)
    return float(found.months * _MONTH_S + found.seconds)


# --- plain values


def _object(value: Any, where: str, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadRequestData("expected an object", where=where)
    if unknown := value.keys() - known:
        raise BadRequestData("unknown member", where=f"{where}.{min(unknown)}")
    return value


def _listed(value: Any, where: str, *, empty: bool = False) -> list[Any]:
    if not isinstance(value, list) or not (value or empty) or len(value) > _MOST:
        raise BadRequestData(f"expected an array of 1 to {_MOST}", where=where)
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadRequestData("expected a text", where=where)
    return value


def _texts(value: Any, where: str) -> list[str]:
    return [_text(one, where) for one in _listed(value, where)]
