"""Figures that nobody modelled: the latest observed values of a kind of entity, as one number with its age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from sympolis.context.broker import Broker
from sympolis.orchestration import documents, gather


@dataclass(frozen=True, slots=True)
class ObservedIndicator:
    """The mean of the newest values of ``attribute`` over all entities of ``type`` (short names)."""

    name: str
    title: Mapping[str, str]
    unit: str
    type: str
    attribute: str
    direction: str = "neutral"
    decimals: int = 0
    source: str = ""
    """Id of the source that brings the observations, for lineage."""
    meaning: Mapping[str, str] = field(default_factory=dict)
    """What it says, in plain words."""


async def observed_figures(
    broker: Broker, names: gather.Names, wanted: Sequence[ObservedIndicator]
) -> list[dict[str, Any]]:
    """One entry of ``GET /api/indicators`` for each figure that has a value; an observation has no interval."""
    found = [await _figure(broker, names, one) for one in wanted]
    return [figure for figure in found if figure is not None]


async def _figure(broker: Broker, names: gather.Names, one: ObservedIndicator) -> dict[str, Any] | None:
    attribute = names.expand(one.attribute)
    values, times = [], []
    async for entity in gather.entities(broker, names.expand(one.type)):
        instance = entity.attribute(attribute)
        if instance is not None and isinstance(instance.value, int | float):
            values.append(float(instance.value))
            times.append(instance.observed_at or instance.modified_at)
    if not values:
        return None
    return {
        "name": one.name,
        "title": dict(one.title),
        "meaning": dict(one.meaning),
        "unit": one.unit,
        "direction": one.direction,
        "decimals": one.decimals,
        "value": documents.number(fmean(values)),
        "interval": None,
        "at": documents.instant(max((at for at in times if at is not None), default=None)),
        "run": None,
        "source": one.source or None,
        "lineage": f"/api/lineage/{one.source}" if one.source else None,
    }
