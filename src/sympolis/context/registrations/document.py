"""From a ``Registration`` back to the document that a client reads (clauses 5.10.1, 5.10.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sympolis.context.instants import format_instant
from sympolis.context.registrations.parsing import MEMBERS
from sympolis.context.registrations.registration import Fared, Registration
from sympolis.context.terms import Terms


def render(
    registration: Registration,
    terms: Terms,
    *,
    fared: Fared | None = None,
    sys_attrs: bool = False,
    only: Iterable[int] | None = None,
) -> dict[str, Any]:
    """The registration in these terms.

    ``fared`` adds how requests to the source went; ``only`` gives the places of the elements of ``information`` to show
    (those that a query is about); None: all.
    """
    found: dict[str, Any] = {"id": registration.id}
    for name, value in registration.document.items():
        found[name if name in MEMBERS else terms.compact(name)] = value
    chosen = found["information"] if only is None else [found["information"][place] for place in only]
    found["information"] = [_information(one, terms) for one in chosen]
    if fared is not None and fared.times_sent:
        found |= _counters(fared)
    if sys_attrs:
        found["createdAt"] = format_instant(registration.created_at)
        found["modifiedAt"] = format_instant(registration.modified_at)
    return found


def _information(value: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    found = dict(value)
    if "entities" in found:
        found["entities"] = [_entity(one, terms) for one in found["entities"]]
    for name in ("propertyNames", "relationshipNames"):
        if name in found:
            found[name] = [terms.compact(one) for one in found[name]]
    return found


def _entity(value: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    if "type" not in value:
        return dict(value)
    types = value["type"]
    shown = [terms.compact(one) for one in types] if isinstance(types, list) else terms.compact(types)
    return {**value, "type": shown}


def _counters(fared: Fared) -> dict[str, Any]:
    found: dict[str, Any] = {
        "status": "failed" if fared.failed else "ok",
        "timesSent": fared.times_sent,
        "timesFailed": fared.times_failed,
    }
    for name, at in (("lastSuccess", fared.last_success), ("lastFailure", fared.last_failure)):
        if at is not None:
            found[name] = format_instant(at)
    return found
