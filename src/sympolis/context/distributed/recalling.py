"""Asking sources how entities evolved (clauses 5.7.3, 5.7.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote

from sympolis.context.distributed.evolutions import Told
from sympolis.context.distributed.reading import (
    INVALID,
    MOST_PAGES,
    UNANSWERED,
    Asked,
    Gathered,
    Reader,
    Warning,
    applied_here,
    projection,
    registered_names,
    said_by,
    selections,
    short,
    wanted_by,
)
from sympolis.context.distributed.received import MOST_ENTITIES, read_evolution, read_evolutions
from sympolis.context.distributed.service import Distribution
from sympolis.context.distributed.wording import Journey, Speech
from sympolis.context.evaluate import subject_matcher
from sympolis.context.evolution import Evolution
from sympolis.context.query import HistoryQuery, Selector, TimeProperty
from sympolis.context.registrations.matching import cover_of, matches, may_have
from sympolis.context.registrations.registration import Registration
from sympolis.domain.errors import BadRequestData

_TIMES = ("timerel", "timeAt", "endTimeAt", "timeproperty")
Pairs = list[tuple[str, str]]
_Reading = Callable[[bytes], Awaitable[list[Evolution]]]


@dataclass(frozen=True, slots=True)
class Recalled:
    """A query of the past as sources are asked it: ``asked`` says of which entities, ``history`` of which instances."""

    asked: Asked
    history: HistoryQuery


class Recaller:
    """Asks sources for evolutions of entities."""

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution
        self._reader = Reader(distribution)

    async def entity(self, journey: Journey, entity_id: str, wanted: Recalled) -> Gathered:
        """What sources tell of one entity."""
        index = self._distribution.of(journey.tenant)
        if index is None:
            return Gathered()
        found = self._matching(index.for_entity(entity_id, None), wanted, Selector(None, (entity_id,)))
        return await self._reader.gather(
            journey, ("retrieveTemporal",), found, lambda one: self._one(journey, one, entity_id, wanted)
        )

    async def entities(self, journey: Journey, wanted: Recalled) -> Gathered:
        """What sources tell of all entities that a query selects."""
        found = self.concerned(journey, wanted)
        return await self._reader.gather(
            journey, ("queryTemporal",), found, lambda one: self._many(journey, one, wanted)
        )

    def concerned(self, journey: Journey, wanted: Recalled) -> list[Registration]:
        """The registrations that may hold some of the past that a query selects (clause 5.7.4)."""
        index = self._distribution.of(journey.tenant)
        if index is None:
            return []
        selectors = wanted_by(wanted.asked).selectors
        return self._matching(index.candidates(selectors), wanted, *selectors)

    def _matching(
        self, candidates: Iterable[Registration], wanted: Recalled, *selectors: Selector
    ) -> list[Registration]:
        """Those that may have something; that their data are of the past is no reason to leave them out."""
        held = replace(wanted_by(wanted.asked), selectors=selectors, any_time=True)
        history = wanted.history
        about = history.by or TimeProperty.OBSERVED_AT
        return [one for one in candidates if matches(one, held) and may_have(one, history.range, about)]

    # --- one source

    async def _one(
        self, journey: Journey, registration: Registration, entity_id: str, wanted: Recalled
    ) -> Gathered:
        speech = await self._distribution.speech(registration, wanted.asked.terms)
        cover = cover_of(registration, entity_id, None)
        names = None if cover is None or cover.whole else cover.names
        query = [*_shown(wanted, names, speech), *_times(wanted)]
        path = f"/temporal/entities/{quote(entity_id, safe=':')}"

        async def read(body: bytes) -> list[Evolution]:
            return [await read_evolution(body, speech.terms, self._distribution.contexts)]

        gathered, found = await self._ask(journey, registration, speech, path, query, read)
        gathered.told = [_told(registration, one, names) for one in found or () if one.entity_id == entity_id]
        return gathered

    async def _many(self, journey: Journey, registration: Registration, wanted: Recalled) -> Gathered:
        speech = await self._distribution.speech(registration, wanted.asked.terms)
        gathered = Gathered(unfiltered=applied_here(wanted.asked, speech))
        whole = gathered.unfiltered or wanted.asked.split
        if whole:
            wanted = _unrestricted(wanted)
        names = registered_names(registration)
        for pairs in selections(registration, wanted.asked, speech):
            query = [*pairs, *_shown(wanted, names, speech), *_times(wanted)]
            gathered.add(await self._pages(journey, registration, speech, query))
        means = subject_matcher(wanted.asked.query)
        gathered.told = [one for one in gathered.told if means(one.entity_id, one.types)]
        return gathered

    async def _pages(
        self, journey: Journey, registration: Registration, speech: Speech, query: Pairs
    ) -> Gathered:
        """All pages of an answer, within bounds."""

        async def read(body: bytes) -> list[Evolution]:
            return await read_evolutions(body, speech.terms, self._distribution.contexts)

        gathered, names = Gathered(), registered_names(registration)
        for page in range(MOST_PAGES):
            place = [("limit", str(MOST_ENTITIES))] + (
                [("offset", str(page * MOST_ENTITIES))] if page else []
            )
            said, found = await self._ask(
                journey, registration, speech, "/temporal/entities", [*query, *place], read
            )
            gathered.add(said)
            if found is None:
                return gathered
            gathered.told += [_told(registration, one, names) for one in found]
            if len(found) < MOST_ENTITIES:
                return gathered
        gathered.warnings.append(Warning(UNANSWERED, f"{registration.id} has more than was asked for"))
        return gathered

    async def _ask(
        self,
        journey: Journey,
        registration: Registration,
        speech: Speech,
        path: str,
        query: Pairs,
        read: _Reading,
    ) -> tuple[Gathered, list[Evolution] | None]:
        """What an answer says; None where it says nothing that can be used."""
        answer = await self._distribution.ask(journey, registration, speech, "GET", path, query=query)
        gathered = said_by(registration, answer)
        if not answer.good:
            return gathered, None
        if answer.status == 206:
            gathered.warnings.append(Warning(UNANSWERED, f"{registration.id} sent a part of the time only"))
        try:
            return gathered, await read(answer.body)
        except BadRequestData as problem:
            text = f"{registration.id} sent no evolution: {short(problem)}"
            gathered.warnings.append(Warning(INVALID, text))
            return gathered, None


def _unrestricted(wanted: Recalled) -> Recalled:
    """Without what would keep instances back that the query is judged by here."""
    asked = replace(wanted.asked, split=True)
    return Recalled(asked, replace(wanted.history, names=(), last_n=None))


def _shown(wanted: Recalled, registered: frozenset[str] | None, speech: Speech) -> Iterable[tuple[str, str]]:
    query = replace(wanted.asked.query, attributes=wanted.history.names)
    return projection(replace(wanted.asked, query=query, picked=None), registered, speech.terms)


def _times(wanted: Recalled) -> Pairs:
    """Of which instances to tell: each source's newest have the newest of all among them, but raw (4.5.19)."""
    written = wanted.asked.written
    pairs = [(name, written[name]) for name in _TIMES if name in written]
    if wanted.history.last_n is not None and not wanted.history.methods:
        pairs.append(("lastN", str(wanted.history.last_n)))
    return [*pairs, ("options", "sysAttrs")]


def _told(registration: Registration, told: Evolution, names: frozenset[str] | None) -> Told:
    points = (point for point in told.observations if names is None or point.name in names)
    return Told(told.entity_id, told.types, tuple(points), registration.id, registration.mode)
