"""Reading entities that are here and elsewhere (clauses 5.7.1, 5.7.2, 6.3.17)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import msgspec

from sympolis.context.distributed.asking import Answer, Ending
from sympolis.context.distributed.evolutions import Told
from sympolis.context.distributed.merging import Version
from sympolis.context.distributed.planning import plan_read
from sympolis.context.distributed.received import MOST_ENTITIES, read_entities, read_entity
from sympolis.context.distributed.service import Distribution
from sympolis.context.distributed.wording import Journey, Speech
from sympolis.context.evaluate import matcher
from sympolis.context.query import AllOf, AnyOf, NoneOf, Query, Selector, TypeIs
from sympolis.context.registrations.matching import Wanted, cover_of, has_id, matches
from sympolis.context.registrations.registration import Registration
from sympolis.context.subscriptions.parsing import type_text
from sympolis.context.terms import Terms
from sympolis.domain.entity import Entity
from sympolis.domain.errors import BadRequestData

MOST_PAGES = 10
STALE, INVALID, UNANSWERED, FAILED = 110, 111, 199, 299
_AS_WRITTEN = ("q", "scopeQ", "georel", "geometry", "coordinates", "expandValues", "jsonKeys")
"""Filters that are passed on in the client's own words, where its terms are."""


@dataclass(frozen=True, slots=True)
class Warning:
    """Something a client is told about a source that was asked (Table 6.3.17-1)."""

    code: int
    text: str

    def header(self, alias: str) -> str:
        """The value of an ``NGSILD-Warning`` header."""
        return f'{self.code} {alias} "{self.text}"'


@dataclass(slots=True)
class Gathered:
    """What sources said: versions of entities, what these were, warnings, and the warnings that they passed on.

    ``unfiltered``: not all of it satisfies the query, which could not be put to some source.
    """

    versions: list[Version] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)
    relayed: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    unfiltered: bool = False

    def add(self, other: Gathered) -> None:
        """Put what another source said beside it."""
        self.versions += other.versions
        self.warnings += other.warnings
        self.relayed += other.relayed
        self.told += other.told
        self.unfiltered |= other.unfiltered


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query as sources are asked it.

    ``written`` are the client's parameters as it wrote them; ``picked`` the expanded attributes that it wants to see
    (None: any); ``split``: filters are applied here to what all sources together say, and not by them (4.3.6.7).
    """

    query: Query
    terms: Terms
    written: Mapping[str, str] = field(default_factory=dict)
    picked: frozenset[str] | None = None
    datasets: frozenset[str] = frozenset()
    csf: Any = None
    split: bool = False
    by_post: bool = False


class Reader:
    """Asks sources for entities."""

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution

    async def entity(self, journey: Journey, entity_id: str, asked: Asked) -> Gathered:
        """What sources say of one entity."""
        index = self._distribution.of(journey.tenant)
        if index is None:
            return Gathered()
        wanted = replace(wanted_by(asked), selectors=(Selector(_told(asked.query), (entity_id,)),))
        found = [one for one in index.for_entity(entity_id, None) if matches(one, wanted)]
        return await self.gather(
            journey, ("retrieveEntity",), found, lambda one: self._one(journey, one, entity_id, asked)
        )

    async def entities(
        self, journey: Journey, asked: Asked, *, only: frozenset[str] | None = None
    ) -> Gathered:
        """What sources say of all entities that a query selects; ``only`` these registrations, where given."""
        found = [one for one in self.concerned(journey, asked) if only is None or one.id in only]
        return await self.gather(
            journey, ("queryEntity", "queryBatch"), found, lambda one: self._many(journey, one, asked)
        )

    def concerned(self, journey: Journey, asked: Asked) -> list[Registration]:
        """The registrations that may hold entities which a query selects (clause 5.7.2)."""
        index = self._distribution.of(journey.tenant)
        if index is None:
            return []
        wanted = wanted_by(asked)
        return [one for one in index.candidates(wanted.selectors) if matches(one, wanted)]

    async def gather(
        self, journey: Journey, operations: tuple[str, ...], found: Sequence[Registration], ask: Any
    ) -> Gathered:
        """What those say that offer one of the operations and were not asked before, asked all at once."""
        usable = self._distribution.usable(found)
        travelled = await self._distribution.travelled(journey, usable)
        plan = plan_read(operations, self._distribution.usable(usable), travelled)
        gathered = Gathered(
            warnings=[Warning(UNANSWERED, f"{one.id} leads back here: not asked") for one in plan.looping]
        )
        for one in await asyncio.gather(*(ask(one) for one in plan.asked)):
            gathered.add(one)
        return gathered

    # --- one source

    async def _one(
        self, journey: Journey, registration: Registration, entity_id: str, asked: Asked
    ) -> Gathered:
        speech = await self._distribution.speech(registration, asked.terms)
        cover = cover_of(registration, entity_id, None)
        names = None if cover is None or cover.whole else cover.names
        query = [*projection(asked, names, speech.terms), ("options", "sysAttrs")]
        if asked.query.types is not None:
            query.append(("type", type_text(_told(asked.query), speech.terms.compact)))
        path = f"/entities/{quote(entity_id, safe=':')}"
        answer = await self._distribution.ask(journey, registration, speech, "GET", path, query=query)
        said = said_by(registration, answer)
        if answer.good:
            try:
                entity = await read_entity(answer.body, speech.terms, self._distribution.contexts)
            except BadRequestData as problem:
                said.warnings.append(Warning(INVALID, f"{registration.id} sent no entity: {short(problem)}"))
            else:
                if entity.id == entity_id:
                    said.versions.append(_version(registration, entity))
        return said

    async def _many(self, journey: Journey, registration: Registration, asked: Asked) -> Gathered:
        speech = await self._distribution.speech(registration, asked.terms)
        gathered = Gathered()
        here = None
        if not asked.split and applied_here(asked, speech):
            here = matcher(Query(q=asked.query.q, attributes=asked.query.attributes))
            asked = replace(asked, picked=None, query=replace(asked.query, attributes=()))
        post = not registration.supports("queryEntity") or (
            asked.by_post and registration.supports("queryBatch")
        )
        requests = _posts(registration, asked, speech) if post else _gets(registration, asked, speech)
        for query, document in requests:
            gathered.add(await self._pages(journey, registration, speech, query, document))
        if here is not None:
            gathered.versions = [one for one in gathered.versions if here(one.entity)]
        return gathered

    async def _pages(
        self,
        journey: Journey,
        registration: Registration,
        speech: Speech,
        query: list[tuple[str, str]],
        document: Any,
    ) -> Gathered:
        """All pages of an answer, within bounds."""
        gathered = Gathered()
        for page in range(MOST_PAGES):
            place = [("offset", str(page * MOST_ENTITIES))] if page else []
            path, method = ("/entities", "GET") if document is None else ("/entityOperations/query", "POST")
            answer = await self._distribution.ask(
                journey, registration, speech, method, path,
                query=[*query, ("limit", str(MOST_ENTITIES)), *place], document=document,
            )  # fmt: skip
            said = said_by(registration, answer)
            gathered.add(said)
            if not answer.good:
                return gathered
            try:
                found = await read_entities(answer.body, speech.terms, self._distribution.contexts)
            except BadRequestData as problem:
                text = f"{registration.id} sent no entities: {short(problem)}"
                gathered.warnings.append(Warning(INVALID, text))
                return gathered
            gathered.versions += [_version(registration, entity) for entity in found]
            if len(found) < MOST_ENTITIES:
                return gathered
        gathered.warnings.append(Warning(UNANSWERED, f"{registration.id} has more than was asked for"))
        return gathered


def _version(registration: Registration, entity: Entity) -> Version:
    return Version(entity, registration.id, registration.mode)


def _told(query: Query) -> AnyOf | AllOf | TypeIs | None:
    """The types as the type language says them: what somebody may not see is kept from them behind the interfaces."""
    assert not isinstance(query.types, NoneOf)
    return query.types


def wanted_by(asked: Asked) -> Wanted:
    """What registrations are held against for a query."""
    query = asked.query
    selectors = query.selectors
    if not selectors and (query.types is not None or query.ids or query.id_pattern is not None):
        selectors = (Selector(_told(query), query.ids, query.id_pattern),)
    picked = asked.picked or frozenset()
    return Wanted(
        selectors=selectors,
        attributes=frozenset(query.attributes) or picked,
        datasets=asked.datasets,
        geo=None if asked.split else query.geo,
        csf=asked.csf,
        scopes=None if asked.split else query.scopes,
    )


# --- what to ask for


def _gets(
    registration: Registration, asked: Asked, speech: Speech
) -> Iterator[tuple[list[tuple[str, str]], None]]:
    for pairs in selections(registration, asked, speech):
        shown = projection(asked, registered_names(registration), speech.terms)
        yield [*pairs, *shown, ("options", "sysAttrs")], None


def selections(registration: Registration, asked: Asked, speech: Speech) -> Iterator[list[tuple[str, str]]]:
    """The parameters by which a source selects what is asked of it, and no more than is registered of it."""
    for selector in _selectors(registration, asked):
        pairs: list[tuple[str, str]] = []
        if selector.ids:
            pairs.append(("id", ",".join(selector.ids)))
        if selector.id_pattern is not None:
            pairs.append(("idPattern", selector.id_pattern))
        types = _types(registration, selector)
        if types is not None:
            pairs.append(("type", type_text(types, speech.terms.compact)))
        yield [*pairs, *_filters(asked, speech)]


def _posts(
    registration: Registration, asked: Asked, speech: Speech
) -> Iterator[tuple[list[tuple[str, str]], dict[str, Any]]]:
    entities = reduced_selectors(registration, asked, speech.terms)
    if not entities:
        return
    document: dict[str, Any] = {"type": "Query", "entities": entities}
    for name, value in projection(asked, registered_names(registration), speech.terms):
        document[name] = value.split(",")
    filters = dict(_filters(asked, speech))
    geo = {name: filters.pop(name) for name in ("georel", "geometry", "geoproperty") if name in filters}
    if geo:
        document["geoQ"] = {**geo, "coordinates": msgspec.json.decode(filters.pop("coordinates"))}
    for name, value in filters.items():
        document[name] = value.split(",") if name in ("datasetId", "expandValues", "jsonKeys") else value
    yield [("options", "sysAttrs")], document


def reduced_selectors(registration: Registration, asked: Asked, terms: Terms) -> list[dict[str, Any]]:
    """The selectors of a query as documents (clause 5.2.33), reduced to what the source may have."""
    found = []
    for selector in _selectors(registration, asked):
        types = _types(registration, selector)
        one: dict[str, Any] = {"type": "*" if types is None else type_text(types, terms.compact)}
        if selector.ids:
            one["id"] = selector.ids[0] if len(selector.ids) == 1 else list(selector.ids)
        if selector.id_pattern is not None:
            one["idPattern"] = selector.id_pattern
        found.append(one)
    return found


def _selectors(registration: Registration, asked: Asked) -> Iterator[Selector]:
    """The selectors, each with only those ids that the source may have."""
    query = asked.query
    infos = [info for one in registration.information for info in one.entities]
    anything = any(not one.entities for one in registration.information)
    for selector in query.selectors or (Selector(_told(query), query.ids, query.id_pattern),):
        if selector.ids and not anything:
            ids = tuple(one for one in selector.ids if any(has_id(info, one) for info in infos))
            if ids:
                yield replace(selector, ids=ids)
        elif not selector.ids and infos and not anything and all(info.id is not None for info in infos):
            yield replace(selector, ids=tuple(dict.fromkeys(info.id for info in infos if info.id)))
        else:
            yield selector


def _types(registration: Registration, selector: Selector) -> Any:
    """The types to ask for: those wanted and registered, where that can be said (clause 4.3.6.1)."""
    registered = {kind for one in registration.information for info in one.entities for kind in info.types}
    anything = any(
        not one.entities or any(not info.types for info in one.entities) for one in registration.information
    )
    if selector.types is None:
        return None if anything else _any_of(sorted(registered))
    if anything or not isinstance(selector.types, AnyOf):
        return selector.types
    kept = [one for one in selector.types.parts if not isinstance(one, TypeIs) or one.name in registered]
    return selector.types if not kept else kept[0] if len(kept) == 1 else AnyOf(tuple(kept))


def _any_of(names: Sequence[str]) -> Any:
    types = tuple(TypeIs(one) for one in names)
    return types[0] if len(types) == 1 else AnyOf(types)


def registered_names(registration: Registration) -> frozenset[str] | None:
    """The attributes that the source may give; None: any."""
    if any(not one.names for one in registration.information):
        return None
    return frozenset(name for one in registration.information for name in one.names)


def projection(asked: Asked, registered: frozenset[str] | None, terms: Terms) -> Iterable[tuple[str, str]]:
    """Which attributes to send: those that the client wants and the source may give."""
    names = frozenset(asked.query.attributes)
    if asked.picked is not None and not names:
        shown = asked.picked if registered is None else asked.picked & registered
        yield "pick", ",".join(["id", "type", *sorted(terms.compact(name) for name in shown)])
        return
    if not names and registered is None:
        return
    chosen = registered if not names else names if registered is None else names & registered
    if chosen:
        yield "attrs", ",".join(sorted(terms.compact(name) for name in chosen))


def _filters(asked: Asked, speech: Speech) -> Iterable[tuple[str, str]]:
    """The filters that the source is to apply; none where they are applied here to the whole (``split``)."""
    if asked.split or applied_here(asked, speech):
        return
    for name in _AS_WRITTEN:
        if name in asked.written:
            yield name, asked.written[name]
    if asked.query.geo is not None and "geoproperty" in asked.written:
        yield "geoproperty", speech.terms.compact(asked.query.geo.property)
    if "datasetId" in asked.written:
        yield "datasetId", asked.written["datasetId"]


def applied_here(asked: Asked, speech: Speech) -> bool:
    """Whether a source that is spoken to in other terms than the client's cannot be told its query."""
    return speech.terms is not asked.terms and asked.query.q is not None


# --- what came back


def said_by(registration: Registration, answer: Answer) -> Gathered:
    """The warnings that an answer gives rise to (Table 6.3.17-1)."""
    gathered = Gathered()
    relayed = answer.headers.get("ngsild-warning")
    if relayed and relayed.isprintable() and len(relayed) < 2048:
        gathered.relayed.append(relayed)
    if (warning := _warning(registration.id, answer)) is not None:
        gathered.warnings.append(warning)
    return gathered


def _warning(name: str, answer: Answer) -> Warning | None:
    if answer.ending is Ending.INVALID:
        return Warning(INVALID, f"{name} sent no valid answer")
    if answer.ending is not Ending.ANSWERED:
        return Warning(UNANSWERED, f"{name} did not answer: {answer.ending.value}")
    if answer.stale:
        return Warning(STALE, f"{name} was asked before: what it said then")
    if answer.good or answer.status == 404:
        return None
    code = UNANSWERED if answer.status == 508 else FAILED
    return Warning(code, f"{name} answered {answer.status}")


def short(problem: Exception) -> str:
    """A problem's message as it may stand in a header."""
    text = "".join(one if one.isascii() and one.isprintable() and one != '"' else "'" for one in str(problem))
    return text[:160]
