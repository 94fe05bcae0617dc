"""Benchmarks: the same indicator, by the same method, side by side, with the differences in data quality shown.

Each twin works its own figures out by the methods of ``benchmarks.toml`` and tells them to partners together with what
they rest on: the share of areas that have the values, how old these are, and what the quality gate thinks of their
sources. Figures of another version of a method, or in another unit, are shown apart and never ranked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from sympolis.context.broker import Broker
from sympolis.dataspace.discovery import reading
from sympolis.dataspace.discovery.shelf import Shelf, Told, is_partial
from sympolis.dataspace.partners.contact import Contact
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Partner
from sympolis.domain.entity import Entity
from sympolis.orchestration import gather
from sympolis.orchestration.gather import Names

Json = dict[str, Any]
PATH: Final = "/api/federation/shared/indicators"
FRESH_S: Final = 600.0
_MOST: Final = 100
_ALMOST_ALL: Final = 0.95
_YEARS_APART: Final = 2.0
_YEAR_S: Final = 365.25 * 86_400


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """How an indicator is worked out; names are those that every city's @context has."""

    id: str
    version: str
    title: dict[str, str]
    unit: str
    symbol: str = ""
    type: str
    of: str
    per: str = ""
    scale: float = 1.0
    decimals: int = 0
    method: dict[str, str]


@cache
def methods() -> tuple[Method, ...]:
    """Those of ``benchmarks.toml``."""
    text = files(__package__).joinpath("benchmarks.toml").read_text(encoding="utf-8")
    return tuple(msgspec.convert(tomllib.loads(text)["indicator"], list[Method]))


@dataclass(slots=True)
class _Sum:
    """What was met while reading the entities of a method's type."""

    entities: int = 0
    counted: int = 0
    of: float = 0.0
    per: float = 0.0
    oldest: datetime | None = None
    newest: datetime | None = None

    def add(self, entity: Entity, of: str, per: str) -> None:
        """Count an entity in; it adds to the figure only where it has both values."""
        self.entities += 1
        above, below = _value(entity, of), _value(entity, per) if per else 1.0
        if above is None or below is None:
            return
        self.counted += 1
        self.of += above
        self.per += below
        at = entity.attributes[of][0].observed_at
        if at is not None:
            self.oldest = at if self.oldest is None else min(self.oldest, at)
            self.newest = at if self.newest is None else max(self.newest, at)


def _value(entity: Entity, iri: str) -> float | None:
    found = entity.attribute(iri)
    value = None if found is None else found.value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Backing:
    """The sources that bring a type of entity: the worst of their grades, and their licences."""

    grade: str = "unknown"
    licences: tuple[str, ...] = ()
    sources: tuple[str, ...] = field(default=())


class Benchmarks:
    """See the module. ``backing`` says which sources bring a type (short name)."""

    def __init__(
        self,
        broker: Broker,
        names: Names,
        directory: PartnerDirectory,
        contact: Contact,
        *,
        backing: Callable[[str], Backing],
        own: Callable[[], str],
    ) -> None:
        self._broker = broker
        self._names = names
        self._contact = contact
        self._backing = backing
        self._own = own
        self._kept: tuple[int, list[Json]] | None = None
        self.shelf: Shelf[list[Json]] = Shelf(directory, self._ask, fresh_s=FRESH_S)

    async def ours(self) -> list[Json]:
        """Our figures: worked out once for every state of the twin."""
        position = (await self._broker.status()).position
        if self._kept is None or self._kept[0] != position:
            found = [figure for one in methods() if (figure := await self._figure(one)) is not None]
            self._kept = position, found
        return self._kept[1]

    async def side_by_side(self, title: Mapping[str, str], *, anew: bool = False) -> Json:
        """Every indicator with the figures of all cities that have it; who is missing is named."""
        told = await self.shelf.gather(anew=anew)
        us = {"partner": self._own(), "title": dict(title), "name": next(iter(title.values()), "")}
        figures = [({**us, "state": "fresh"}, one) for one in await self.ours()]
        figures += [(_city(one), figure) for one in told for figure in one.value or ()]
        return {
            "indicators": [_row(one, figures) for one in methods()],
            "partners": [one.status() for one in told],
            "partial": is_partial(told),
        }

    async def _figure(self, method: Method) -> Json | None:
        """None where this city has nothing of what the method asks for."""
        names, found = self._names, _Sum()
        of, per = names.expand(method.of), names.expand(method.per) if method.per else ""
        async for entity in gather.entities(self._broker, names.expand(method.type)):
            found.add(entity, of, per)
        if not found.counted or found.per == 0:
            return None
        backing = self._backing(method.type)
        return {
            "id": method.id,
            "version": method.version,
            "unit": method.unit,
            "value": found.of if not method.per else found.of / found.per * method.scale,
            "quality": {
                "entities": found.entities,
                "share": found.counted / found.entities,
                "oldest": None if found.oldest is None else found.oldest.isoformat(),
                "newest": None if found.newest is None else found.newest.isoformat(),
                "grade": backing.grade,
                "licences": list(backing.licences),
                "sources": list(backing.sources),
            },
        }

    async def _ask(self, partner: Partner) -> list[Json]:
        found = await self._contact.ask(partner, PATH)
        given = found.get("indicators") if isinstance(found, dict) else None
        return [figure for one in reading.items(given, _MOST) if (figure := _read(one)) is not None]


def _city(told: Told[Any]) -> Json:
    return {
        "partner": told.partner.id,
        "title": told.partner.title,
        "name": told.partner.name,
        "state": told.state,
    }


def _row(method: Method, figures: Sequence[tuple[Json, Json]]) -> Json:
    """One indicator: the figures that can be compared, those that cannot, and what to keep in mind."""
    mine = [(city, one) for city, one in figures if one["id"] == method.id]
    same = [
        {**city, **one}
        for city, one in mine
        if (one["version"], one["unit"]) == (method.version, method.unit)
    ]
    other = [
        {**city, **one}
        for city, one in mine
        if (one["version"], one["unit"]) != (method.version, method.unit)
    ]
    return {
        "id": method.id,
        "version": method.version,
        "title": method.title,
        "method": method.method,
        "unit": method.unit,
        "symbol": method.symbol,
        "decimals": method.decimals,
        "figures": sorted(same, key=lambda one: one["value"], reverse=True),
        "other_methods": other,
        "differences": _differences(same),
    }


def _differences(figures: Sequence[Json]) -> list[Json]:
    """In what the data behind figures differ so much that it may explain a part of their difference."""
    found = []
    shares = [one["quality"]["share"] for one in figures if one["quality"]["share"] is not None]
    if shares and min(shares) < _ALMOST_ALL:
        found.append({"kind": "coverage", "low": min(shares), "high": max(shares)})
    times = [at for one in figures if (at := _instant(one["quality"]["newest"])) is not None]
    if len(times) > 1 and (max(times) - min(times)).total_seconds() > _YEARS_APART * _YEAR_S:
        found.append({"kind": "age", "low": min(times).isoformat(), "high": max(times).isoformat()})
    grades = sorted({one["quality"]["grade"] for one in figures})
    if len(grades) > 1:
        found.append({"kind": "grade", "low": grades[0], "high": grades[-1]})
    return found


def _instant(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _read(given: Mapping[str, Any]) -> Json | None:
    """A partner's figure; None for what is none."""
    value = reading.number(given.get("value"))
    if value is None:
        return None
    quality = given.get("quality")
    quality = quality if isinstance(quality, dict) else {}
    share = reading.number(quality.get("share"))
    return {
        "id": reading.text(given.get("id"), 60),
        "version": reading.text(given.get("version"), 20),
        "unit": reading.text(given.get("unit"), 20),
        "value": value,
        "quality": {
            "entities": int(min(10**9, max(0.0, reading.number(quality.get("entities")) or 0.0))),
            "share": None if share is None else min(1.0, max(0.0, share)),
            "oldest": reading.text(quality.get("oldest"), 40) or None,
            "newest": reading.text(quality.get("newest"), 40) or None,
            "grade": reading.text(quality.get("grade"), 20) or "unknown",
            "licences": list(reading.words(quality.get("licences", []), 20)),
            "sources": list(reading.words(quality.get("sources", []), 50)),
        },
    }
