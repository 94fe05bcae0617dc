"""Whether a model runs here: what it needs, beside what the twin has (architecture, promise 5).

Asked before anything is prepared. A need that only names a type and attributes is counted, by a few indexed counts;
one that says more (units, proxies, age, shares, cells) is read through once. Either is kept until the next change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.orchestration import fitting, gather
from sympolis.orchestration.adapting import Remark, absent, of_error, remark, unused
from sympolis.orchestration.cells import CELLS
from sympolis.orchestration.gather import Names
from sympolis.plugins.simulator import Need, Simulator


@dataclass(frozen=True, slots=True)
class Supply:
    """What the twin has for one need: ``found`` entities; ``missing`` names attributes that none of them carries.

    ``proxies`` maps an attribute to what stands in for it and for how many entities; ``adaptations`` say how the model
    has to make do, ``problems`` why it cannot.
    """

    need: Need
    found: int
    missing: tuple[str, ...]
    proxies: tuple[tuple[str, str, int], ...] = ()
    adaptations: tuple[Remark, ...] = ()
    problems: tuple[Remark, ...] = ()
    without: tuple[Remark, ...] = ()
    """What the model would be glad of and does well without: said, but no reason to call a result weaker."""
    carried: Mapping[str, int] = field(default_factory=dict)
    """Attribute → how many of the entities carry it, themselves or by proxy."""

    @property
    def met(self) -> bool:
        """Whether the model can run. Attributes that are missing lower a result; they do not prevent it."""
        return not self.problems


Key = tuple[str, str, tuple[tuple[str, str], ...]]
"""A simulator's id and version, and the entity types that it reads in this city."""


class Compatibility:
    """Compares needs with the broker's entities."""

    def __init__(self, broker: Broker, names: Names, now: Callable[[], datetime]) -> None:
        self._broker = broker
        self._names = names
        self._now = now
        self._kept: dict[Key, tuple[int, tuple[Supply, ...]]] = {}

    async def of(self, simulator: type[Simulator]) -> tuple[Supply, ...]:
        """The supply of each need, in the model's order; linked needs are another model's business."""
        types = tuple((need.name, need.type) for need in simulator.needs)
        key = (simulator.id, simulator.version, types)
        position = (await self._broker.status()).position
        kept = self._kept.get(key)
        if kept is None or kept[0] != position:
            needs = [need for need in simulator.needs if not need.linked]
            kept = position, tuple([await self._supply(need) for need in needs])
            self._kept[key] = kept
        return kept[1]

    async def _supply(self, need: Need) -> Supply:
        seen = await self._read(need) if _says_more(need) else await self._counted(need)
        return Supply(
            need,
            seen.found,
            seen.missing(),
            tuple((name, used, count) for (name, used), count in sorted(seen.proxies.items())),
            tuple(_adaptations(seen, self._now())),
            tuple(_problems(seen)),
            tuple(_without(seen)),
            {name: seen.carried[name] for name in need.attributes},
        )

    async def _counted(self, need: Need) -> _Seen:
        seen = _Seen(need, await self._count(need))
        for name in need.attributes if seen.found else ():
            seen.carried[name] = await self._count(need, name)
        return seen

    async def _read(self, need: Need) -> _Seen:
        seen = _Seen(need)
        async for entity in gather.entities_of(self._broker, self._names, need):
            seen.look_at(entity, self._names)
        return seen

    async def _count(self, need: Need, *attributes: str) -> int:
        query = Query(
            types=TypeIs(self._names.expand(need.type)),
            attributes=tuple(self._names.expand(name) for name in attributes),
            limit=1,
            count=True,
        )
        return (await self._broker.query(query)).total or 0


@dataclass(slots=True)
class _Seen:
    """What was met while reading a need's entities."""

    need: Need
    found: int = 0
    carried: Counter[str] = field(default_factory=Counter)
    proxies: Counter[tuple[str, str]] = field(default_factory=Counter)
    units: set[tuple[str, str]] = field(default_factory=set)
    newest: datetime | None = None
    coarsest_m: float = 0.0

    def look_at(self, entity: Entity, names: Names) -> None:
        """Count one entity in."""
        self.found += 1
        for name in self.need.attributes:
            used = fitting.standing_in(entity, self.need, name, names.expand)
            if used is None:
                continue
            self.carried[name] += 1
            if used != name:
                self.proxies[name, used] += 1
            self._date(entity, names.expand(used), name)
        for name, value in fitting.substituted(entity, self.need, names.expand).items():
            self.proxies[str(self.need.where[name]), value] += 1
        if self.need.grid:
            self._look_at_cells(fitting.facts(entity, names.compact))

    def missing(self) -> tuple[str, ...]:
        """Attributes that no entity carries, itself or by proxy."""
        return tuple(name for name in self.need.attributes if self.found and not self.carried[name])

    def _date(self, entity: Entity, iri: str, name: str) -> None:
        for instance in entity.attributes[iri]:
            if instance.unit_code is not None:
                self.units.add((name, instance.unit_code))
            if not self.need.grid:
                self._met(instance.observed_at or instance.modified_at or entity.modified_at)

    def _look_at_cells(self, facts: Any) -> None:
        if isinstance(unit := facts.get("cellUnit"), str):
            self.units.add((CELLS, unit))
        if isinstance(size := facts.get("cellSize"), int | float):
            self.coarsest_m = max(self.coarsest_m, float(size))
        self._met(_instant(facts.get("validTo") or facts.get("validFrom")))

    def _met(self, at: datetime | None) -> None:
        if at is not None and (self.newest is None or at > self.newest):
            self.newest = at


def _instant(value: Any) -> datetime | None:
    """A time as attributes hold it: ISO 8601 text, or a JSON-LD DateTime. None where it is neither, or has no zone."""
    text = value.get("@value") if isinstance(value, dict) else value
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _says_more(need: Need) -> bool:
    stated = (need.where, need.units, need.proxies, need.coverage, need.max_age_days, need.grid)
    return any(stated)


def _adaptations(seen: _Seen, now: datetime) -> Iterator[Remark]:
    need = seen.need
    if not seen.found and not need.minimum:
        yield absent(need.name, need.type, _variables(need), need.without)
    for name in seen.missing():
        if not need.coverage and name not in need.optional:
            yield remark("gap", need.name, type=need.type, name=name)
    for (name, used), count in sorted(seen.proxies.items()):
        yield remark("proxy", need.name, used=used, name=name, count=count, type=need.type)
    for name, code in sorted(seen.units):
        wanted = need.units.get(name, code)
        if code != wanted and _refusal(need, name, code) is None:
            yield remark("unit", need.name, name=name, given=code, wanted=wanted)
    if need.max_age_days is not None and seen.newest is not None:
        age = (now - seen.newest).total_seconds() / 86_400
        if age > need.max_age_days:
            yield remark("age", need.name, type=need.type, age=f"{age:.0f}", limit=f"{need.max_age_days:g}")
    if need.resolution_m is not None and seen.coarsest_m > need.resolution_m:
        size, limit = f"{seen.coarsest_m:g}", f"{need.resolution_m:g}"
        yield remark("resolution", need.name, size=size, limit=limit)


def _without(seen: _Seen) -> Iterator[Remark]:
    for name in seen.missing():
        if name in seen.need.optional:
            yield unused(seen.need.name, seen.need.type, _variables(seen.need), name)


def _variables(need: Need) -> list[str]:
    return [str(one) for one in need.where.values()]


def _problems(seen: _Seen) -> Iterator[Remark]:
    need = seen.need
    if seen.found < need.minimum:
        yield remark("few", need.name, minimum=need.minimum, type=need.type, found=seen.found)
    for name in need.attributes if need.coverage and seen.found else ():
        share = seen.carried[name] / seen.found
        if share < need.coverage:
            shares = {"share": f"{share:.0%}", "wanted": f"{need.coverage:.0%}"}
            yield remark("coverage", need.name, type=need.type, name=name, **shares)
    for name, code in sorted(seen.units):
        if (wrong := _refusal(need, name, code)) is not None:
            yield of_error(wrong, need.name)


def _refusal(need: Need, name: str, code: str) -> errors.ModelFailed | None:
    """Why values of this unit are no use; None where they can be converted."""
    try:
        fitting.converter(need, name, code)
    except errors.ModelFailed as wrong:
        return wrong
    return None
