"""Which subscriptions a change may concern, without looking at the others.

Each subscription stands under the narrowest keys that every change it wants must have: an id, a type with a watched
attribute, a type, a watched attribute; only what asks for everything is looked at for every change. A term
``name==value`` at the top of a ``q`` narrows a type further. Candidates may be too many, never too few: ``matching``
decides.

One thread changes the index while the store's writer asks it: single dictionary operations, which are atomic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sympolis.context.evaluate import opened, queried_value
from sympolis.context.query import AllOf, Comparison, Selector, Term, TypeIs
from sympolis.context.subscriptions.subscription import Subscription
from sympolis.domain.changes import Change
from sympolis.domain.entity import Entity

Key = tuple[Any, ...]
"""('id', id), ('type', type), ('type', type, attribute), ('attribute', attribute), ('value', type, name, value), ()."""


class SubscriptionIndex:
    """The subscriptions of one tenant that wait for changes."""

    def __init__(self) -> None:
        self._by_key: dict[Key, dict[str, Subscription]] = {}
        self._keys: dict[str, frozenset[Key]] = {}
        self._compared: dict[str, dict[str, int]] = {}
        """By type, the names compared in values' keys and by how many."""

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, subscription: Subscription) -> None:
        """Put it in, in place of the one with its id."""
        self.discard(subscription.id)
        keys = frozenset(keys_of(subscription))
        for key in keys:
            self._count(key, 1)
            self._by_key.setdefault(key, {})[subscription.id] = subscription
        self._keys[subscription.id] = keys

    def discard(self, subscription_id: str) -> None:
        """Take it out, if it is there."""
        for key in self._keys.pop(subscription_id, ()):
            held = self._by_key[key]
            del held[subscription_id]
            if not held:
                del self._by_key[key]
            self._count(key, -1)

    def touches(self, change: Change) -> bool:
        """Whether the change may concern anyone."""
        return any(key in self._by_key for key in self._keys_for(change))

    def candidates(self, change: Change) -> list[Subscription]:
        """The subscriptions that the change may concern, each once."""
        found: dict[str, Subscription] = {}
        for key in self._keys_for(change):
            held = self._by_key.get(key)
            if held:
                found.update(held)
        return list(found.values())

    def _keys_for(self, change: Change) -> Iterator[Key]:
        yield from _plain_keys(change)
        state = change.after if change.after is not None else change.before
        if state is not None:
            for kind in change.types:
                yield from _value_keys(kind, self._compared.get(kind, ()), state)

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
    equal = _equality(subscription.q)
    for kind in types:
        if equal is not None:
            yield ("value", kind, *equal)
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
