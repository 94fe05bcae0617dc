"""Writes what passed the gate through the broker, and keeps entities' current values at their newest observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sympolis.acquisition.gate import Accepted
from sympolis.context.broker import Broker
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity

SeriesKey = tuple[str, str, str | None]


class Writer:
    """Writes for one source. ``provenance`` is the sub-attribute that every value carries."""

    def __init__(self, broker: Broker, source: str, provenance: Mapping[str, tuple[Attribute, ...]]) -> None:
        self._broker = broker
        self._cause = f"source:{source}"
        self._provenance = provenance
        self._newest: dict[SeriesKey, Observation] = {}

    async def write(self, rows: Sequence[Accepted]) -> list[tuple[Accepted, Exception]]:
        """Write the rows; returns those whose entity the store refused (their observations are not written)."""
        refused = await self._upsert([row for row in rows if row.meaning.entity is not None])
        kept = rows
        if refused:
            out = {id(row) for row, _ in refused}
            kept = [row for row in rows if id(row) not in out]
        observations = [point for row in kept for point in row.meaning.observations]
        if observations:
            await self._broker.observe(observations, cause=self._cause)
        for point in observations:
            self._remember(point)
        return refused

    async def _upsert(self, rows: list[Accepted]) -> list[tuple[Accepted, Exception]]:
        entities = [row.meaning.entity for row in rows if row.meaning.entity is not None]
        if not entities:
            return []
        outcomes = await self._broker.upsert(entities, update=True, cause=self._cause)
        pairs = zip(rows, outcomes, strict=True)
        return [(row, outcome.error) for row, outcome in pairs if outcome.error is not None]

    def _remember(self, point: Observation) -> None:
        key = (point.entity_id, point.name, point.dataset_id)
        known = self._newest.get(key)
        if known is None or known.at <= point.at:
            self._newest[key] = point

    async def finish(self) -> None:
        """Make the newest observations written the current values, where an entity does not have newer ones."""
        by_entity: dict[str, list[Observation]] = {}
        for point in self._newest.values():
            by_entity.setdefault(point.entity_id, []).append(point)
        updates = [await self._current(entity_id, points) for entity_id, points in by_entity.items()]
        wanted = [entity for entity in updates if entity is not None]
        for start in range(0, len(wanted), 1000):
            await self._broker.upsert(wanted[start : start + 1000], update=True, cause=self._cause)
        self._newest.clear()

    async def _current(self, entity_id: str, points: Sequence[Observation]) -> Entity | None:
        present = await self._broker.store.get(entity_id)
        attributes: dict[str, tuple[Attribute, ...]] = {}
        for point in points:
            now = present.attribute(point.name, point.dataset_id) if present else None
            if now is None or now.observed_at is None or now.observed_at <= point.at:
                attributes[point.name] = (*attributes.get(point.name, ()), self._attribute(point))
        return Entity(entity_id, points[0].types, attributes) if attributes else None

    def _attribute(self, point: Observation) -> Attribute:
        plain = Attribute(AttributeKind.PROPERTY, point.value, point.at, point.unit_code, point.dataset_id)
        return replace(plain, attributes=self._provenance)
