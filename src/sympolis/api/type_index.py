"""Which entity types the twin holds, learnt from the change log as it grows: no store has to list its types.

OGC collections and the map's layers read it. The log is read once from the start, then only what is new.
"""

from __future__ import annotations

import asyncio

from sympolis.context import gated
from sympolis.context.broker import Broker

_AT_ONCE = 5000


class TypeIndex:
    """Types by the newest change that concerned them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._position = 0
        self._newest: dict[str, int] = {}
        self._lock = asyncio.Lock()

    async def refresh(self) -> int:
        """Read what is new in the log; the position now."""
        async with self._lock:
            with gated.everything():
                await self._read()
        return self._position

    async def _read(self) -> None:
        while changes := await self._broker.store.changes(self._position, limit=_AT_ONCE):
            for change in changes:
                for name in change.types:
                    self._newest[name] = change.number
            self._position = changes[-1].number

    async def types(self) -> list[str]:
        """Every type (expanded) an entity ever had that whoever asks may see, in alphabetical order."""
        await self.refresh()
        return sorted(name for name in self._newest if gated.shows((name,)))

    async def newest(self, type_iri: str) -> int:
        """The number of the newest change of an entity of this type; 0 if there was none."""
        await self.refresh()
        return self._newest.get(type_iri, 0)
