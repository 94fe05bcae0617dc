"""What whoever subscribed to context sources is told: a ContextSourceNotification (clauses 5.3.2, 5.3.3 and 6.3.8)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import uuid4

import msgspec

from sympolis.context.core_context import CORE_URL
from sympolis.context.instants import format_instant
from sympolis.context.registrations.wanting import SourceSubscription
from sympolis.context.subscriptions.lanes import Parcel
from sympolis.context.subscriptions.notice import CONTEXT_RELATION, JSON, LD_JSON, Notice
from sympolis.context.terms import Terms


class Reason(StrEnum):
    """Why registrations are told of (clause 5.3.3)."""

    NEWLY_MATCHING = "newlyMatching"
    UPDATED = "updated"
    NO_LONGER_MATCHING = "noLongerMatching"


def notice_of(found: SourceSubscription, terms: Terms, parcel: Parcel, now: datetime) -> Notice:
    """The notification of what a parcel holds, by the subscription's terms."""
    subscription = found.subscription
    told = msgspec.json.decode(parcel.elements[0])
    body = {
        "id": f"urn:ngsi-ld:ContextSourceNotification:{uuid4()}",
        "type": "ContextSourceNotification",
        "subscriptionId": found.id,
        "notifiedAt": format_instant(now),
        **told,
    }
    headers = [*subscription.endpoint.receiver_info]
    if parcel.tenant:
        headers.append(("NGSILD-Tenant", parcel.tenant))
    media = LD_JSON if subscription.endpoint.accept == LD_JSON else JSON
    if media == LD_JSON:
        body["@context"] = terms.document
    else:
        own = [url for url in terms.links if url != CORE_URL]
        link = own[0] if own else CORE_URL
        headers.append(("Link", f'<{link}>; rel="{CONTEXT_RELATION}"; type="{LD_JSON}"'))
    return Notice(subscription.endpoint, media, tuple(headers), msgspec.json.encode(body))
