"""What of this twin the map draws, gathered from its parts at the moment somebody asks. There are no persons in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.assessment.observing import has_policy, reads_anew
from sympolis.api.reading import is_listed
from sympolis.assessment.ecosystem import seen
from sympolis.domain.reading import Texts

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.city.schema import City

_MOST_AGREEMENTS: Final = 1000
_USERS: Final[Texts] = {
    "it": "Chi lavora con il gemello",
    "de": "Wer mit dem Zwilling arbeitet",
    "en": "People who work with the twin",
}
_PARTICIPANTS: Final[Texts] = {
    "it": "Chi partecipa",
    "de": "Wer sich beteiligt",
    "en": "People who take part",
}


async def survey(parts: ApiParts) -> seen.Seen:
    """Everything that the map draws of this twin."""
    assert parts.city is not None
    city = parts.city
    sources = tuple(_sources(parts, city))
    return seen.Seen(
        at=datetime.now(UTC),
        city=city.id,
        title=city.facts.title,
        operator=city.facts.operator,
        sources=sources,
        services=tuple([_service(one) for one in await _services(parts)]),
        partners=tuple(_partners(parts)),
        agreements=tuple(_agreements(parts)),
        groups=tuple(_groups(parts)),
        released=sum(_is_public(parts, one.id) for one in sources),
        decisions=0 if parts.decisions is None else len(parts.decisions.list()),
        simpl=parts.federation is not None and parts.federation.simpl is not None,
        climate_plan=bool(city.plans),
    )


def _sources(parts: ApiParts, city: City) -> Iterator[seen.SeenSource]:
    for source in city.sources.values():
        if not is_listed(source.id):
            continue
        mapping = city.mappings.get(source.mapping)
        yield seen.SeenSource(
            id=source.id,
            title=source.title,
            owner=source.owner,
            licence=source.licence,
            entity_type="" if mapping is None else mapping.entity_type,
            themes=source.themes,
            connector=source.connector,
            policy=has_policy(parts, source.id),
            reads_anew=reads_anew(source),
            about_people=source.privacy is not None,
        )


def _is_public(parts: ApiParts, dataset: str) -> bool:
    return parts.governed is None or parts.governed.lifecycle.stage(dataset).is_public


async def _services(parts: ApiParts) -> list[dict[str, Any]]:
    return [] if parts.desk is None else await parts.desk.services()


def _service(one: dict[str, Any]) -> seen.SeenService:
    """``lacks``: what is missing altogether; attributes that a model makes do without are no uncovered need."""
    check = one["check"]
    absent = {need["name"] for needs in check["needs"].values() for need in needs if not need["found"]}
    lacks = [remark["text"] for remark in check["problems"]]
    lacks += [remark["text"] for remark in check.get("without", ()) if remark["need"] in absent]
    return seen.SeenService(
        id=one["id"],
        title=one["title"],
        runs_here=one["runs_here"],
        needs=tuple(sorted({need["type"] for needs in check["needs"].values() for need in needs})),
        lacks=tuple(lacks),
        audience=one["audience"],
    )


def _partners(parts: ApiParts) -> Iterator[seen.SeenPartner]:
    if parts.federation is None:
        return
    for one in parts.federation.directory.everybody():
        yield seen.SeenPartner(
            id=one.id, title=one.title or {"": one.name}, active=one.standing.value == "active"
        )


def _agreements(parts: ApiParts) -> Iterator[seen.SeenAgreement]:
    if parts.contracting is None:
        return
    from sympolis.dataspace.dsp.processes import Agreement
    from sympolis.dataspace.dsp.vocabulary import Side

    for one in parts.contracting.desk.book.page(Agreement, limit=_MOST_AGREEMENTS):
        if one.ended is None:
            yield seen.SeenAgreement(
                id=one.id, partner=one.partner, dataset=one.dataset, provides=one.side is Side.PROVIDER
            )


def _groups(parts: ApiParts) -> Iterator[seen.SeenGroup]:
    """People who have an account, and people who spoke: numbers, no names."""
    if parts.desk is not None:
        yield seen.SeenGroup(id="users", title=_USERS, count=_accounts(parts))
    if parts.participation is not None and parts.participation.desk.projects():
        voices = len(parts.participation.desk.book.voices())
        yield seen.SeenGroup(id="participants", title=_PARTICIPANTS, count=voices, gives=True)


def _accounts(parts: ApiParts) -> int:
    return 0 if parts.governed is None else len(parts.governed.accounts.directory.users())
