"""Two maps beside each other: what came, what went, what is another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sympolis.assessment.ecosystem.model import Actor, Flow, Map

_ACTOR_FIELDS: Final = (
    "name",
    "roles",
    "helix",
    "domains",
    "rules",
    "risks",
    "count",
    "state",
    "description",
    "note",
)
_FLOW_FIELDS: Final = ("title", "items", "domains", "rules", "risks", "state", "note")


def compare(before: Map, after: Map) -> dict[str, Any]:
    """Actors and flows that were added, removed and changed from one map to the other."""
    actors = _compared(before.actors, after.actors, _ACTOR_FIELDS)
    flows = _compared(before.flows, after.flows, _FLOW_FIELDS)
    return {
        "from": {"at": before.at, "view": before.view},
        "to": {"at": after.at, "view": after.view},
        "same": not any((*actors.values(), *flows.values())),
        "actors": actors,
        "flows": flows,
    }


def _compared(
    before: Sequence[Actor | Flow], after: Sequence[Actor | Flow], fields: Sequence[str]
) -> dict[str, list[Any]]:
    old, new = {one.id: one for one in before}, {one.id: one for one in after}
    changed = [
        {"id": name, "name": _name(new[name]), "changes": changes}
        for name in new
        if name in old and (changes := _changes(old[name], new[name], fields))
    ]
    return {
        "added": [msgspec.to_builtins(new[name]) for name in new if name not in old],
        "removed": [msgspec.to_builtins(old[name]) for name in old if name not in new],
        "changed": changed,
    }


def _changes(old: Actor | Flow, new: Actor | Flow, fields: Sequence[str]) -> list[dict[str, Any]]:
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in fields)
    return [
        {"field": name, "before": msgspec.to_builtins(was), "after": msgspec.to_builtins(is_now)}
        for name, was, is_now in pairs
        if was != is_now
    ]


def _name(item: Actor | Flow) -> dict[str, str]:
    return item.name if isinstance(item, Actor) else item.title
