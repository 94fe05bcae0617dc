"""The map as the twin draws it: who gives data, who runs it, which services answer whom, who is met, who takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympolis.assessment.ecosystem.actors import (
    DECIDERS,
    PUBLIC,
    TWIN,
    by_owner,
    domains_of,
    everybody,
    feeding,
    name_of,
    risks_of,
)
from sympolis.assessment.ecosystem.model import Flow, FlowKind, Map, Texts, between
from sympolis.assessment.ecosystem.seen import Seen, SeenAgreement, SeenGroup
from sympolis.assessment.ecosystem.wording import filled


def draw(seen: Seen) -> Map:
    """Everything that the twin knows of its ecosystem; the same twin gives the same map."""
    actors = everybody(seen)
    flows = (*_data_in(seen), *_to_services(seen), *_to_partners(seen), *_to_people(seen))
    return Map(
        city=seen.city,
        title=dict(seen.title),
        at=seen.at.isoformat(),
        actors=actors,
        flows=between(flows, actors),
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
    for owner, sources in by_owner(seen).items():
        licences = sorted({f"licence:{one.licence}" for one in sources if one.licence})
        yield _flow(
            FlowKind.DATA,
            name_of("org", owner),
            TWIN,
            filled("flows", "data-in", n=len(sources)),
            items=(one.id for one in sources),
            domains=domains_of(sources),
            rules=(*licences, *(("policy",) if any(one.policy for one in sources) else ())),
            risks=risks_of(sources),
        )


def _to_services(seen: Seen) -> Iterator[Flow]:
    for one in seen.services:
        fed_by = feeding(seen, one)
        yield _flow(
            FlowKind.DATA,
            TWIN,
            name_of("service", one.id),
            filled("flows", "data-to-service", n=len(one.needs)),
            items=sorted({it.id for it in fed_by}),
            domains=domains_of(fed_by),
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
