"""What a subscription to context sources is about (clauses 5.11.2, 5.12).

It is a Subscription that may carry ``temporalQ``, and that is held against registrations instead of entities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sympolis.context import qlanguage, temporal
from sympolis.context.query import Selector, TimeRange
from sympolis.context.registrations.matching import Wanted
from sympolis.context.subscriptions import parsing
from sympolis.context.subscriptions.books import KeptSubscription
from sympolis.context.subscriptions.keeping import built, kept_form
from sympolis.context.subscriptions.names import KnownNames, RecordingTerms
from sympolis.context.subscriptions.subscription import Subscription
from sympolis.context.terms import Terms
from sympolis.domain.entity import NULL
from sympolis.domain.errors import BadRequestData

_TIMES = ("timerel", "timeAt", "endTimeAt", "timeproperty")


@dataclass(frozen=True, slots=True)
class SourceSubscription:
    """A subscription, and what it wants of registrations."""

    subscription: Subscription
    wanted: Wanted

    @property
    def id(self) -> str:
        """The subscription's id."""
        return self.subscription.id


def parse(
    document: Mapping[str, Any],
    terms: Terms,
    *,
    subscription_id: str,
    context: Any,
    now: datetime,
    since: int = 0,
) -> SourceSubscription:
    """A new subscription (clause 5.11.2), to changes after ``since``. Raises ``BadRequestData``."""
    range_ = document.get("temporalQ")
    found = parsing.parse(
        _plain(document), terms, subscription_id=subscription_id, context=context, now=now, since=since
    )
    return _with(found, {} if range_ is None else {"temporalQ": range_}, terms)


def change(
    present: SourceSubscription, fragment: Mapping[str, Any], terms: Terms, *, now: datetime
) -> SourceSubscription:
    """The subscription with the fragment's members in place of its own (clause 5.11.3)."""
    found = parsing.change(present.subscription, _plain(fragment), terms, now=now)
    given = {"temporalQ": fragment["temporalQ"]} if "temporalQ" in fragment else {}
    return _with(found, given, terms)


def build(kept: KeptSubscription) -> SourceSubscription:
    """The subscription that was kept."""
    found = built(kept)
    return SourceSubscription(found, _wanted(found, KnownNames(kept.names)))


def kept(found: SourceSubscription) -> KeptSubscription:
    """How to keep it."""
    return kept_form(found.subscription)


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a subscription to entities could have; an empty list of attributes means any, as none does (5.11.2.4)."""
    found = {name: value for name, value in document.items() if name != "temporalQ"}
    if found.get("watchedAttributes") == []:
        del found["watchedAttributes"]
    notification = found.get("notification")
    if isinstance(notification, Mapping) and notification.get("attributes") == []:
        found["notification"] = {name: one for name, one in notification.items() if name != "attributes"}
    return found


def _with(found: Subscription, given: Mapping[str, Any], terms: Terms) -> SourceSubscription:
    gone = {name for name, value in given.items() if value is None or value == NULL}
    document = {name: value for name, value in {**found.document, **given}.items() if name not in gone}
    recording = RecordingTerms(terms)
    whole = replace(found, document=document)
    wanted = _wanted(whole, recording)
    return SourceSubscription(replace(whole, names={**found.names, **recording.names}), wanted)


def _wanted(found: Subscription, terms: Terms) -> Wanted:
    document = found.document
    csf = document.get("csf")
    return Wanted(
        selectors=tuple(Selector(one.types, one.ids, one.id_pattern) for one in found.selectors),
        attributes=_attributes(found),
        datasets=found.datasets,
        geo=found.geo,
        range=_range(document["temporalQ"]) if "temporalQ" in document else None,
        csf=None if csf is None else qlanguage.parse(csf, terms),
        scopes=found.scope,
        strict=True,
    )


def _attributes(found: Subscription) -> frozenset[str]:
    """Any, unless both the watched attributes and those to be notified of are named (clause 5.11.2.4)."""
    notified = frozenset(found.document.get("notification", {}).get("attributes", ()))
    return found.watched | notified if found.watched and notified else frozenset()


def _range(value: Any) -> TimeRange:
    if not isinstance(value, Mapping) or value.keys() - {*_TIMES, "type", "lastN"}:
        raise BadRequestData("expected an object with timerel and timeAt", where="temporalQ")
    texts = [value.get(name) for name in _TIMES]
    if any(text is not None and not isinstance(text, str) for text in texts):
        raise BadRequestData("expected texts", where="temporalQ")
    if texts[0] is None:
        raise BadRequestData("timerel is needed", where="temporalQ.timerel")
    found = temporal.parse_range(texts[0], texts[1], texts[2], texts[3])
    assert found is not None
    return found
