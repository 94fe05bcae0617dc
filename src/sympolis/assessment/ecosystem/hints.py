"""Who is missing: parts of the helix, roles, data; and what hangs on one thread alone.

A hint names what it rests on, so that whoever doubts it can look. ``subject`` tells hints of one name apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sympolis.assessment.ecosystem.actors import name_of
from sympolis.assessment.ecosystem.model import Actor, ActorKind, FlowKind, Helix, Map, Role, Texts
from sympolis.assessment.ecosystem.seen import Seen, SeenService, owners
from sympolis.assessment.ecosystem.wording import hint_texts, words

MUCH: Final = 0.5
"""A source or an owner carries much where more than this share of the services that run would not run without it."""
_FEWEST_SERVICES: Final = 2
_LOOKED_FOR: Final = (Role.CONTRIBUTOR, Role.STEWARD, Role.USER, Role.BENEFICIARY, Role.REGULATOR)
_ASKED: Final = (Helix.GOVERNMENT, Helix.BUSINESS, Helix.ACADEMIA, Helix.CIVIL_SOCIETY)
_ORDER: Final = (
    "need-uncovered",
    "source-carries-much",
    "owner-carries-much",
    "helix-missing",
    "role-missing",
    "helix-alone",
    "role-alone",
    "helix-unknown",
    "nothing-back",
)
_NOT_COUNTED: Final = (ActorKind.SERVICE, ActorKind.TWIN, ActorKind.PROGRAMME)


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint; ``actors`` are those it is about, ``items`` sources, services or kinds of data."""

    name: str
    subject: str
    text: Texts
    todo: Texts
    actors: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name and subject."""
        return f"{self.name}:{self.subject}" if self.subject else self.name

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "id": self.id,
            "name": self.name,
            "text": self.text,
            "todo": self.todo,
            "actors": list(self.actors),
            "items": list(self.items),
        }


def hints(found: Map, seen: Seen) -> list[Hint]:
    """Every hint about this map, the most pressing first."""
    given = (
        *_needs(seen),
        *_sources(seen),
        *_owners(seen),
        *_helices(found),
        *_roles(found),
        *_one_way(found),
    )
    return sorted(given, key=lambda one: (_ORDER.index(one.name), one.subject))


def _hint(
    name: str, subject: str, *, actors: tuple[str, ...] = (), items: tuple[str, ...] = (), **values: object
) -> Hint:
    text, todo = hint_texts(name, **values)
    return Hint(name, subject, text, todo, actors, items)


def _people(found: Map) -> list[Actor]:
    """Actors that stand for somebody: no services, nor programmes that are merely known."""
    return [one for one in found.actors if one.kind not in _NOT_COUNTED]


def _helices(found: Map) -> Iterator[Hint]:
    people = _people(found)
    for helix in _ASKED:
        there = [one for one in people if one.helix is helix]
        title = words()["helices"][helix]
        if not there:
            yield _hint("helix-missing", helix, helix=title)
        elif len(there) == 1:
            yield _hint("helix-alone", helix, actors=(there[0].id,), who=_name(there[0]), helix=title)
    unknown = [one for one in people if one.helix is Helix.UNKNOWN]
    if unknown:
        who = ", ".join(next(iter(_name(one).values())) for one in unknown)
        yield _hint("helix-unknown", "", actors=tuple(one.id for one in unknown), who=who)


def _roles(found: Map) -> Iterator[Hint]:
    people = _people(found)
    for role in _LOOKED_FOR:
        there = [one for one in people if role in one.roles]
        title = words()["roles"][role]
        if not there:
            yield _hint("role-missing", role, role=title)
        elif len(there) == 1 and role in (Role.CONTRIBUTOR, Role.STEWARD):
            yield _hint("role-alone", role, actors=(there[0].id,), who=_name(there[0]), role=title)


def _name(actor: Actor) -> Texts:
    """By language; an organisation's own name is the same in all."""
    own = actor.name.get("")
    return {"it": own, "de": own, "en": own} if own else actor.name


def _one_way(found: Map) -> Iterator[Hint]:
    """Organisations that give data, and to which no other value flows back."""
    gets = {flow.target for flow in found.flows}
    runs = {flow.source for flow in found.flows if flow.kind is FlowKind.OVERSIGHT}
    gives = {flow.source for flow in found.flows if flow.kind is FlowKind.DATA}
    for one in found.actors:
        if one.kind is ActorKind.ORGANISATION and one.id in gives - gets - runs:
            yield _hint("nothing-back", one.id, actors=(one.id,), who=_name(one))


def _needs(seen: Seen) -> Iterator[Hint]:
    lacking: dict[str, tuple[Texts, list[str]]] = {}
    for service in seen.services:
        for text in service.lacks:
            key = text.get("en") or next(iter(text.values()), "")
            lacking.setdefault(key, (dict(text), []))[1].append(service.id)
    for key, (text, services) in lacking.items():
        distinct = tuple(dict.fromkeys(services))
        yield _hint("need-uncovered", name_of("need", key)[5:], items=distinct, what=text, n=len(distinct))


def _running(seen: Seen) -> list[SeenService]:
    return [one for one in seen.services if one.runs_here]


def _sources(seen: Seen) -> Iterator[Hint]:
    """Sources that alone bring a kind of data on which more than half of the running services rest."""
    running = _running(seen)
    brought = Counter(one.entity_type for one in seen.sources)
    for source in seen.sources:
        if brought[source.entity_type] > 1:
            continue
        rests = [one for one in running if source.entity_type in one.needs]
        if _is_much(len(rests), len(running)):
            yield _hint(
                "source-carries-much",
                source.id,
                actors=tuple(name_of("org", one) for one in owners(source)),
                items=(source.id, *(one.id for one in rests)),
                what=dict(source.title),
                who=source.owner,
                n=len(rests),
                of=len(running),
            )


def _owners(seen: Seen) -> Iterator[Hint]:
    """Organisations but the operator without whom more than half of the running services would have no data."""
    running = _running(seen)
    for owner in sorted({name for one in seen.sources for name in owners(one)} - {seen.operator}):
        rests = [one for one in running if _falls(one, owner, seen)]
        if _is_much(len(rests), len(running)):
            yield _hint(
                "owner-carries-much",
                name_of("org", owner),
                actors=(name_of("org", owner),),
                items=tuple(one.id for one in rests),
                who=owner,
                n=len(rests),
                of=len(running),
            )


def _falls(service: SeenService, owner: str, seen: Seen) -> bool:
    """Whether a kind of data that the service needs comes from this owner alone."""
    for kind in service.needs:
        bring = [owners(one) for one in seen.sources if one.entity_type == kind]
        if bring and all(owner in one for one in bring):
            return True
    return False


def _is_much(count: int, of: int) -> bool:
    return count >= _FEWEST_SERVICES and count > MUCH * of
