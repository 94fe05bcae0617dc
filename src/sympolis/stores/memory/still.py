"""The memory store as it was at one moment: its dictionaries copied, what is in them never changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from sympolis.context.query import HistoryQuery
from sympolis.context.store import History
from sympolis.domain.entity import Entity
from sympolis.stores.memory.history import Past


class MemoryStill:
    """See ``dumps.port.Still``."""

    def __init__(self, entities: Mapping[str, Entity], past: Past, position: int) -> None:
        self.position = position
        self._entities = dict(entities)
        self._past = Past({key: dict(line) for key, line in past.lines.items()}, dict(past.types))
        self._ids = sorted(self._entities)
        self._subjects = sorted({key[0] for key in self._past.lines})

    async def entities(self, after: str, limit: int) -> list[Entity]:
        """See ``Still.entities``."""
        return [self._entities[one] for one in _next(self._ids, after, limit)]

    async def subjects(self, after: str, limit: int) -> list[str]:
        """See ``Still.subjects``."""
        return _next(self._subjects, after, limit)

    async def history(self, query: HistoryQuery) -> History:
        """See ``Store.history``."""
        return self._past.history(query, self._entities)


def _next(ids: list[str], after: str, limit: int) -> list[str]:
    start = bisect_right(ids, after)
    return ids[start : start + limit]
