"""The city's coverages: grids of one variable, one for each time, described by entities of the type ``Coverage``."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sympolis.city import grids
from sympolis.city.grids import Grid
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.context.codec import Form, render_entity
from sympolis.context.query import Query, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors

TYPE: Final = "Coverage"
_MOST: Final = 1_000
_KEPT: Final = 16
"""Grids in memory: a city's, in cells of 90 m, have some fifty thousand each."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A grid of one time: its id and what its entity says of it, by short name."""

    id: str
    facts: Mapping[str, Any]

    @property
    def time(self) -> str:
        """When the values begin to hold; '' for a register without a date."""
        return str(self.facts.get("validFrom") or "")


@dataclass(frozen=True, slots=True)
class Coverage:
    """All grids of a variable, oldest first."""

    id: str
    unit: str | None
    layers: tuple[Layer, ...]


class Coverages:
    """Finds coverages and reads their grids."""

    def __init__(self, broker: Broker, terms: Terms, folder: Path) -> None:
        self._broker = broker
        self._terms = terms
        self._folder = folder
        self._known: OrderedDict[tuple[str, str], Grid] = OrderedDict()

    async def all(self) -> list[Coverage]:
        """Every coverage that whoever asks may see, by the name of its variable."""
        type_iri = self._terms.expand(TYPE)
        if not gated.shows((type_iri,)):
            return []
        query = Query(types=TypeIs(type_iri), limit=_MOST)
        by_variable: dict[str, list[Layer]] = {}
        for entity in (await self._broker.query(query)).entities:
            facts = render_entity(entity, self._terms, form=Form.KEY_VALUES)
            if isinstance(facts.get("variable"), str):
                by_variable.setdefault(facts["variable"], []).append(Layer(entity.id, facts))
        return [_coverage(name, layers) for name, layers in sorted(by_variable.items())]

    async def get(self, coverage_id: str) -> Coverage:
        """One coverage. Raises ``NotFound``."""
        gated.ask_for(self._terms.expand(TYPE))
        for one in await self.all():
            if one.id == coverage_id:
                return one
        raise errors.NotFound(
            f"there is no coverage {coverage_id}", where="collectionId", hint="see /ogc/collections"
        )

    async def grid(self, layer: Layer) -> Grid:
        """The values of a layer. Raises ``SourceFailed`` where its file is not as described."""
        key = (layer.id, str(layer.facts.get("file")))
        found = self._known.get(key)
        if found is None:
            found = await asyncio.to_thread(grids.read, self._folder, layer.facts)
            self._known[key] = found
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return found


def _coverage(name: str, layers: Sequence[Layer]) -> Coverage:
    ordered = tuple(sorted(layers, key=lambda one: (one.time, one.id)))
    unit = ordered[0].facts.get("cellUnit")
    return Coverage(name, unit if isinstance(unit, str) else None, ordered)
