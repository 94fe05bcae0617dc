"""Finds the registrations that may concern a request without looking at the others.

An element of ``information`` that names entities by id stands under these ids, and under their types for requests that
name none; one that does not stands under its types; one without either stands where every request looks. Candidates may
be too many, never too few: ``matching`` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sympolis.context.query import AllOf, AnyOf, Selector, TypeIs
from sympolis.context.registrations.registration import EntityInfo, Registration

Key = tuple[str, str]
"""('id', id), ('type', type) of what has no ids, ('kind', type) of what has, ('open', '') without ids and types."""

_OPEN: Key = ("open", "")


class RegistrationIndex:
    """The registrations of one tenant."""

    def __init__(self) -> None:
        self._all: dict[str, Registration] = {}
        self._by_key: dict[Key, dict[str, Registration]] = {}
        self._unnamed: dict[str, Registration] = {}
        """Those that may concern an id that they do not name."""

    def __len__(self) -> int:
        return len(self._all)

    def get(self, registration_id: str) -> Registration | None:
        """The registration of this id."""
        return self._all.get(registration_id)

    def ids(self) -> list[str]:
        """Every id, in order."""
        return sorted(self._all)

    def everything(self) -> list[Registration]:
        """All of them, by id."""
        return [self._all[one] for one in sorted(self._all)]

    def add(self, registration: Registration) -> None:
        """Put it in, in place of the one with its id."""
        self.discard(registration.id)
        self._all[registration.id] = registration
        for key in set(_keys(registration)):
            self._by_key.setdefault(key, {})[registration.id] = registration
            if key[0] in ("type", "open"):
                self._unnamed[registration.id] = registration

    def discard(self, registration_id: str) -> None:
        """Take it out, if it is there."""
        found = self._all.pop(registration_id, None)
        self._unnamed.pop(registration_id, None)
        for key in set(_keys(found)) if found is not None else ():
            held = self._by_key[key]
            del held[registration_id]
            if not held:
                del self._by_key[key]

    def candidates(self, selectors: Iterable[Selector]) -> list[Registration]:
        """The registrations that may be about entities that one of these means, by id; of any, where there are none."""
        chosen = tuple(selectors)
        if not chosen or any(one.types is None and not one.ids for one in chosen):
            return self.everything()
        found: dict[str, Registration] = {}
        for one in chosen:
            self._collect(one, found)
        return [found[one] for one in sorted(found)]

    def for_entity(self, entity_id: str, types: Iterable[str] | None) -> list[Registration]:
        """The registrations that may be about this entity, by id; ``types`` None: they are not known."""
        found = dict(self._by_key.get(("id", entity_id), {}))
        if types is None:
            found |= self._unnamed
        else:
            for kind in types:
                found |= self._by_key.get(("type", kind), {})
            found |= self._by_key.get(_OPEN, {})
        return [found[one] for one in sorted(found)]

    def _collect(self, selector: Selector, found: dict[str, Registration]) -> None:
        for one in selector.ids:
            found |= self._by_key.get(("id", one), {})
        if selector.types is None:
            found |= self._unnamed
            return
        found |= self._by_key.get(_OPEN, {})
        for kind in _leaves(selector.types):
            found |= self._by_key.get(("type", kind), {})
            if not selector.ids:
                found |= self._by_key.get(("kind", kind), {})
        if not selector.ids:
            found |= self._by_key.get(("kind", ""), {})


def _keys(registration: Registration) -> Iterator[Key]:
    for one in registration.information:
        if not one.entities:
            yield _OPEN
        for info in one.entities:
            yield from _keys_of(info)


def _keys_of(info: EntityInfo) -> Iterator[Key]:
    if info.id is not None:
        yield ("id", info.id)
        yield from (("kind", kind) for kind in info.types or ("",))
    elif info.types:
        yield from (("type", kind) for kind in info.types)
    else:
        yield _OPEN


def _leaves(expression: Any) -> Iterator[str]:
    if isinstance(expression, TypeIs):
        yield expression.name
    elif isinstance(expression, AnyOf | AllOf):
        for part in expression.parts:
            yield from _leaves(part)
