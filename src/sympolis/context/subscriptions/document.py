"""From a ``Subscription`` back to the document that a client reads (clauses 5.8.3, 5.8.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sympolis.context import projection, typelanguage
from sympolis.context.instants import format_instant
from sympolis.context.projection import MEMBERS
from sympolis.context.subscriptions.names import KnownNames
from sympolis.context.subscriptions.parsing import type_text
from sympolis.context.subscriptions.subscription import DEFAULT_TRIGGERS, Record, Subscription
from sympolis.context.terms import Terms


def render(
    subscription: Subscription, record: Record, terms: Terms, *, now: datetime, sys_attrs: bool = False
) -> dict[str, Any]:
    """The subscription in these terms, with its status and counters at ``now``."""
    document: dict[str, Any] = {"id": subscription.id, **subscription.document}
    if "entities" in document:
        document["entities"] = [_selector(one, terms) for one in document["entities"]]
    if "watchedAttributes" in document:
        document["watchedAttributes"] = _compacted(document["watchedAttributes"], terms)
    for name in ("expandValues", "jsonKeys"):
        if name in document:
            document[name] = _compacted(document[name], terms)
    if "geoproperty" in document.get("geoQ", {}):
        geo = document["geoQ"]
        document["geoQ"] = {**geo, "geoproperty": terms.compact(geo["geoproperty"])}
    document.setdefault("notificationTrigger", [str(trigger) for trigger in DEFAULT_TRIGGERS])
    document["notification"] = {**_notification(document["notification"], terms), **_counters(record)}
    document["status"] = subscription.status(now).value
    if sys_attrs:
        document["createdAt"] = format_instant(subscription.created_at)
        document["modifiedAt"] = format_instant(subscription.modified_at)
    return document


def _selector(selector: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    expression = typelanguage.parse(selector["type"], KnownNames({}))
    return {**selector, "type": type_text(expression, terms.compact)}


def _notification(notification: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    found = dict(notification)
    if "attributes" in found:
        found["attributes"] = _compacted(found["attributes"], terms)
    for name in ("pick", "omit"):
        if name in found:
            found[name] = [_compacted_names(one, terms) for one in found[name]]
    return found


def _compacted_names(text: str, terms: Terms) -> str:
    names = projection.parse(text, "notification", expanded=True)
    return projection.written(projection.renamed(names, terms.compact))


def _compacted(names: list[str], terms: Terms) -> list[str]:
    return [name if name in MEMBERS else terms.compact(name) for name in names]


def _counters(record: Record) -> dict[str, Any]:
    """What is known; nothing before the first attempt."""
    if record.last_notification is None:
        return {}
    found: dict[str, Any] = {
        "status": "failed" if record.failed else "ok",
        "timesSent": record.times_sent,
        "timesFailed": record.times_failed,
        "lastNotification": format_instant(record.last_notification),
    }
    for name, at in (("lastSuccess", record.last_success), ("lastFailure", record.last_failure)):
        if at is not None:
            found[name] = format_instant(at)
    return found
