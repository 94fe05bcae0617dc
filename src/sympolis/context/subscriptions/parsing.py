"""From a Subscription document to a ``Subscription`` (clauses 5.2.12-5.2.15, 5.2.33, 5.8.1, 5.8.2).

Every error is a ``BadRequestData`` that names the member. Members of the standard that are understood but not done
are refused with ``NotImplementedHere``; members that no one knows are refused, too: they are mostly misspelt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from sympolis.context import geoquery, qlanguage, scopes, typelanguage
from sympolis.context.instants import parse_instant
from sympolis.context.parsing import check_entity_id
from sympolis.context.query import AllOf, AnyOf, TypeIs
from sympolis.context.rendering import Form
from sympolis.context.subscriptions.names import KnownNames, RecordingTerms
from sympolis.context.subscriptions.subscription import (
    DEFAULT_TRIGGERS,
    Endpoint,
    NotificationShape,
    Selector,
    Subscription,
    Trigger,
)
from sympolis.context.terms import Terms
from sympolis.domain.entity import NULL
from sympolis.domain.errors import BadRequestData, NotImplementedHere

_T = TypeVar("_T")

READ_ONLY = frozenset({"status", "createdAt", "modifiedAt"})
_MEMBERS = frozenset(
    {"id", "type", "subscriptionName", "description", "entities", "watchedAttributes", "notificationTrigger"}
    | {"timeInterval", "q", "geoQ", "scopeQ", "csf", "isActive", "notification", "expiresAt", "throttling"}
    | {"lang", "datasetId", "jsonldContext", "localOnly", "splitEntities"}
)
_LATER = frozenset({"expandValues", "jsonKeys", "ngsildConformance", "containedBy"})
_COUNTERS = frozenset(
    {"timesSent", "timesFailed", "lastNotification", "lastSuccess", "lastFailure", "status"}
)
_NOTIFICATION = frozenset(
    {"attributes", "pick", "omit", "format", "sysAttrs", "showChanges", "endpoint", "join", "joinLevel"}
)
_ENDPOINT = frozenset({"uri", "accept", "receiverInfo", "notifierInfo", "timeout", "cooldown"})
_FORMS = {
    "normalized": Form.NORMALIZED,
    "concise": Form.CONCISE,
    "simplified": Form.KEY_VALUES,
    "keyValues": Form.KEY_VALUES,
}
ACCEPTED = ("application/json", "application/ld+json", "application/geo+json")
SCHEMES = ("http", "https", "mqtt", "mqtts")
_MQTT = {"MQTT-Version": ("mqtt3.1.1", "mqtt5.0"), "MQTT-QoS": ("0", "1", "2")}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_OWN_HEADERS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "te", "upgrade", "trailer"}
)
_MEMBER_NAMES = frozenset({"id", "type", "scope"})
_LONGEST_S = 10 * 366 * 86_400
_MOST = 1000


def parse(
    document: Mapping[str, Any],
    terms: Terms,
    *,
    subscription_id: str,
    context: Any,
    now: datetime,
    since: int = 0,
) -> Subscription:
    """A new subscription. ``terms`` are those of the document, ``context`` what its @context was."""
    _check_head(document)
    recording = RecordingTerms(terms)
    expanded = _expanded(document, terms)
    if "q" in expanded:
        _query(expanded["q"], "q", recording)
    return build(
        id=subscription_id,
        document=expanded,
        names=recording.names,
        context=document.get("jsonldContext", context),
        created_at=now,
        modified_at=now,
        since=since,
        now=now,
    )


def change(
    present: Subscription, fragment: Mapping[str, Any], terms: Terms, *, now: datetime
) -> Subscription:
    """The subscription with the members of ``fragment`` in place of its own; null takes one away (clause 5.8.2)."""
    _check_fragment(present, fragment)
    given = {name: value for name, value in fragment.items() if value is not None and value != NULL}
    recording = RecordingTerms(terms)
    if "q" in given:
        _query(given["q"], "q", recording)
    kept = {name: value for name, value in present.document.items() if name not in fragment}
    return build(
        id=present.id,
        document={**kept, **_expanded(given, terms)},
        names=recording.names if "q" in fragment else present.names,
        context=given.get("jsonldContext", present.context),
        created_at=present.created_at,
        modified_at=now,
        since=present.since,
        now=now if "expiresAt" in given else None,
    )


def build(  # noqa: PLR0913 — the columns of a kept subscription
    *,
    id: str,
    document: Mapping[str, Any],
    names: Mapping[str, str],
    context: Any,
    created_at: datetime,
    modified_at: datetime,
    since: int,
    now: datetime | None = None,
) -> Subscription:
    """The subscription that an expanded document describes. With ``now``, an ``expiresAt`` before it is refused."""
    terms = KnownNames(names)
    notification = _object(document.get("notification"), "notification", _NOTIFICATION)
    found = Subscription(
        id=id,
        document=document,
        names=names,
        context=context,
        endpoint=_endpoint(notification.get("endpoint")),
        created_at=created_at,
        modified_at=modified_at,
        since=since,
        selectors=_selectors(document, terms),
        watched=frozenset(document.get("watchedAttributes", ())),
        triggers=_triggers(document),
        q=_optional(document, "q", lambda text, where: _query(text, where, terms)),
        geo=_optional(document, "geoQ", lambda value, where: _geo(value, where, terms)),
        scope=_optional(document, "scopeQ", lambda text, where: scopes.parse(_text(text, where))),
        datasets=frozenset(_optional(document, "datasetId", _texts) or ()),
        shape=replace(_shape(notification), lang=_optional(document, "lang", _text)),
        interval_s=_optional(document, "timeInterval", _seconds),
        throttling_s=_optional(document, "throttling", _seconds) or 0.0,
        active=_flag(document, "isActive", default=True),
        expires_at=_optional(document, "expiresAt", lambda text, where: parse_instant(text, where=where)),
    )
    _check_whole(found, now)
    return found


def _optional(document: Mapping[str, Any], name: str, read: Callable[[Any, str], _T]) -> _T | None:
    return read(document[name], name) if name in document else None


# --- the rules between members


def _check_head(document: Mapping[str, Any]) -> None:
    if document.get("type") != "Subscription":
        raise BadRequestData('expected "type": "Subscription"', where="type")
    _check_members(document)


def _check_members(document: Mapping[str, Any]) -> None:
    for name in document.keys() - _MEMBERS - READ_ONLY:
        if name in _LATER:
            raise NotImplementedHere(f"the member {name} is not offered yet", where=name)
        if name == "temporalQ":
            raise BadRequestData("temporalQ is for subscriptions to context sources", where=name)
        raise BadRequestData("unknown member of a Subscription", where=name)


def _check_fragment(present: Subscription, fragment: Mapping[str, Any]) -> None:
    _check_members(fragment)
    for name in ("id", "type", "notification"):
        if name in fragment and fragment[name] in (None, NULL):
            raise BadRequestData("this member cannot be taken away", where=name)
    if fragment.get("type", "Subscription") != "Subscription":
        raise BadRequestData('expected "type": "Subscription"', where="type")
    if fragment.get("id", present.id) != present.id:
        raise BadRequestData("the id of a subscription cannot change", where="id")


def _check_whole(found: Subscription, now: datetime | None) -> None:
    document = found.document
    if not found.selectors and not found.watched and not _flag(document, "localOnly"):
        raise BadRequestData("entities or watchedAttributes are needed", where="entities")
    if found.interval_s is not None:
        for name in ("watchedAttributes", "throttling"):
            if name in document:
                raise BadRequestData(f"timeInterval and {name} exclude each other", where=name)
        if found.interval_s <= 0:
            raise BadRequestData("timeInterval must be more than 0 seconds", where="timeInterval")
    if now is not None and found.expires_at is not None and found.expires_at <= now:
        raise BadRequestData("expiresAt lies in the past", where="expiresAt")
    for name in ("subscriptionName", "description", "csf"):
        _optional(document, name, _text)
    _flag(document, "splitEntities")
    if not isinstance(document.get("jsonldContext", ""), str):
        raise BadRequestData("expected the URL of a @context", where="jsonldContext")


# --- from short names to expanded ones


def _expanded(document: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """The document with types and attribute names as IRIs and nothing read-only; checks what it must look into."""
    found = {name: value for name, value in document.items() if name not in READ_ONLY and name != "id"}
    if "entities" in found:
        found["entities"] = [_expanded_selector(one, terms) for one in _listed(found["entities"], "entities")]
    if "watchedAttributes" in found:
        names = _texts(found["watchedAttributes"], "watchedAttributes", listed=True)
        found["watchedAttributes"] = [terms.expand(name) for name in names]
    if "notification" in found:
        found["notification"] = _expanded_notification(found["notification"], terms)
    if isinstance(found.get("geoQ"), Mapping) and "geoproperty" in found["geoQ"]:
        name = _text(found["geoQ"]["geoproperty"], "geoQ.geoproperty")
        found["geoQ"] = {**found["geoQ"], "geoproperty": terms.expand(name)}
    return found


def _expanded_selector(value: Any, terms: Terms) -> dict[str, Any]:
    selector = _object(value, "entities", frozenset({"id", "type", "idPattern"}))
    if "type" not in selector:
        raise BadRequestData("a selector needs a type", where="entities.type")
    kind = _text(selector["type"], "entities.type")
    return {**selector, "type": type_text(typelanguage.parse(kind, terms), str)}


def _expanded_notification(value: Any, terms: Terms) -> dict[str, Any]:
    given = _object(value, "notification", _NOTIFICATION | _COUNTERS)
    found = {name: part for name, part in given.items() if name not in _COUNTERS}
    for name in ("attributes", "pick", "omit"):
        if name in found:
            names = _texts(found[name], f"notification.{name}", listed=True)
            found[name] = [one if one in _MEMBER_NAMES else terms.expand(one) for one in names]
    return found


def type_text(expression: AnyOf | AllOf | TypeIs | None, name: Callable[[str], str]) -> str:
    """A type expression as text, with ``name`` applied to each type."""
    if expression is None:
        return "*"
    if isinstance(expression, TypeIs):
        return name(expression.name)
    sign = ";" if isinstance(expression, AllOf) else ","
    parts = [type_text(part, name) for part in expression.parts]
    bracketed = [
        text if isinstance(part, TypeIs) else f"({text})"
        for part, text in zip(expression.parts, parts, strict=True)
    ]
    return sign.join(bracketed)


# --- members


def _selectors(document: Mapping[str, Any], terms: Terms) -> tuple[Selector, ...]:
    return tuple(_selector(one, terms) for one in document.get("entities", ()))


def _selector(value: Mapping[str, Any], terms: Terms) -> Selector:
    pattern = value.get("idPattern")
    if pattern is not None:
        qlanguage.check_pattern(_text(pattern, "entities.idPattern"), where="entities.idPattern")
    ids = _texts(value["id"], "entities.id") if "id" in value else []
    return Selector(
        types=typelanguage.parse(value["type"], terms),
        ids=tuple(check_entity_id(one, where="entities.id") for one in ids),
        id_pattern=pattern,
    )


def _query(value: Any, where: str, terms: Terms) -> Any:
    """``q`` is written as it would stand in a URL, so it may be percent-encoded."""
    return qlanguage.parse(unquote(_text(value, where)), terms)


def _triggers(document: Mapping[str, Any]) -> frozenset[Trigger]:
    if "notificationTrigger" not in document:
        return frozenset(DEFAULT_TRIGGERS)
    names = _texts(document["notificationTrigger"], "notificationTrigger", listed=True)
    for name in names:
        if name not in set(Trigger):
            raise BadRequestData(
                f"unknown trigger {name!r}", where="notificationTrigger", hint="any of " + ", ".join(Trigger)
            )
    return frozenset(Trigger(name) for name in names)


def _geo(value: Any, where: str, terms: Terms) -> Any:
    parts = _object(value, where, frozenset({"georel", "geometry", "coordinates", "geoproperty"}))
    for name in ("georel", "geometry"):
        _optional(parts, name, _text)
    found = geoquery.parse(
        parts.get("georel"), parts.get("geometry"), parts.get("coordinates"), parts.get("geoproperty"), terms
    )
    if found is None:
        raise BadRequestData("a geo-query needs georel, geometry and coordinates", where=where)
    return found


def _shape(notification: Mapping[str, Any]) -> NotificationShape:
    if notification.get("join", "@none") != "@none":
        raise NotImplementedHere("linked entities are not offered yet", where="notification.join")
    form = notification.get("format", "normalized")
    if form not in _FORMS:
        raise BadRequestData(
            "unknown format", where="notification.format", hint="one of " + ", ".join(_FORMS)
        )
    changes = _flag(notification, "showChanges")
    if changes and _FORMS[form] is Form.KEY_VALUES:
        raise BadRequestData("showChanges needs another format", where="notification.showChanges")
    pick, omit = _projection(notification)
    return NotificationShape(_FORMS[form], _flag(notification, "sysAttrs"), changes, pick, omit)


def _projection(notification: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    attributes, pick, omit = (tuple(notification.get(name, ())) for name in ("attributes", "pick", "omit"))
    if attributes and (pick or omit):
        raise BadRequestData("attributes excludes pick and omit", where="notification.attributes")
    if set(pick) & set(omit):
        raise BadRequestData("a name is both picked and omitted", where="notification.pick")
    return (("id", "type", "scope", *attributes) if attributes else pick), omit


def _endpoint(value: Any) -> Endpoint:
    where = "notification.endpoint"
    parts = _object(value, where, _ENDPOINT)
    uri = _uri(parts.get("uri"), f"{where}.uri")
    accept = parts.get("accept", ACCEPTED[0])
    if accept not in ACCEPTED:
        raise BadRequestData("unknown media type", where=f"{where}.accept", hint=", ".join(ACCEPTED))
    return Endpoint(
        uri=uri,
        accept=accept,
        receiver_info=_pairs(parts.get("receiverInfo", []), f"{where}.receiverInfo", _check_header),
        notifier_info=_pairs(parts.get("notifierInfo", []), f"{where}.notifierInfo", _check_mqtt),
        timeout_s=_seconds(parts["timeout"], f"{where}.timeout") / 1000 if "timeout" in parts else None,
        cooldown_s=_seconds(parts.get("cooldown", 0), f"{where}.cooldown") / 1000,
    )


def _uri(value: Any, where: str) -> str:
    text = _text(value, where)
    try:
        parts = urlsplit(text)
        known = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known or re.search(r"[\s\x00-\x1f\x7f]", text) or len(text) > 2048:
        raise BadRequestData("expected an http(s) or mqtt(s) URI with a host", where=where)
    if parts.scheme in ("mqtt", "mqtts"):
        _check_topic(text.split("/", 3)[-1] if parts.path else "", where)
    return text


def _check_topic(topic: str, where: str) -> None:
    if not topic or "+" in topic or "#" in topic:
        raise BadRequestData(
            "an MQTT URI needs a topic without wildcards", where=where, hint="mqtt://host[:port]/topic"
        )


def _pairs(value: Any, where: str, check: Callable[[str, str, str], None]) -> tuple[tuple[str, str], ...]:
    found = []
    for one in _listed(value, where, empty=True):
        pair = _object(one, where, frozenset({"key", "value"}))
        key, text = _text(pair.get("key"), f"{where}.key"), _text(pair.get("value"), f"{where}.value")
        check(key, text, where)
        found.append((key, text))
    return tuple(found)


def _check_header(key: str, value: str, where: str) -> None:
    if not _HEADER_NAME.fullmatch(key) or not value.isprintable() or not value.isascii():
        raise BadRequestData("this is not a header", where=where)
    if key.lower() in _OWN_HEADERS:
        raise BadRequestData(f"the header {key} is not yours to set", where=where)


def _check_mqtt(key: str, value: str, where: str) -> None:
    if key not in _MQTT:
        raise BadRequestData(f"unknown setting {key!r}", where=where, hint=", ".join(_MQTT))
    if value not in _MQTT[key]:
        raise BadRequestData(f"unknown value of {key}", where=where, hint=", ".join(_MQTT[key]))


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


def _texts(value: Any, where: str, *, listed: bool = False) -> list[str]:
    values = value if isinstance(value, list) or listed else [value]
    return [_text(one, where) for one in _listed(values, where)]


def _flag(document: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = document.get(name, default)
    if not isinstance(value, bool):
        raise BadRequestData("expected true or false", where=name)
    return value


def _seconds(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST_S:
        raise BadRequestData("expected a number that is not negative", where=where)
    return float(value)
