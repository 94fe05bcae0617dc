"""Whether a change is one that a subscription waits for (clause 5.8.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sympolis.context.across import has_links
from sympolis.context.evaluate import matcher
from sympolis.context.merge import same_content
from sympolis.context.query import Query
from sympolis.context.subscriptions.index import SubscriptionIndex
from sympolis.context.subscriptions.subscription import Status, Subscription, Trigger
from sympolis.domain.changes import Change, ChangeKind
from sympolis.domain.entity import Attribute, Entity

EntityTest = Callable[[Entity], bool]

_ENTITY_TRIGGER = {
    ChangeKind.CREATED: Trigger.ENTITY_CREATED,
    ChangeKind.UPDATED: Trigger.ENTITY_UPDATED,
    ChangeKind.DELETED: Trigger.ENTITY_DELETED,
}


class Matcher:
    """Tells for each change whom it concerns. Keeps the compiled tests of the subscriptions in the index."""

    def __init__(self, index: SubscriptionIndex) -> None:
        self._index = index
        self._tests: dict[str, tuple[Subscription, EntityTest]] = {}

    def matches(self, change: Change, now: datetime) -> list[Subscription]:
        """The subscriptions that want this change, which must carry its states."""
        return [one for one in self._index.candidates(change) if self.wants(one, change, now)]

    def wants(self, subscription: Subscription, change: Change, now: datetime) -> bool:
        """Whether one subscription wants the change: time, trigger and filters, the last ones on the state after it."""
        state = change.after if change.after is not None else change.before
        if state is None or change.number <= subscription.since:
            return False
        if subscription.status(now) is not Status.ACTIVE or not triggered(subscription, change):
            return False
        return self._test(subscription)(state)

    def forget(self, subscription_id: str) -> None:
        """Drop the compiled test of a subscription."""
        self._tests.pop(subscription_id, None)

    def _test(self, subscription: Subscription) -> EntityTest:
        known = self._tests.get(subscription.id)
        if known is None or known[0] is not subscription:
            known = self._tests[subscription.id] = (subscription, entity_test(subscription))
        return known[1]


def entity_test(subscription: Subscription) -> EntityTest:
    """The test of selectors, ``q``, ``geoQ`` and ``scopeQ``.

    A ``q`` that leads across relationships is left out: that takes more than the entity (``across.holds``).
    """
    return matcher(replace(selection(subscription), q=None if asks_across(subscription) else subscription.q))


def selection(subscription: Subscription) -> Query:
    """The query for all entities that the subscription is about."""
    return Query(
        selectors=subscription.selectors,
        q=subscription.q,
        geo=subscription.geo,
        scopes=subscription.scope,
    )


def asks_across(subscription: Subscription) -> bool:
    """Whether its ``q`` leads across relationships."""
    return has_links(subscription.q)


def triggered(subscription: Subscription, change: Change) -> bool:
    """Whether what happened is among the triggers, as far as it happened to watched attributes."""
    wanted = subscription.triggers
    watched = subscription.watched
    names = [name for name in change.attributes if not watched or name in watched]
    if watched and not names:
        return False
    if _ENTITY_TRIGGER[change.kind] in wanted:
        return True
    if change.kind is ChangeKind.DELETED:  # its attributes go with it
        return Trigger.ATTRIBUTE_DELETED in wanted and bool(names)
    return any(trigger in wanted for name in names for trigger in attribute_triggers(change, name))


def attribute_triggers(change: Change, name: str) -> Iterator[Trigger]:
    """What happened to one attribute: each of its instances may be new, changed or gone."""
    before = _by_dataset(change.before, name)
    after = _by_dataset(change.after, name)
    for dataset, instance in after.items():
        known = before.get(dataset)
        if known is None:
            yield Trigger.ATTRIBUTE_CREATED
        elif known is not instance and not same_content(known, instance):
            yield Trigger.ATTRIBUTE_UPDATED
    if before.keys() - after.keys():
        yield Trigger.ATTRIBUTE_DELETED


def _by_dataset(state: Entity | None, name: str) -> dict[str | None, Attribute]:
    instances: Sequence[Attribute] = state.attributes.get(name, ()) if state is not None else ()
    return {instance.dataset_id: instance for instance in instances}
