"""Whether what was made of entities still holds: the change log is read from where it was read last, for types only."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from sympolis.context.broker import Broker

_MOST_FOLLOWED = 5_000
"""Beyond so many changes, making it anew is cheaper than reading the log."""


@dataclass(slots=True)
class Followed:
    """A place in the change log, and the types (expanded) that matter."""

    broker: Broker
    types: Set[str]
    position: int = -1

    async def changed(self) -> bool:
        """Whether an entity of these types changed since this was last asked; True the first time."""
        position = (await self.broker.status()).position
        before, self.position = self.position, position
        if before == position:
            return False
        if before < 0 or position - before > _MOST_FOLLOWED:
            return True
        changes = await self.broker.store.changes(before, limit=_MOST_FOLLOWED)
        return any(not self.types.isdisjoint(change.types) for change in changes)
