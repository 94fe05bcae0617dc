"""Linked entity retrieval (clause 4.5.23): the entities that relationships point to, brought along with an answer.

``gather`` fetches them level by level, so a level costs one read however many entities it has; ``Inliner`` puts them
into the documents of the entities that point to them. An entity is not put into itself, however long the way round.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sympolis.context.projection import WHOLE, Projection
from sympolis.context.query import Query
from sympolis.context.store import Page
from sympolis.domain.entity import AttributeKind, Entity
from sympolis.domain.errors import TooComplexQuery

MOST_LINKED: Final = 5_000
"""Linked entities in one answer, each time one is shown."""
_AT_ONCE: Final = 500
_LINKS: Final = (AttributeKind.RELATIONSHIP, AttributeKind.LIST_RELATIONSHIP)

Fetch = Callable[[Query], Awaitable[Page]]
Show = Callable[[Entity, Projection, "Link | None"], dict[str, Any]]
"""Renders an entity; the link says what stands at the other end of its relationships."""
Link = Callable[[str, str], dict[str, Any] | None]
"""From (relationship, target's id) to the target's document, if it is to be shown there."""


@dataclass(frozen=True, slots=True)
class Join:
    """How to show linked entities (``join``, ``joinLevel``, ``containedBy``): within the others, or after them."""

    inline: bool
    level: int = 1
    contained_by: frozenset[str] = frozenset()
    """Ids that are on the way already and not followed again."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What was found: by id, and in the order of finding with how each is shown."""

    join: Join
    found: Mapping[str, Entity] = field(default_factory=dict)
    listed: tuple[tuple[Entity, Projection], ...] = ()


async def gather(entities: Sequence[Entity], join: Join, projection: Projection, fetch: Fetch) -> Linked:
    """The entities linked from these, as far as ``join.level`` goes. Raises ``TooComplexQuery``."""
    known: dict[str, Entity | None] = {entity.id: entity for entity in entities}
    listed: dict[str, tuple[Entity, Projection]] = {}
    seen = {(entity.id, projection) for entity in entities}
    level = [(entity, projection) for entity in entities]
    for _ in range(join.level):
        ways = list(dict.fromkeys(_ways(level, join)))
        await _complete(known, [target for target, _ in ways], fetch)
        level = []
        for target, below in ways:
            entity = known[target]
            if entity is not None and (target, below) not in seen:
                seen.add((target, below))
                level.append((entity, below))
                listed.setdefault(target, (entity, below))
        if len(seen) > MOST_LINKED + len(entities):
            raise _too_many()
    for entity in entities:
        listed.pop(entity.id, None)
    return Linked(join, {one.id: one for one in known.values() if one is not None}, tuple(listed.values()))


async def _complete(known: dict[str, Entity | None], wanted: Iterable[str], fetch: Fetch) -> None:
    missing = [target for target in dict.fromkeys(wanted) if target not in known]
    if len(missing) > MOST_LINKED:
        raise _too_many()
    for start in range(0, len(missing), _AT_ONCE):
        ids = tuple(missing[start : start + _AT_ONCE])
        page = await fetch(Query(ids=ids, limit=len(ids)))
        known |= {target: None for target in ids} | {entity.id: entity for entity in page.entities}


def _ways(level: Iterable[tuple[Entity, Projection]], join: Join) -> Iterator[tuple[str, Projection]]:
    for entity, projection in level:
        for name, target in targets(entity):
            if projection.shows(name) and target not in join.contained_by:
                yield target, projection.into(name)


def targets(entity: Entity) -> Iterator[tuple[str, str]]:
    """Every (relationship, id it points to) of an entity."""
    for name, instance in entity.instances():
        if instance.kind in _LINKS:
            found = instance.value if isinstance(instance.value, list) else [instance.value]
            yield from ((name, target) for target in found if isinstance(target, str))


class Inliner:
    """Puts linked entities into the documents of those that point to them."""

    def __init__(self, linked: Linked, show: Show, *, outermost: Show | None = None) -> None:
        """``outermost`` renders the entities that nothing points to here, where they look different."""
        self._linked = linked
        self._show = show
        self._outermost = outermost or show
        self._room = MOST_LINKED

    def document(self, entity: Entity, projection: Projection = WHOLE) -> dict[str, Any]:
        """The document of an entity with those it links to inside."""
        join = self._linked.join
        return self._within(self._outermost, entity, projection, join.level, join.contained_by)

    def _within(
        self, show: Show, entity: Entity, projection: Projection, level: int, way: frozenset[str]
    ) -> dict[str, Any]:
        if level == 0:
            return show(entity, projection, None)
        way = way | {entity.id}

        def link(name: str, target: str) -> dict[str, Any] | None:
            found = self._linked.found.get(target)
            below = projection.into(name)
            if found is None or target in way or not below.leaves_something(found):
                return None
            self._room -= 1
            if self._room < 0:
                raise _too_many()
            return self._within(self._show, found, below, level - 1, way)

        return show(entity, projection, link)


def _too_many() -> TooComplexQuery:
    return TooComplexQuery(
        f"there are more than {MOST_LINKED} linked entities",
        where="join",
        hint="ask for fewer entities or a lower joinLevel, or pick fewer relationships",
    )
