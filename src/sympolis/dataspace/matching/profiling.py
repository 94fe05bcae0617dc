"""Our own profile, derived from what runs: what services lack and what is looked for, what can be had, who we are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sympolis.dataspace.discovery.benchmarks import Benchmarks
from sympolis.dataspace.discovery.open_needs import OpenNeeds
from sympolis.dataspace.matching.profile import MOST, Need, Offer, Profile, Question
from sympolis.domain.reading import Texts
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.gather import Names

Json = dict[str, Any]
_RESIDENTS, _DENSITY = "residents", "density"
_LANGUAGES: Final = ("it", "de", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset that whoever asks may know of; ``kind`` is the short name of its entities."""

    id: str
    title: Texts
    kind: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Who we are, and which datasets whoever asks may know of at the moment."""

    own: Callable[[], str]
    title: Texts
    country: str
    datasets: Callable[[], Sequence[Dataset]]
    kind: str = "local authority"
    helix: str = "government"


class Profiler:
    """See the module."""

    def __init__(
        self, about: About, desk: Desk, names: Names, *, needs: OpenNeeds, benchmarks: Benchmarks
    ) -> None:
        self._about = about
        self._desk = desk
        self._names = names
        self._needs = needs
        self._benchmarks = benchmarks

    async def ours(self) -> Profile:
        """Our profile at this moment."""
        about, services = self._about, await self._desk.services()
        figures = {one["id"]: one["value"] for one in await self._benchmarks.ours()}
        return Profile(
            id=about.own(),
            name=next(iter(about.title.values()), ""),
            title=dict(about.title),
            kind=about.kind,
            country=about.country,
            helix=about.helix,
            residents=figures.get(_RESIDENTS),
            density=figures.get(_DENSITY),
            needs=(*self._said(), *self._lacking(services))[:MOST],
            offers=(*self._datasets(), *_services(services))[:MOST],
            questions=tuple(self._questions())[:MOST],
        )

    def _said(self) -> Iterator[Need]:
        for one in self._needs.shared():
            yield Need(
                id=one["id"], title=one["title"], type=one["type"], attributes=tuple(one["attributes"])
            )

    def _lacking(self, services: Sequence[Json]) -> Iterator[Need]:
        """Kinds of entities that a service asks for and of which nothing is here, each once."""
        found: dict[str, list[str]] = {}
        for one in services:
            for supplies in one["check"]["needs"].values():
                for supply in supplies:
                    if not supply["found"]:
                        found.setdefault(supply["type"], []).append(one["id"])
        for kind, asking in sorted(found.items()):
            yield Need(
                id=f"gap-{kind}",
                title=dict.fromkeys(_LANGUAGES, kind),
                type=self._names.expand(kind),
                of="service gap",
                services=tuple(dict.fromkeys(asking)),
            )

    def _datasets(self) -> Iterator[Offer]:
        for one in self._about.datasets():
            yield Offer(
                id=one.id,
                kind="dataset",
                title=dict(one.title),
                type=self._names.expand(one.kind) if one.kind else "",
                licence=one.licence,
            )

    def _questions(self) -> Iterator[Question]:
        for service, models in self._desk.services_needing():
            simulators = tuple(sorted({model.id for model in models.values()}))
            yield Question(id=service.id, title=dict(service.title), simulators=simulators)


def _services(services: Sequence[Mapping[str, Any]]) -> Iterator[Offer]:
    """Services that run here: what does not run cannot be shown to anybody."""
    for one in services:
        if one["runs_here"]:
            yield Offer(id=one["id"], kind="service", title=dict(one["title"]))
