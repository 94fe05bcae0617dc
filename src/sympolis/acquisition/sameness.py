"""Whether an id still means the same thing: what a source gives anew to another thing is held for a person to see.

A counter that suddenly stands four kilometres away has moved or is another one; taken in, it would join two histories
that have nothing to do with each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from sympolis.acquisition.gate import Accepted, Batch, Gate
from sympolis.acquisition.quality import Reason
from sympolis.context.broker import Broker
from sympolis.domain.entity import AttributeKind, Entity

_EARTH_M: Final = 6_371_000.0
Position = tuple[float, float]


class Sameness:
    """Compares changed things with those in the twin. ``most_m``: how far one may be from where it was, in metres."""

    def __init__(self, broker: Broker, most_m: int) -> None:
        self._broker = broker
        self._most_m = most_m

    async def check(self, batch: Batch, gate: Gate) -> None:
        """Hold the rows of ``batch`` whose id means another thing than before."""
        kept: list[Accepted] = []
        for row in batch.accepted:
            reason = await self._reason(row) if gate.knows(row.key) else None
            if reason is None:
                kept.append(row)
            else:
                batch.quarantined.append(gate.row(row.record, [Reason(gate.id_field, *reason)]))
        batch.accepted[:] = kept

    async def _reason(self, row: Accepted) -> tuple[str, str, str] | None:
        entity = row.meaning.entity
        if entity is None or row.meaning.at is not None:  # what has a time may move
            return None
        now = _position(entity)
        present = None if now is None else await self._broker.store.get(entity.id)
        before = None if present is None else _position(present)
        if now is None or before is None:
            return None
        distance = distance_m(before, now)
        if distance <= self._most_m:
            return None
        message = (
            f"{entity.id} was {distance / 1000:.1f} km away: its id may have been given to another thing"
        )
        return ("identity", message, f"within {self._most_m} m of {before[0]:.5f}, {before[1]:.5f}")


def _position(entity: Entity) -> Position | None:
    """The middle of the bounding box of the entity's first geometry (longitude, latitude)."""
    for _, instance in entity.instances():
        if instance.kind is AttributeKind.GEO_PROPERTY and isinstance(instance.value, Mapping):
            points = list(_points(instance.value.get("coordinates")))
            if points:
                xs, ys = zip(*points, strict=True)
                return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return None


def _points(part: Any) -> Any:
    if isinstance(part, list | tuple) and part and isinstance(part[0], int | float):
        yield float(part[0]), float(part[1])
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _points(inner)


def distance_m(one: Position, other: Position) -> float:
    """Great-circle distance by the haversine formula (Sinnott 1984), in metres."""
    (x1, y1), (x2, y2) = ((math.radians(x), math.radians(y)) for x, y in (one, other))
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(half)))
