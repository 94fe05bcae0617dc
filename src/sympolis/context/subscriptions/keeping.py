"""A subscription as it is kept, and back."""

from __future__ import annotations

from sympolis.context.subscriptions import parsing
from sympolis.context.subscriptions.books import KeptSubscription
from sympolis.context.subscriptions.subscription import Subscription


def kept_form(found: Subscription) -> KeptSubscription:
    """What the books keep of it; how it has fared is kept apart."""
    return KeptSubscription(
        found.id,
        found.document,
        found.names,
        found.context,
        found.created_at,
        found.modified_at,
        found.since,
    )


def built(kept: KeptSubscription) -> Subscription:
    """The subscription that was kept."""
    return parsing.build(
        id=kept.id,
        document=kept.document,
        names=kept.names,
        context=kept.context,
        created_at=kept.created_at,
        modified_at=kept.modified_at,
        since=kept.since,
    )
