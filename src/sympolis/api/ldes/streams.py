"""Pages of a stream, cut out of the change log.

A page is the part of the log after a number, until it has enough entities or has read far enough. It shows each of
them once, in its present state: whoever reads all pages and then polls the last has every entity's newest version
(``ldes:LatestVersionSubset``), without the twin having to keep old ones. A change to an entity on an earlier page is a
new line of the log, so it appears again on the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sympolis.context.broker import Broker
from sympolis.context.query import Query
from sympolis.domain.changes import Change, ChangeKind
from sympolis.domain.entity import Entity

_MEMBERS: Final = 250
_AT_ONCE: Final = 2_000
_FURTHEST: Final = 20_000
"""A page reads at most so many lines: one of a rare type may be empty and lead on."""


@dataclass(frozen=True, slots=True)
class StreamPage:
    """The entities that changed, in their present state, and the deletions; ``next`` is None on the last page."""

    entities: tuple[tuple[Entity, Change], ...]
    deletions: tuple[Change, ...]
    next: int | None


async def read_page(broker: Broker, type_iri: str, after: int) -> StreamPage:
    """The page of the type's stream that begins after this number of the log."""
    newest: dict[str, Change] = {}
    position, read = after, 0
    while len(newest) < _MEMBERS and read < _FURTHEST:
        changes = await broker.store.changes(position, limit=_AT_ONCE)
        position, full = _collect(changes, type_iri, newest, position)
        read += len(changes)
        if len(changes) < _AT_ONCE and not full:
            return await _page(broker, newest, None)
    return await _page(broker, newest, position)


def _collect(
    changes: list[Change], type_iri: str, newest: dict[str, Change], position: int
) -> tuple[int, bool]:
    """Take changes in until there are enough entities; how far that went, and whether it ended early."""
    for change in changes:
        if type_iri in change.types:
            newest[change.entity_id] = change
        position = change.number
        if len(newest) >= _MEMBERS:
            return position, True
    return position, False


async def _page(broker: Broker, newest: dict[str, Change], following: int | None) -> StreamPage:
    states: dict[str, Entity] = {}
    if newest:
        found = await broker.query(Query(ids=tuple(newest), limit=len(newest)))
        states = {entity.id: entity for entity in found.entities}
    return StreamPage(
        entities=tuple((states[one], change) for one, change in newest.items() if one in states),
        deletions=tuple(
            change
            for one, change in newest.items()
            if one not in states and change.kind is ChangeKind.DELETED
        ),
        next=following,
    )
