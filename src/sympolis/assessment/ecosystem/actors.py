"""Who is in the map, as the twin knows it: who gives data, who runs it, services, partners, people."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from sympolis.assessment.ecosystem.helices import helix_of
from sympolis.assessment.ecosystem.model import Actor, ActorKind, Helix, Layer, Role
from sympolis.assessment.ecosystem.seen import (
    FEWEST,
    Seen,
    SeenAgreement,
    SeenPartner,
    SeenService,
    SeenSource,
    owners,
)
from sympolis.assessment.ecosystem.wording import words

TWIN: Final = "twin"
PUBLIC: Final = "group-public"
DECIDERS: Final = "group-deciders"
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_ID: Final = 60


def name_of(prefix: str, text: str) -> str:
    """An id that the same name always gets: readable, and its own where names look alike."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    short = _OTHER.sub("-", plain).strip("-")
    if short and len(short) <= _LONGEST_ID:
        return f"{prefix}-{short}"
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{prefix}-{short[:40].strip('-')}-{mark}".replace("--", "-")


def everybody(seen: Seen) -> tuple[Actor, ...]:
    """All who are in the picture, each once: organisations, the twin, its services, partners, people."""
    return _first_of_each(
        (*_organisations(seen), _twin(seen), *_services(seen), *_partners(seen), *_people(seen))
    )


def _first_of_each(actors: Iterable[Actor]) -> tuple[Actor, ...]:
    kept: dict[str, Actor] = {}
    for one in actors:
        kept.setdefault(one.id, one)
    return tuple(kept.values())


def by_owner(seen: Seen) -> dict[str, list[SeenSource]]:
    """Sources by the organisations that own them."""
    found: dict[str, list[SeenSource]] = {}
    for source in seen.sources:
        for owner in owners(source):
            found.setdefault(owner, []).append(source)
    return dict(sorted(found.items()))


def _organisations(seen: Seen) -> Iterator[Actor]:
    given = by_owner(seen)
    yield _organisation(seen.operator, given.get(seen.operator, []), (Role.STEWARD, Role.INTERMEDIARY))
    for owner, sources in given.items():
        yield _organisation(owner, sources, ())


def _organisation(name: str, sources: list[SeenSource], more: tuple[Role, ...]) -> Actor:
    gives = (Role.CONTRIBUTOR, Role.STEWARD) if sources else ()
    return Actor(
        id=name_of("org", name),
        kind=ActorKind.ORGANISATION,
        layer=Layer.SOURCES,
        name={"": name},
        roles=tuple(dict.fromkeys((*gives, *more))),
        helix=helix_of(name),
        domains=domains_of(sources),
        risks=risks_of(sources),
        links=tuple(f"/api/sources/{one.id}" for one in sources),
    )


def domains_of(sources: Iterable[SeenSource]) -> tuple[str, ...]:
    """What sources are about, each theme once."""
    return tuple(sorted({theme for one in sources for theme in one.themes}))


def risks_of(sources: list[SeenSource]) -> tuple[str, ...]:
    """What may go wrong with sources, by the codes of ``words.toml``."""
    found = {
        "no-licence": any(not one.licence for one in sources),
        "read-once": bool(sources) and not any(one.reads_anew for one in sources),
        "about-people": any(one.about_people for one in sources),
    }
    return tuple(name for name, there in found.items() if there)


def _twin(seen: Seen) -> Actor:
    return Actor(
        id=TWIN,
        kind=ActorKind.TWIN,
        layer=Layer.TWIN,
        name=dict(seen.title),
        roles=(Role.INTERMEDIARY,),
        helix=helix_of(seen.operator),
        rules=("rulebook", "roles"),
        count=len(seen.sources),
    )


def _services(seen: Seen) -> Iterator[Actor]:
    for one in seen.services:
        yield Actor(
            id=name_of("service", one.id),
            kind=ActorKind.SERVICE,
            layer=Layer.SERVICES,
            name=dict(one.title),
            roles=(Role.INTERMEDIARY,),
            helix=helix_of(seen.operator),
            domains=domains_of(feeding(seen, one)),
            risks=() if one.runs_here else ("does-not-run",),
            description=dict(one.audience),
            links=(f"/api/services/{one.id}",),
        )


def feeding(seen: Seen, service: SeenService) -> list[SeenSource]:
    """The sources that bring what a service needs."""
    return [one for one in seen.sources if one.entity_type in service.needs]


def _partners(seen: Seen) -> Iterator[Actor]:
    for one in seen.partners:
        yield Actor(
            id=name_of("partner", one.id),
            kind=ActorKind.PARTNER,
            layer=Layer.EXCHANGE,
            name=dict(one.title),
            roles=_partner_roles(one, seen.agreements),
            helix=Helix.GOVERNMENT,
            rules=("contract",) if any(it.partner == one.id for it in seen.agreements) else (),
            risks=() if one.active else ("suspended",),
        )


def _partner_roles(partner: SeenPartner, agreements: Iterable[SeenAgreement]) -> tuple[Role, ...]:
    sides = {one.provides for one in agreements if one.partner == partner.id}
    found = (Role.USER,) if True in sides else ()
    return (*found, Role.CONTRIBUTOR) if False in sides else (found or (Role.INTERMEDIARY,))


def _people(seen: Seen) -> Iterator[Actor]:
    if seen.released:
        yield _group(PUBLIC, words()["groups"]["public"], (Role.BENEFICIARY, Role.USER), Helix.CIVIL_SOCIETY)
    if seen.decisions:
        yield _group(DECIDERS, words()["groups"]["deciders"], (Role.BENEFICIARY,), Helix.GOVERNMENT)
    for one in seen.groups:
        roles = (Role.CONTRIBUTOR, Role.BENEFICIARY) if one.gives else (Role.USER,)
        helix = Helix.CIVIL_SOCIETY if one.gives else Helix.GOVERNMENT
        yield _group(
            name_of("group", one.id),
            one.title,
            roles,
            helix,
            count=one.count if one.count >= FEWEST else None,
        )


def _group(
    group: str, title: object, roles: tuple[Role, ...], helix: Helix, *, count: int | None = None
) -> Actor:
    assert isinstance(title, dict)
    return Actor(
        id=group,
        kind=ActorKind.GROUP,
        layer=Layer.PEOPLE,
        name=dict(title),
        roles=roles,
        helix=helix,
        count=count,
    )
