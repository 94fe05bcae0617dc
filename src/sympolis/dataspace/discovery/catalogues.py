"""The federated catalogue: what partners offer, searched across cities.

Two ways lead to a partner's catalogue, and what is found on both is one entry: the Dataspace Protocol's catalogue
request (with the offers that we can negotiate about), and the public DCAT-AP catalogue (with services and models,
too). A twin has both, others have one of them. Entries belong to the partner who told them, whatever they call
themselves.
"""

from __future__ import annotations

import asyncio
import logging
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sympolis.dataspace.discovery import reading
from sympolis.dataspace.discovery.shelf import Half, Shelf, Told, is_partial
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Kind, Partner
from sympolis.domain import errors

log = logging.getLogger(__name__)

FRESH_S: Final = 600.0
MOST_ENTRIES: Final = 2_000
"""Of one partner: who offers more is a flood, or wants a search of its own."""

COMPUTED: Final = ("service", "model")
"""Kinds of what is called instead of taken; everything else on offer is a dataset."""

DspCatalogue = Callable[[Partner], Awaitable[list[dict[str, Any]]]]
"""The datasets of a partner's DSP catalogue. Raises ``SourceFailed``, ``Forbidden``."""
DcatCatalogue = Callable[[Partner], Awaitable[list["Entry"]]]
"""The entries of a partner's DCAT-AP catalogue. Raises likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing on offer. ``offers`` are ids that a negotiation may start from."""

    id: str
    kind: str = "dataset"
    title: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    licence: str = ""
    formats: tuple[str, ...] = ()
    offers: tuple[Mapping[str, Any], ...] = ()
    page: str = ""
    via: tuple[str, ...] = ()

    def document(self, told: Told[Any] | None) -> dict[str, Any]:
        """The entry as the API shows it."""
        return {
            "partner": None if told is None else told.partner.id,
            "partner_name": "" if told is None else told.partner.name,
            "id": self.id,
            "kind": self.kind,
            "title": dict(self.title),
            "description": dict(self.description),
            "keywords": list(self.keywords),
            "licence": self.licence,
            "formats": list(self.formats),
            "offers": [dict(one) for one in self.offers],
            "page": self.page,
            "via": list(self.via),
            "state": "fresh" if told is None else told.state,
        }


class Catalogues:
    """See the module."""

    def __init__(self, directory: PartnerDirectory, *, dsp: DspCatalogue, dcat: DcatCatalogue) -> None:
        self._dsp = dsp
        self._dcat = dcat
        self.shelf: Shelf[tuple[Entry, ...]] = Shelf(
            directory, self._crawl, fresh_s=FRESH_S, kinds=frozenset(Kind)
        )

    async def search(
        self, wanted: str, *, kind: str = "", partner: str = "", anew: bool = False
    ) -> tuple[list[dict[str, Any]], list[Told[tuple[Entry, ...]]], bool]:
        """The entries that have every word, best first; who told what; and whether somebody is missing."""
        told = await self.shelf.gather(anew=anew)
        chosen = [one for one in told if partner in ("", one.partner.id)]
        found = [(rank(entry, wanted), entry, one) for one in chosen for entry in one.value or ()]
        fitting = [(how, entry, one) for how, entry, one in found if how > 0 and kind in ("", entry.kind)]
        fitting.sort(key=lambda triple: (-triple[0], triple[2].partner.name, triple[1].id))
        return [entry.document(one) for _, entry, one in fitting], told, is_partial(chosen)

    async def _crawl(self, partner: Partner) -> tuple[Entry, ...] | Half[tuple[Entry, ...]]:
        """The catalogues of a partner. Raises ``SourceFailed`` where it gives none."""
        given = await asyncio.gather(*self._ways(partner), return_exceptions=True)
        found: list[Entry] = []
        problems: list[errors.SympolisError] = []
        for one in given:
            if isinstance(one, errors.SympolisError):
                log.info("a catalogue of %s cannot be had: %s", partner.id, one)
                problems.append(one)
            elif isinstance(one, BaseException):
                raise one
            else:
                found += one
        if len(problems) == len(given):
            raise errors.SourceFailed(problems[0].message, where=partner.id)
        entries = merged(found)[:MOST_ENTRIES]
        return Half(entries, problems[0].message) if problems else entries

    def _ways(self, partner: Partner) -> Iterator[Awaitable[list[Entry]]]:
        if partner.kind is not Kind.CATALOGUE:
            yield self._by_dsp(partner)
        if partner.kind is not Kind.CONNECTOR:
            yield self._dcat(partner)

    async def _by_dsp(self, partner: Partner) -> list[Entry]:
        given = await self._dsp(partner)
        return [entry for one in reading.items(given) if (entry := _of_dsp(one)) is not None]


def _of_dsp(one: Mapping[str, Any]) -> Entry | None:
    """A dataset of a DSP catalogue; None for what has no id."""
    dataset = reading.text(one.get("@id"))
    if not dataset:
        return None
    distributions = reading.items(one.get("distribution"), 50)
    kind = reading.text(_member(one, "type"), 100)
    return Entry(
        id=dataset,
        kind=kind if kind in COMPUTED else "dataset",
        title=reading.texts(_member(one, "title") or one.get("edc:name")),
        description=reading.texts(_member(one, "description") or one.get("edc:description")),
        keywords=reading.words(_member(one, "keyword")),
        licence=reading.text(_iri(_member(one, "license"))),
        formats=tuple(dict.fromkeys(reading.text(_iri(_member(d, "format")), 100) for d in distributions)),
        offers=tuple(_offer(offer) for offer in reading.items(one.get("hasPolicy"), 20)),
        via=("dsp",),
    )


def _member(one: Mapping[str, Any], name: str) -> Any:
    """A member by its plain name, or with a prefix that catalogues use."""
    for key in (name, f"dct:{name}", f"dcterms:{name}", f"dcat:{name}"):
        if key in one:
            return one[key]
    return None


def _iri(value: Any) -> Any:
    return value.get("@id") if isinstance(value, Mapping) else value


def _offer(one: Mapping[str, Any]) -> dict[str, Any]:
    """An offer's id and, as far as it is small, its rules as they were given."""
    rules = {name: one[name] for name in ("permission", "prohibition", "obligation") if name in one}
    return {"id": reading.text(one.get("@id")), **(rules if len(str(rules)) < 10_000 else {})}


def merged(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """One entry for what both catalogues tell of; ids may differ by the address before them."""
    found: dict[tuple[str, str], Entry] = {}
    for one in entries:
        key = (one.kind, one.id.rstrip("/").rpartition("/")[2].rpartition(":")[2] or one.id)
        present = found.get(key)
        found[key] = one if present is None else _both(present, one)
    return tuple(found.values())


def _both(first: Entry, second: Entry) -> Entry:
    return replace(
        first,
        title=first.title or second.title,
        description=first.description or second.description,
        keywords=first.keywords or second.keywords,
        licence=first.licence or second.licence,
        formats=tuple(dict.fromkeys((*first.formats, *second.formats))),
        offers=first.offers or second.offers,
        page=first.page or second.page,
        via=tuple(dict.fromkeys((*first.via, *second.via))),
    )


def rank(entry: Entry, wanted: str) -> int:
    """How well an entry fits the words: 0 where one of them is nowhere in it, more for words in its title."""
    asked = _folded(wanted).split()
    title = _folded(" ".join(entry.title.values()))
    rest = _folded(" ".join((*entry.description.values(), *entry.keywords, entry.id, entry.licence)))
    score = 1
    for word in asked:
        if word in title:
            score += 3
        elif word in rest:
            score += 1
        else:
            return 0
    return score


def _folded(said: str) -> str:
    plain = unicodedata.normalize("NFKD", said.casefold())
    return "".join(one for one in plain if not unicodedata.combining(one))


def facets(documents: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """How many of what was found are of each partner, kind and licence."""
    counted: dict[str, dict[str, int]] = {"partner": {}, "kind": {}, "licence": {}}
    for one in documents:
        for name, counts in counted.items():
            value = one[name] or ""
            counts[value] = counts.get(value, 0) + 1
    return counted
