"""The requests to the other broker: a page of entities, and the subscription to their changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Origin
from sympolis.plugins.connectors.ngsi_ld.settings import NgsiLdSettings
from sympolis.plugins.listening import Address, Answered, Call, Calls
from sympolis.plugins.pages import below, with_query

_API: Final = "ngsi-ld/v1"
_CONTEXT_RELATION: Final = "http://www.w3.org/ns/json-ld#context"


def as_asked(origin: Origin, settings: NgsiLdSettings, start: int) -> str:
    """The address of a page."""
    conditions = [f"({settings.q})"] if settings.q and origin.bookmark else [settings.q]
    if settings.incremental and origin.bookmark:
        conditions.append(f"modifiedAt>={origin.bookmark}")
    return with_query(
        below(str(origin.url), f"{_API}/entities"),
        type=settings.type,
        q=";".join(filter(None, conditions)) or None,
        pick=",".join(("id", "type", *settings.pick)) if settings.pick else None,
        options="sysAttrs",
        limit=settings.page_rows,
        offset=start or None,
    )


def headers(origin: Origin, settings: NgsiLdSettings) -> dict[str, str]:
    """In whose words, for whom, by what right."""
    found = {"Accept": "application/json"}
    if settings.context:
        found["Link"] = f'<{settings.context}>; rel="{_CONTEXT_RELATION}"; type="application/ld+json"'
    if settings.tenant:
        found["NGSILD-Tenant"] = settings.tenant
    if settings.token:
        found["Authorization"] = f"Bearer {origin.secret(settings.token)}"
    return found


def subscribing(origin: Origin, settings: NgsiLdSettings, address: Address) -> Calls:
    """Make the subscription, or point the one there is at this address. Raises ``SourceFailed``."""
    url = below(str(origin.url), f"{_API}/subscriptions")
    wanted = _subscription(settings, address)
    given = {**headers(origin, settings), "Content-Type": "application/json"}
    answer = yield Call("POST", url, given, msgspec.json.encode(wanted))
    if answer.status == 409:
        url = f"{url}/{quote(wanted.pop('id'), safe=':')}"
        wanted.pop("type")
        answer = yield Call("PATCH", url, given, msgspec.json.encode(wanted))
    if answer.status not in (201, 204):
        hint = "check settings.type, q, context and token"
        raise errors.SourceFailed(
            f"the broker refuses the subscription ({answer.status}): {_told(answer)}", where=url, hint=hint
        )


def _subscription(settings: NgsiLdSettings, address: Address) -> dict[str, Any]:
    """Its id stands for the address, so that asking again finds it."""
    mark = hashlib.sha256(address.url.encode()).hexdigest()[:24]
    endpoint = {
        "uri": address.url,
        "accept": "application/json",
        "receiverInfo": [{"key": address.header, "value": address.token}],
    }
    notification: dict[str, Any] = {"format": "normalized", "endpoint": endpoint, "sysAttrs": True}
    if settings.pick:
        notification["attributes"] = list(settings.pick)
    found: dict[str, Any] = {
        "id": f"urn:ngsi-ld:Subscription:sympolis-{mark}",
        "type": "Subscription",
        "entities": [{"type": settings.type}],
        "notification": notification,
    }
    return {**found, "q": settings.q} if settings.q else found


def _told(answer: Answered) -> str:
    """The broker's own words (RFC 7807)."""
    try:
        document = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if not isinstance(document, Mapping):
        return ""
    return str(document.get("detail") or document.get("title") or "")[:300]
