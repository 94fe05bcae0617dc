"""Whether a model runs here: what it needs, beside what the twin has (architecture, promise 5).

Asked before anything is prepared, so it counts instead of reading: a few indexed counts, kept until the next change.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.orchestration.gather import Names
from sympolis.plugins.simulator import Need, Simulator


@dataclass(frozen=True, slots=True)
class Supply:
    """What the twin has for one need: ``found`` entities; ``missing`` names attributes that none of them carries."""

    need: Need
    found: int
    missing: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether there are enough. Attributes that are missing lower a result; they do not prevent it."""
        return self.found >= self.need.minimum


class Compatibility:
    """Compares needs with the broker's entities."""

    def __init__(self, broker: Broker, names: Names) -> None:
        self._broker = broker
        self._names = names
        self._kept: dict[tuple[str, str], tuple[int, tuple[Supply, ...]]] = {}

    async def of(self, simulator: type[Simulator]) -> tuple[Supply, ...]:
        """The supply of each need, in the model's order."""
        key = (simulator.id, simulator.version)
        position = (await self._broker.status()).position
        kept = self._kept.get(key)
        if kept is None or kept[0] != position:
            kept = position, tuple([await self._supply(need) for need in simulator.needs])
            self._kept[key] = kept
        return kept[1]

    async def _supply(self, need: Need) -> Supply:
        found = await self._count(need)
        missing = [name for name in need.attributes if found and not await self._count(need, name)]
        return Supply(need, found, tuple(missing))

    async def _count(self, need: Need, *attributes: str) -> int:
        query = Query(
            types=TypeIs(self._names.expand(need.type)),
            attributes=tuple(self._names.expand(name) for name in attributes),
            limit=1,
            count=True,
        )
        return (await self._broker.query(query)).total or 0
