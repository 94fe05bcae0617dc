"""The map as the twin draws it: who gives data, who runs it, which services answer whom, who is met, who takes part."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from sympolis.assessment.ecosystem.helices import helix_of
from sympolis.assessment.ecosystem.model import (
    Actor,
    ActorKind,
    Flow,
    FlowKind,
    Helix,
    Layer,
    Map,
    Role,
    Texts,
    between,
)
from sympolis.assessment.ecosystem.seen import (
    FEWEST,
    Seen,
    SeenAgreement,
    SeenGroup,
    SeenPartner,
    SeenService,
    SeenSource,
    owners,
)
from sympolis.assessment.ecosystem.wording import filled, words

TWIN: Final = "twin"
PUBLIC: Final = "group-public"
DECIDERS: Final = "group-deciders"
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_ID: Final = 60


def draw(seen: Seen) -> Map:
    """Everything that the twin knows of its ecosystem; the same twin gives the same map."""
    actors = _first_of_each(
        (*_organisations(seen), _twin(seen), *_services(seen), *_partners(seen), *_people(seen))
    )
    flows = (*_data_in(seen), *_to_services(seen), *_to_partners(seen), *_to_people(seen))
    return Map(
        city=seen.city,
        title=dict(seen.title),
        at=seen.at.isoformat(),
        actors=actors,
        flows=between(flows, actors),
    )


def name_of(prefix: str, text: str) -> str:
    """An id that the same name always gets: readable, and its own where names look alike."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    short = _OTHER.sub("-", plain).strip("-")
    if short and len(short) <= _LONGEST_ID:
        return f"{prefix}-{short}"
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{prefix}-{short[:40].strip('-')}-{mark}".replace("--", "-")


def _first_of_each(actors: Iterable[Actor]) -> tuple[Actor, ...]:
    kept: dict[str, Actor] = {}
    for one in actors:
        kept.setdefault(one.id, one)
    return tuple(kept.values())


def _by_owner(seen: Seen) -> dict[str, list[SeenSource]]:
    found: dict[str, list[SeenSource]] = {}
    for source in seen.sources:
        for owner in owners(source):
            found.setdefault(owner, []).append(source)
    return dict(sorted(found.items()))


def _organisations(seen: Seen) -> Iterator[Actor]:
    given = _by_owner(seen)
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
        domains=_domains(sources),
        risks=_risks(sources),
        links=tuple(f"/api/sources/{one.id}" for one in sources),
    )


def _domains(sources: Iterable[SeenSource]) -> tuple[str, ...]:
    return tuple(sorted({theme for one in sources for theme in one.themes}))


def _risks(sources: list[SeenSource]) -> tuple[str, ...]:
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
            domains=_domains(_feeding(seen, one)),
            risks=() if one.runs_here else ("does-not-run",),
            description=dict(one.audience),
            links=(f"/api/services/{one.id}",),
        )


def _feeding(seen: Seen, service: SeenService) -> list[SeenSource]:
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


def _flow(  # noqa: PLR0913 - a line of the picture: each keyword is one part of it
    kind: FlowKind,
    source: str,
    target: str,
    title: Texts,
    *,
    items: Iterable[str] = (),
    domains: tuple[str, ...] = (),
    rules: Iterable[str] = (),
    risks: tuple[str, ...] = (),
) -> Flow:
    return Flow(
        id=f"{kind}.{source}.{target}",
        kind=kind,
        source=source,
        target=target,
        title=title,
        items=tuple(items),
        domains=domains,
        rules=tuple(rules),
        risks=risks,
    )


def _data_in(seen: Seen) -> Iterator[Flow]:
    yield _flow(FlowKind.OVERSIGHT, name_of("org", seen.operator), TWIN, filled("flows", "runs"))
    for owner, sources in _by_owner(seen).items():
        licences = sorted({f"licence:{one.licence}" for one in sources if one.licence})
        yield _flow(
            FlowKind.DATA,
            name_of("org", owner),
            TWIN,
            filled("flows", "data-in", n=len(sources)),
            items=(one.id for one in sources),
            domains=_domains(sources),
            rules=(*licences, *(("policy",) if any(one.policy for one in sources) else ())),
            risks=_risks(sources),
        )


def _to_services(seen: Seen) -> Iterator[Flow]:
    for one in seen.services:
        feeding = _feeding(seen, one)
        yield _flow(
            FlowKind.DATA,
            TWIN,
            name_of("service", one.id),
            filled("flows", "data-to-service", n=len(one.needs)),
            items=sorted({it.id for it in feeding}),
            domains=_domains(feeding),
            risks=() if one.runs_here else ("does-not-run",),
        )
        yield _flow(
            FlowKind.SERVICE,
            name_of("service", one.id),
            _asked_by(seen),
            filled("flows", "answers"),
        )


def _asked_by(seen: Seen) -> str:
    """Who puts questions to services: people who work with the twin, else the public."""
    return next((name_of("group", one.id) for one in seen.groups if not one.gives), PUBLIC)


def _to_partners(seen: Seen) -> Iterator[Flow]:
    for partner in seen.partners:
        there = name_of("partner", partner.id)
        ours = [one for one in seen.agreements if one.partner == partner.id]
        given, got = [one for one in ours if one.provides], [one for one in ours if not one.provides]
        if given:
            yield _contracted(TWIN, there, given, "contract-out")
        if got:
            yield _contracted(there, TWIN, got, "contract-in")
        if partner.active:
            yield _flow(FlowKind.KNOWLEDGE, TWIN, there, filled("flows", "acquainted"))
            yield _flow(FlowKind.KNOWLEDGE, there, TWIN, filled("flows", "acquainted"))


def _contracted(source: str, target: str, agreements: list[SeenAgreement], name: str) -> Flow:
    return _flow(
        FlowKind.DATA,
        source,
        target,
        filled("flows", name, n=len(agreements)),
        items=sorted({one.dataset for one in agreements}),
        rules=("contract",),
    )


def _to_people(seen: Seen) -> Iterator[Flow]:
    if seen.released:
        yield _flow(FlowKind.DATA, TWIN, PUBLIC, filled("flows", "open-data", n=seen.released))
    if seen.decisions:
        yield _flow(FlowKind.KNOWLEDGE, TWIN, DECIDERS, filled("flows", "decisions", n=seen.decisions))
    for one in seen.groups:
        yield from _of_group(one)


def _of_group(group: SeenGroup) -> Iterator[Flow]:
    there = name_of("group", group.id)
    if group.gives:
        yield _flow(FlowKind.FEEDBACK, there, TWIN, filled("flows", "feedback"), rules=("moderation",))
    yield _flow(FlowKind.SERVICE, TWIN, there, filled("flows", "uses"), rules=("roles",))
