"""Atlases: read once, kept until what they read changes; each question is answered from columns."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from sympolis.analysis.atlas import files, things
from sympolis.analysis.atlas.plan import AtlasLayer, AtlasPlan
from sympolis.analysis.atlas.things import Selection, Things
from sympolis.context.broker import Broker
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.orchestration.atlases import documents, reading
from sympolis.orchestration.atlases.reading import Areas, AtlasReader
from sympolis.orchestration.followed import Followed
from sympolis.orchestration.worker import call_of

Json = dict[str, Any]
WORK = "sympolis.analysis.atlas.files"
AGAIN: Final = timedelta(seconds=20)
"""A layer that could not be read is tried again after so long: a machine was busy, or a model not yet ready."""


class Models(Protocol):
    """Whoever has the tables that models leave, and hands work to other processes."""

    async def model_table(self, model_id: str, table: str) -> Path:
        """The file of a model's table for the present data. Raises ``NotFound``, ``ModelFailed``."""
        ...

    async def work(self, task: Mapping[str, Any]) -> Any:
        """What a worker makes of a task."""
        ...


@dataclass(frozen=True, slots=True)
class Credit:
    """Whose data a layer shows."""

    attribution: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """An atlas as it stands."""

    plan: AtlasPlan
    areas: Areas
    layers: Mapping[str, Things]
    problems: Mapping[str, str]
    """Layer → why it could not be read."""
    at: datetime
    """When it was tried."""


class AtlasDesk:
    """Finds and fills atlases."""

    def __init__(
        self,
        broker: Broker,
        terms: Terms,
        plans: Sequence[AtlasPlan],
        *,
        models: Models,
        credits: Mapping[str, Credit],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reader = AtlasReader(broker, terms)
        self._plans = {one.id: one for one in sorted(plans, key=lambda plan: (plan.order, plan.id))}
        self._models = models
        self._credits = credits
        self._now = now
        self._filled: dict[str, Filled] = {}
        self._followed = {
            one.id: Followed(broker, {terms.expand(kind) for kind in one.types}) for one in plans
        }
        self._locks = {one.id: asyncio.Lock() for one in plans}

    @property
    def plans(self) -> tuple[AtlasPlan, ...]:
        """The atlases, in the city's order."""
        return tuple(self._plans.values())

    def plan(self, atlas: str) -> AtlasPlan:
        """One declaration. Raises ``NotFound``."""
        try:
            return self._plans[atlas]
        except KeyError:
            hint = did_you_mean(atlas, self._plans)
            raise errors.NotFound(f"there is no atlas {atlas!r} here", where="atlas", hint=hint) from None

    def credit(self, source: str) -> Credit:
        """Whose data a source's are."""
        return self._credits.get(source, Credit())

    async def prepare(self) -> None:
        """Fill every atlas, so that nobody waits for the first."""
        for plan in self.plans:
            await self._current(plan.id)

    async def describe(self, atlas: str) -> Json:
        """Layers with their numbers, what may be chosen, areas, what is missing. Raises ``NotFound``."""
        return documents.atlas(await self._current(atlas), self.credit)

    async def summary(self, atlas: str, asked: Selection) -> Json:
        """Numbers and sums of what a selection leaves. Raises ``NotFound``, ``InvalidRequest``."""
        filled = await self._current(atlas)
        found = await asyncio.to_thread(self._selected, filled, asked)
        return {"unit": filled.plan.unit, **things.summary(found, filled.areas.ids)}

    async def features(self, atlas: str, asked: Selection, limit: int) -> Json:
        """The largest things of each layer as GeoJSON, with how many there are. Raises as ``summary``."""
        filled = await self._current(atlas)
        return await asyncio.to_thread(
            lambda: documents.features(self._selected(filled, asked), filled.areas, limit)
        )

    async def export(self, atlas: str, asked: Selection, form: str, language: str) -> bytes:
        """A file of everything selected. Raises as ``summary``, ``TooManyResults``, ``NotImplementedHere``."""
        filled = await self._current(atlas)
        found = self._selected(filled, asked)
        files.check(form, sum(map(len, found.values())))
        made = self._now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        content = await asyncio.to_thread(
            documents.export, filled, found, asked, language=language, made=made, credit=self.credit
        )
        with tempfile.TemporaryDirectory(prefix="sympolis-atlas-") as folder:
            document, target = Path(folder) / "content", Path(folder) / f"made.{form}"
            await asyncio.to_thread(lambda: document.write_bytes(msgspec.msgpack.encode(content)))
            await self._models.work(
                call_of(WORK, "write", form=form, document=str(document), target=str(target))
            )
            return await asyncio.to_thread(target.read_bytes)

    def _selected(self, filled: Filled, asked: Selection) -> dict[str, Things]:
        known = {one.id for one in filled.plan.layers}
        for names, all_names, where in (
            (asked.layers, known, "layers"), (asked.areas, set(filled.areas.ids), "areas"),
        ):  # fmt: skip
            unknown = sorted(set(names) - all_names)
            if unknown:
                raise errors.InvalidRequest(
                    f"there is no {unknown[0]!r}", where=where, hint=did_you_mean(unknown[0], all_names)
                )
        wanted = asked.layers or tuple(filled.layers)
        return {
            name: things.select(filled.layers[name], asked, filled.areas.ids)
            for name in filled.layers
            if name in wanted
        }

    async def _current(self, atlas: str) -> Filled:
        plan = self.plan(atlas)
        async with self._locks[atlas]:
            found = self._filled.get(atlas)
            if await self._followed[atlas].changed() or found is None:
                found = await self._fill(plan, await self._reader.areas(plan), {})
            elif found.problems and self._now() - found.at >= AGAIN:
                found = await self._fill(plan, found.areas, found.layers)
            self._filled[atlas] = found
            return found

    async def _fill(self, plan: AtlasPlan, areas: Areas, known: Mapping[str, Things]) -> Filled:
        """Read the layers that are not ``known``."""
        layers: dict[str, Things] = {}
        problems: dict[str, str] = {}
        for one in plan.layers:
            try:
                layers[one.id] = known[one.id] if one.id in known else await self._layer(one, areas)
            except errors.SympolisError as problem:
                problems[one.id] = problem.message
        return Filled(plan, areas, layers, problems, self._now())

    async def _layer(self, one: AtlasLayer, areas: Areas) -> Things:
        if one.entity_type:
            return await self._reader.entities(one, areas)
        file = await self._models.model_table(one.model, one.table)
        return await asyncio.to_thread(reading.table, one, file, areas)
