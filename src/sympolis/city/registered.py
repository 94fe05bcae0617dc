"""Things of a register as entities, where the city says so (``entities = true``): in step with the decisions on them.

A register's own values are marked by ``providedBy``; what sources say of the same entity stays as it is, and what they
say of name and place counts. An entity of which nothing is left goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sympolis.acquisition.identity import urn
from sympolis.acquisition.translate import Names
from sympolis.city.schema import City
from sympolis.context import merge
from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.context.store import Decision as Rule
from sympolis.context.store import Write
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.governance.masterdata.model import Decision, Kind, Thing
from sympolis.governance.masterdata.registry import MasterData

TERMS: Final = ("name", "alternateName", "sameAs", "validFrom", "masterData", "decisions", "providedBy")
"""What the city's context has to define."""
_SHARED: Final = ("name", "location")
"""What a source may say as well, and better."""
_PAGE: Final = 1000


def _nobody(_entity_id: str) -> bool:
    return False


class Registered:
    """See the module. ``broker`` sees everything; ``is_erased`` says of whom nothing may be kept any more."""

    def __init__(self, city: City, known: MasterData, broker: Broker, terms: Names) -> None:
        self._city = city
        self._known = known
        self._broker = broker
        self._terms = terms
        self.is_erased: Callable[[str], bool] = _nobody

    async def keep_all(self) -> None:
        """Bring every kind's entities in step."""
        for kind in self._known.kinds():
            await self.keep(kind.id)

    async def keep(self, kind_id: str) -> None:
        """Write what differs between a kind's things and their entities."""
        kind = self._known.kind(kind_id)
        wanted = {one.id: one for one in self._wanted(kind)} if kind.entities else {}
        names = dict.fromkeys((*wanted, *await self._present(kind)))
        mark, shared = self._mark(kind), frozenset(map(self._terms.expand, _SHARED))
        writes = [Write(name, _rule(wanted.get(name), mark, shared)) for name in names]
        for start in range(0, len(writes), _PAGE):
            outcomes = await self._broker.store.write(
                writes[start : start + _PAGE], cause=f"register:{kind.id}"
            )
            for one in outcomes:
                if one.error is not None:
                    raise one.error

    def _mark(self, kind: Kind) -> Attribute:
        return Attribute(AttributeKind.RELATIONSHIP, urn("MasterData", self._city.id, kind.id))

    async def _present(self, kind: Kind) -> list[str]:
        """The ids of the entities that have been in this register."""
        types, names = TypeIs(self._terms.expand(kind.entity_type)), (self._terms.expand("masterData"),)
        found: list[str] = []
        while len(found) % _PAGE == 0:
            query = Query(types=types, attributes=names, limit=_PAGE, offset=len(found))
            page = (await self._broker.query(query)).entities
            if not page:
                break
            found += [one.id for one in page]
        return found

    def _wanted(self, kind: Kind) -> Iterator[Entity]:
        """What there should be: the things that exist, with those that have become them."""
        things = self._known.things(kind.id)
        former = _former(things)
        told: dict[str, list[Decision]] = {}
        for one in self._known.decisions(kind.id):
            for name in (one.thing, *one.others):
                told.setdefault(name, []).append(one)
        for thing in things:
            entity_id = self._urn(kind, thing.id)
            if thing.valid_to is None and not self.is_erased(entity_id):
                said = self._said(kind, thing, former.get(thing.id, ()), told.get(thing.id, []))
                types = (self._terms.expand(kind.entity_type),)
                yield Entity(entity_id, types, self._attributes(kind, said))

    def _urn(self, kind: Kind, thing: str) -> str:
        return urn(kind.entity_type, self._city.id, thing)

    def _said(
        self, kind: Kind, thing: Thing, former: tuple[str, ...], told: list[Decision]
    ) -> Mapping[str, tuple[AttributeKind, Any]]:
        """Term → kind and value; None for what there is nothing to say of."""
        prop, where = AttributeKind.PROPERTY, thing.position
        return {
            "masterData": (prop, f"{kind.id}/{thing.id}"),
            "name": (prop, thing.name),
            "alternateName": (prop, [*thing.aliases] or None),
            "sameAs": (AttributeKind.RELATIONSHIP, [self._urn(kind, one) for one in former] or None),
            "validFrom": (prop, None if thing.valid_from is None else thing.valid_from.isoformat()),
            "decisions": (prop, [_plain(one) for one in told] or None),
            "location": (
                AttributeKind.GEO_PROPERTY,
                None if where is None else {"type": "Point", "coordinates": [*where]},
            ),
        }

    def _attributes(
        self, kind: Kind, said: Mapping[str, tuple[AttributeKind, Any]]
    ) -> dict[str, tuple[Attribute, ...]]:
        marked = {self._terms.expand("providedBy"): (self._mark(kind),)}
        return {
            self._terms.expand(term): (Attribute(sort, value, attributes=marked),)
            for term, (sort, value) in said.items()
            if value is not None
        }


def _former(things: list[Thing]) -> dict[str, tuple[str, ...]]:
    """Thing → those that ended and led to it, on whatever way."""
    leads = {one.id: one.successors for one in things if one.valid_to is not None}
    found: dict[str, dict[str, None]] = {}
    for start, next_ones in leads.items():
        seen, ways = {start}, list(next_ones)
        while ways:
            one = ways.pop()
            if one not in seen:
                seen.add(one)
                found.setdefault(one, {})[start] = None
                ways += leads.get(one, ())
    return {name: tuple(sorted(ids)) for name, ids in found.items()}


def _plain(one: Decision) -> dict[str, Any]:
    """What was decided, when and why; not by whom: that is for those who may ask the book."""
    found = {"number": one.number, "at": one.at.isoformat(), "action": one.action, "words": one.words}
    more = {"others": one.others, "day": one.day, "reason": one.reason}
    return found | {name: value for name, value in more.items() if value}


def _own(instance: Attribute, mark: Attribute) -> bool:
    return any(one.value == mark.value for inner in instance.attributes.values() for one in inner)


def _rule(wanted: Entity | None, mark: Attribute, shared: frozenset[str]) -> Rule:
    """The present entity with the register's values as they are now; None where nothing is left of it."""

    def decide(before: Entity | None, at: datetime) -> Entity | None:
        if before is None:
            return None if wanted is None else merge.upsert_update(wanted)(None, at)
        rest = {
            name: found
            for name, instances in before.attributes.items()
            if (found := tuple(one for one in instances if not _own(one, mark)))
        }
        given = {} if wanted is None else wanted.attributes
        for name, (one,) in given.items():
            if name not in shared or all(each.dataset_id is not None for each in rest.get(name, ())):
                known = before.attribute(name)
                others = tuple(each for each in rest.get(name, ()) if each.dataset_id is not None)
                rest[name] = (merge.settled(known, one, at), *others)
        types = before.types if wanted is None else merge.union(before.types, wanted.types)
        return merge.changed(before, at, attributes=rest, types=types) if rest else None

    return decide
