"""Which subscriptions a change may concern, without looking at the others.

Each subscription stands under the narrowest keys that every change it wants must have: an id, a type with a watched
attribute, a type, a watched attribute; only what asks for everything is looked at for every change. A term
``name==value`` at the top of a ``q`` narrows a type further, and so does one like ``name>5``: those stand in the order
of their limits, and a value reaches only the ones it passes. Candidates may be too many, never too few: ``matching``
decides.

One thread changes the index while the store's writer asks it: single dictionary operations, which are atomic.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from itertools import count
from operator import itemgetter
from typing import Any

from sympolis.context.evaluate import opened, queried_value
from sympolis.context.query import AllOf, Comparison, Selector, Term, TypeIs
from sympolis.context.subscriptions.subscription import Subscription
from sympolis.domain.changes import Change
from sympolis.domain.entity import Entity

Key = tuple[Any, ...]
"""('id', id), ('type', type), ('type', type, attribute), ('attribute', attribute), ('value', type, name, value), (),
and ('limit', type, watched attribute or None, name, above or not, limit)."""


class SubscriptionIndex:
    """The subscriptions of one tenant that wait for changes."""

    def __init__(self) -> None:
        self._by_key: dict[Key, dict[str, Subscription]] = {}
        self._keys: dict[str, frozenset[Key]] = {}
        self._compared: dict[str, dict[str, int]] = {}
        """By type, the names compared in values' keys and by how many."""
        self._limits: dict[tuple[str, str | None], dict[tuple[str, bool], list[tuple[float, str]]]] = {}
        """By type and watched attribute, then by name and direction: limits in order, with their subscriptions."""
        self._limited: dict[str, Subscription] = {}
        self._places: dict[str, int] = {}
        self._next_place = count(1)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, subscription: Subscription) -> None:
        """Put it in, in place of the one with its id."""
        self.discard(subscription.id)
        keys = frozenset(keys_of(subscription))
        for key in keys:
            if key and key[0] == "limit":
                self._limit(key, subscription)
            else:
                self._count(key, 1)
                self._by_key.setdefault(key, {})[subscription.id] = subscription
        self._keys[subscription.id] = keys
        self._places[subscription.id] = next(self._next_place)

    def discard(self, subscription_id: str) -> None:
        """Take it out, if it is there."""
        self._places.pop(subscription_id, None)
        for key in self._keys.pop(subscription_id, ()):
            if key and key[0] == "limit":
                self._unlimit(key, subscription_id)
                continue
            held = self._by_key[key]
            del held[subscription_id]
            if not held:
                del self._by_key[key]
            self._count(key, -1)

    def touches(self, change: Change) -> bool:
        """Whether the change may concern anyone."""
        return any(key in self._by_key for key in self._keys_for(change)) or any(self._passed(change))

    def candidates(self, change: Change) -> list[Subscription]:
        """The subscriptions that the change may concern, each once, in the order in which they came."""
        found: dict[str, Subscription] = {}
        for key in self._keys_for(change):
            held = self._by_key.get(key)
            if held:
                found.update(held)
        for passed in self._passed(change):
            found.update((one, self._limited[one]) for _, one in passed if one in self._limited)
        if len(found) < 2:
            return list(found.values())
        return [found[one] for one in sorted(found, key=self._place)]

    def _place(self, subscription_id: str) -> int:
        return self._places.get(subscription_id, 0)

    def _keys_for(self, change: Change) -> Iterator[Key]:
        yield from _plain_keys(change)
        state = change.after if change.after is not None else change.before
        if state is not None:
            for kind in change.types:
                yield from _value_keys(kind, self._compared.get(kind, ()), state)

    def _passed(self, change: Change) -> Iterator[list[tuple[float, str]]]:
        """The limits that the state's numbers reach, by type, watched attribute, name and direction."""
        state = change.after if change.after is not None else change.before
        if state is None or not self._limits:
            return
        for kind in change.types:
            for watched in (None, *change.attributes):
                for (name, above), limits in list(self._limits.get((kind, watched), {}).items()):
                    if numbers := _numbers(state, name):
                        yield _reached(limits, above, numbers)

    def _limit(self, key: Key, subscription: Subscription) -> None:
        _, kind, watched, name, above, limit = key
        limits = self._limits.setdefault((kind, watched), {}).setdefault((name, above), [])
        insort(limits, (limit, subscription.id))
        self._limited[subscription.id] = subscription

    def _unlimit(self, key: Key, subscription_id: str) -> None:
        _, kind, watched, name, above, limit = key
        limits = self._limits[kind, watched][name, above]
        del limits[bisect_left(limits, (limit, subscription_id))]
        self._limited.pop(subscription_id, None)
        if not limits:
            del self._limits[kind, watched][name, above]
        if not self._limits[kind, watched]:
            del self._limits[kind, watched]

    def _count(self, key: Key, by: int) -> None:
        if not key or key[0] != "value":
            return
        _, kind, name, _ = key
        names = dict(self._compared.get(kind, {}))
        names[name] = names.get(name, 0) + by
        names = {one: number for one, number in names.items() if number}
        if names:
            self._compared[kind] = names
        else:
            self._compared.pop(kind, None)


def keys_of(subscription: Subscription) -> Iterator[Key]:
    """The keys under which a subscription stands: a change that it wants has at least one of them."""
    selectors = subscription.selectors or (Selector(),)
    for selector in selectors:
        yield from _keys_of_selector(selector, subscription)


def _keys_of_selector(selector: Selector, subscription: Subscription) -> Iterator[Key]:
    if selector.ids:
        yield from (("id", one) for one in selector.ids)
        return
    types = _needed_types(selector.types)
    equal, limit = _equality(subscription.q), _limit_in(subscription.q)
    for kind in types:
        if equal is not None:
            yield ("value", kind, *equal)
        elif limit is not None:
            yield from (("limit", kind, name, *limit) for name in subscription.watched or (None,))
        elif subscription.watched:
            yield from (("type", kind, name) for name in subscription.watched)
        else:
            yield ("type", kind)
    if not types:
        yield from (("attribute", name) for name in subscription.watched)
        if not subscription.watched:
            yield ()


def _needed_types(expression: Any) -> frozenset[str]:
    """Types of which an entity must have at least one; empty: any."""
    if expression is None:
        return frozenset()
    if isinstance(expression, TypeIs):
        return frozenset({expression.name})
    parts = [_needed_types(part) for part in expression.parts]
    return min(parts, key=len) if isinstance(expression, AllOf) else frozenset().union(*parts)


def _equality(expression: Any) -> tuple[str, Any] | None:
    """A (name, value) that every entity satisfying the query must have."""
    parts = expression.parts if isinstance(expression, AllOf) else (expression,)
    for part in parts:
        if isinstance(part, Term) and _is_plain_equality(part):
            return part.path[0], _comparable(part.operand)
    return None


_LIMITS = {
    Comparison.GREATER: True,
    Comparison.GREATER_EQUAL: True,
    Comparison.LESS: False,
    Comparison.LESS_EQUAL: False,
}


def _limit_in(expression: Any) -> tuple[str, bool, float] | None:
    """A (name, above or not, limit) that a number of every entity satisfying the query must reach."""
    parts = expression.parts if isinstance(expression, AllOf) else (expression,)
    for part in parts:
        if isinstance(part, Term) and _is_plain_limit(part):
            return part.path[0], _LIMITS[part.comparison], part.operand
    return None


def _is_plain_limit(term: Term) -> bool:
    number = isinstance(term.operand, int | float) and not isinstance(term.operand, bool)
    return number and len(term.path) == 1 and not term.inside and term.comparison in _LIMITS


def _numbers(state: Entity, name: str) -> list[float]:
    """The numbers that a comparison of this attribute is about."""
    return [
        value
        for instance in state.attributes.get(name, ())
        for value in opened(queried_value(instance))
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]


def _reached(limits: list[tuple[float, str]], above: bool, numbers: list[float]) -> list[tuple[float, str]]:
    if above:
        return limits[: bisect_right(limits, max(numbers), key=itemgetter(0))]
    return limits[bisect_left(limits, min(numbers), key=itemgetter(0)) :]


def _is_plain_equality(term: Term) -> bool:
    plain = len(term.path) == 1 and not term.inside and isinstance(term.operand, str | int | float)
    return plain and term.comparison is Comparison.EQUAL


def _comparable(value: Any) -> Any:
    """``true`` and ``1`` are equal to Python but not to a query."""
    return (value,) if isinstance(value, bool) else value


def _plain_keys(change: Change) -> Iterator[Key]:
    yield ()
    yield ("id", change.entity_id)
    for name in change.attributes:
        yield ("attribute", name)
    for kind in change.types:
        yield ("type", kind)
        for name in change.attributes:
            yield ("type", kind, name)


def _value_keys(kind: str, names: Iterable[str], state: Entity) -> Iterator[Key]:
    for name in names:
        for instance in state.attributes.get(name, ()):
            for value in opened(queried_value(instance)):
                if isinstance(value, str | int | float):
                    yield ("value", kind, name, _comparable(value))
