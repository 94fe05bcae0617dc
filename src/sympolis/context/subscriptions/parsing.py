"""From a Subscription document to a ``Subscription`` (clauses 5.2.12-5.2.15, 5.2.33, 5.8.1, 5.8.2).

Every error is a ``BadRequestData`` that names the member. Members that no one knows are refused: they are mostly
misspelt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import unquote

from sympolis.context import geoquery, projection, qlanguage, scopes, typelanguage
from sympolis.context.conformance import NEWEST, OLDEST, Edition
from sympolis.context.instants import parse_instant
from sympolis.context.linked import Join
from sympolis.context.parsing import check_entity_id
from sympolis.context.projection import MEMBERS, Projection
from sympolis.context.query import AllOf, AnyOf, Selector, TypeIs
from sympolis.context.rendering import Form
from sympolis.context.subscriptions.endpoints import read_endpoint
from sympolis.context.subscriptions.members import flag, listed, object_of, seconds, text_of, texts_of
from sympolis.context.subscriptions.names import KnownNames, RecordingTerms
from sympolis.context.subscriptions.subscription import (
    DEFAULT_TRIGGERS,
    NotificationShape,
    Subscription,
    Trigger,
)
from sympolis.context.terms import Terms
from sympolis.domain.entity import NULL
from sympolis.domain.errors import BadRequestData

_T = TypeVar("_T")

READ_ONLY = frozenset({"status", "createdAt", "modifiedAt"})
_MEMBERS = frozenset(
    {"id", "type", "subscriptionName", "description", "entities", "watchedAttributes", "notificationTrigger"}
    | {"timeInterval", "q", "geoQ", "scopeQ", "csf", "isActive", "notification", "expiresAt", "throttling"}
    | {"lang", "datasetId", "jsonldContext", "localOnly", "splitEntities"}
    | {"expandValues", "jsonKeys", "ngsildConformance"}
)
_COUNTERS = frozenset(
    {"timesSent", "timesFailed", "lastNotification", "lastSuccess", "lastFailure", "status"}
)
_NOTIFICATION = frozenset(
    {"attributes", "pick", "omit", "format", "sysAttrs", "showChanges", "endpoint", "join", "joinLevel"}
)
_FORMS = {
    "normalized": Form.NORMALIZED,
    "concise": Form.CONCISE,
    "simplified": Form.KEY_VALUES,
    "keyValues": Form.KEY_VALUES,
}


_JOINS = ("@none", "inline", "flat")
_MOST_LEVELS = 64
_EDITION = re.compile(r"(\d)\.(\d{1,2})(?:\.\d{1,2})?")


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
        _query(expanded, recording)
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
    kept = {name: value for name, value in present.document.items() if name not in fragment}
    document = {**kept, **_expanded(given, terms)}
    if "q" in given:
        _query(document, recording)
    return build(
        id=present.id,
        document=document,
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
    notification = object_of(document.get("notification"), "notification", _NOTIFICATION)
    found = Subscription(
        id=id,
        document=document,
        names=names,
        context=context,
        endpoint=read_endpoint(notification.get("endpoint")),
        created_at=created_at,
        modified_at=modified_at,
        since=since,
        selectors=_selectors(document, terms),
        watched=frozenset(document.get("watchedAttributes", ())),
        triggers=_triggers(document),
        q=_query(document, terms) if "q" in document else None,
        geo=_optional(document, "geoQ", lambda value, where: _geo(value, where, terms)),
        scope=_optional(document, "scopeQ", lambda text, where: scopes.parse(text_of(text, where))),
        datasets=frozenset(_optional(document, "datasetId", texts_of) or ()),
        shape=replace(_shape(notification), lang=_optional(document, "lang", text_of)),
        interval_s=_optional(document, "timeInterval", seconds),
        throttling_s=_optional(document, "throttling", seconds) or 0.0,
        active=flag(document, "isActive", default=True),
        edition=_optional(document, "ngsildConformance", _edition),
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
    if not found.selectors and not found.watched and not flag(document, "localOnly"):
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
        _optional(document, name, text_of)
    flag(document, "splitEntities")
    if not isinstance(document.get("jsonldContext", ""), str):
        raise BadRequestData("expected the URL of a @context", where="jsonldContext")


# --- from short names to expanded ones


def _expanded(document: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """The document with types and attribute names as IRIs and nothing read-only; checks what it must look into."""
    found = {name: value for name, value in document.items() if name not in READ_ONLY and name != "id"}
    if "entities" in found:
        found["entities"] = [_expanded_selector(one, terms) for one in listed(found["entities"], "entities")]
    if "watchedAttributes" in found:
        names = texts_of(found["watchedAttributes"], "watchedAttributes", array=True)
        found["watchedAttributes"] = [terms.expand(name) for name in names]
    for name in ("expandValues", "jsonKeys"):
        if name in found:
            found[name] = [terms.expand(one) for one in texts_of(found[name], name)]
    if "notification" in found:
        found["notification"] = _expanded_notification(found["notification"], terms)
    if isinstance(found.get("geoQ"), Mapping) and "geoproperty" in found["geoQ"]:
        name = text_of(found["geoQ"]["geoproperty"], "geoQ.geoproperty")
        found["geoQ"] = {**found["geoQ"], "geoproperty": terms.expand(name)}
    return found


def _expanded_selector(value: Any, terms: Terms) -> dict[str, Any]:
    selector = object_of(value, "entities", frozenset({"id", "type", "idPattern"}))
    if "type" not in selector:
        raise BadRequestData("a selector needs a type", where="entities.type")
    kind = text_of(selector["type"], "entities.type")
    return {**selector, "type": type_text(typelanguage.parse(kind, terms), str)}


def _expanded_notification(value: Any, terms: Terms) -> dict[str, Any]:
    given = object_of(value, "notification", _NOTIFICATION | _COUNTERS)
    found = {name: part for name, part in given.items() if name not in _COUNTERS}
    if "attributes" in found:
        names = texts_of(found["attributes"], "notification.attributes", array=True)
        found["attributes"] = [one if one in MEMBERS else terms.expand(one) for one in names]
    for name in ("pick", "omit"):
        if name in found:
            names = texts_of(found[name], f"notification.{name}", array=True)
            found[name] = [_expanded_names(one, f"notification.{name}", terms) for one in names]
    return found


def _expanded_names(text: str, where: str, terms: Terms) -> str:
    return projection.written(projection.renamed(projection.parse(text, where), terms.expand))


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
        qlanguage.check_pattern(text_of(pattern, "entities.idPattern"), where="entities.idPattern")
    ids = texts_of(value["id"], "entities.id") if "id" in value else []
    return Selector(
        types=typelanguage.parse(value["type"], terms),
        ids=tuple(check_entity_id(one, where="entities.id") for one in ids),
        id_pattern=pattern,
    )


def _query(document: Mapping[str, Any], terms: Terms) -> Any:
    """``q`` is written as it would stand in a URL, so it may be percent-encoded."""
    expanding = texts_of(document["expandValues"], "expandValues") if "expandValues" in document else []
    return qlanguage.parse(unquote(text_of(document["q"], "q")), terms, expanding=expanding)


def _triggers(document: Mapping[str, Any]) -> frozenset[Trigger]:
    if "notificationTrigger" not in document:
        return frozenset(DEFAULT_TRIGGERS)
    names = texts_of(document["notificationTrigger"], "notificationTrigger", array=True)
    for name in names:
        if name not in set(Trigger):
            raise BadRequestData(
                f"unknown trigger {name!r}", where="notificationTrigger", hint="any of " + ", ".join(Trigger)
            )
    return frozenset(Trigger(name) for name in names)


def _geo(value: Any, where: str, terms: Terms) -> Any:
    parts = object_of(value, where, frozenset({"georel", "geometry", "coordinates", "geoproperty"}))
    for name in ("georel", "geometry"):
        _optional(parts, name, text_of)
    found = geoquery.parse(
        parts.get("georel"), parts.get("geometry"), parts.get("coordinates"), parts.get("geoproperty"), terms
    )
    if found is None:
        raise BadRequestData("a geo-query needs georel, geometry and coordinates", where=where)
    return found


def _shape(notification: Mapping[str, Any]) -> NotificationShape:
    form = notification.get("format", "normalized")
    if not isinstance(form, str) or form not in _FORMS:
        raise BadRequestData(
            "unknown format", where="notification.format", hint="one of " + ", ".join(_FORMS)
        )
    changes = flag(notification, "showChanges")
    if changes and _FORMS[form] is Form.KEY_VALUES:
        raise BadRequestData("showChanges needs another format", where="notification.showChanges")
    shown = _projection(notification)
    return NotificationShape(
        _FORMS[form], flag(notification, "sysAttrs"), changes, shown, join=_join(notification)
    )


def _projection(notification: Mapping[str, Any]) -> Projection:
    attributes, pick, omit = (notification.get(name, ()) for name in ("attributes", "pick", "omit"))
    if attributes and (pick or omit):
        raise BadRequestData("attributes excludes pick and omit", where="notification.attributes")
    if attributes:
        return Projection(MEMBERS | frozenset(attributes))
    if any(one in pick for one in omit):
        raise BadRequestData("a name is both picked and omitted", where="notification.pick")
    return projection.project(_names(pick), _names(omit), KnownNames({}))


def _names(texts: Sequence[str]) -> projection.Names:
    return projection.parse(",".join(texts), "notification", expanded=True) if texts else {}


def _join(notification: Mapping[str, Any]) -> Join | None:
    """Clause 5.2.14: linked entities in notifications."""
    way = notification.get("join", "@none")
    if way not in _JOINS:
        raise BadRequestData("unknown", where="notification.join", hint="one of " + ", ".join(_JOINS))
    level = notification.get("joinLevel", 1)
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= _MOST_LEVELS:
        raise BadRequestData(f"expected a number from 1 to {_MOST_LEVELS}", where="notification.joinLevel")
    if "joinLevel" in notification and way == "@none":
        raise BadRequestData("joinLevel needs join", where="notification.joinLevel")
    return None if way == "@none" else Join(way == "inline", level)


def _edition(value: Any, where: str) -> Edition:
    """Clause 4.3.6.8: the edition of the standard that the receiver knows."""
    found = _EDITION.fullmatch(text_of(value, where))
    edition = (int(found[1]), int(found[2])) if found else None
    if edition is None or not OLDEST <= edition <= NEWEST:
        raise BadRequestData("this edition of NGSI-LD is not known", where=where, hint="for example 1.8")
    return edition
