"""Which types and attributes other brokers have (clauses 5.7.5-5.7.11): asked of those that tell.

What they say becomes profiles, as those of what is here, so that one rule makes the answer of both. A source that does
not answer, or not sensibly, adds nothing: what is available is then told as far as it is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from sympolis.context.distributed.planning import plan_read
from sympolis.context.distributed.service import Distribution
from sympolis.context.distributed.wording import Journey
from sympolis.context.profiles import Profile
from sympolis.context.query import Selector, TypeIs
from sympolis.context.registrations.matching import Wanted, matches
from sympolis.context.registrations.registration import Registration
from sympolis.context.terms import Terms
from sympolis.domain.entity import AttributeKind
from sympolis.domain.errors import BadRequestData

_KINDS = {kind.value: kind for kind in AttributeKind}
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked: of types or of attributes, of all or of one (expanded), briefly or with details."""

    of_types: bool
    name: str | None = None
    details: bool = False

    @property
    def operation(self) -> str:
        """Its name in clause 4.20."""
        stem = "retrieveEntityType" if self.of_types else "retrieveAttrType"
        return stem + ("Info" if self.name is not None else "Details" if self.details else "s")

    @property
    def wanted(self) -> Wanted:
        """Which sources may know."""
        if self.name is None:
            return Wanted()
        if self.of_types:
            return Wanted(selectors=(Selector(TypeIs(self.name)),))
        return Wanted(attributes=frozenset({self.name}))


class Discoverer:
    """Asks sources."""

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution

    async def profiles(self, journey: Journey, inquiry: Inquiry, terms: Terms) -> list[Profile]:
        """What sources say there is, as profiles; counts only where they give them."""
        index = self._distribution.of(journey.tenant)
        if index is None:
            return []
        wanted = inquiry.wanted
        found = [one for one in index.candidates(wanted.selectors) if matches(one, wanted)]
        usable = self._distribution.usable(found)
        travelled = await self._distribution.travelled(journey, usable)
        plan = plan_read((inquiry.operation,), self._distribution.usable(usable), travelled)
        said = await asyncio.gather(*(self._ask(journey, one, inquiry, terms) for one in plan.asked))
        return [profile for some in said for profile in some]

    async def _ask(
        self, journey: Journey, registration: Registration, inquiry: Inquiry, terms: Terms
    ) -> list[Profile]:
        speech = await self._distribution.speech(registration, terms)
        path = "/types" if inquiry.of_types else "/attributes"
        if inquiry.name is not None:
            path += "/" + quote(speech.terms.compact(inquiry.name), safe="")
        query = [("details", "true")] if inquiry.details else []
        answer = await self._distribution.ask(journey, registration, speech, "GET", path, query=query)
        if not answer.good:
            return []
        try:
            return list(_profiles(msgspec.json.decode(answer.body), inquiry, speech.terms))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BadRequestData):
            return []


def _profiles(document: Any, inquiry: Inquiry, terms: Terms) -> Iterator[Profile]:
    if inquiry.name is None and not inquiry.details:
        names = (
            document.get("typeList" if inquiry.of_types else "attributeList") if _is_object(document) else ()
        )
        for name in _expanded(names, terms):
            yield Profile((name,), {}, 0) if inquiry.of_types else Profile((), {name: ()}, 0)
        return
    for one in document[:_MOST] if isinstance(document, list) else [document]:
        if _is_object(one):
            yield from (_of_type if inquiry.of_types else _of_attribute)(one, terms)


def _of_type(document: Mapping[str, Any], terms: Terms) -> Iterator[Profile]:
    """EntityType or EntityTypeInfo (clauses 5.2.25, 5.2.26)."""
    for name in _expanded([document.get("typeName", document.get("id"))], terms):
        attributes: dict[str, tuple[AttributeKind, ...]] = dict.fromkeys(
            _expanded(document.get("attributeNames"), terms), ()
        )
        details = document.get("attributeDetails")
        for one in details if isinstance(details, list) else ():
            if _is_object(one):
                for attribute in _expanded([one.get("attributeName", one.get("id"))], terms):
                    attributes[attribute] = _kinds(one)
        yield Profile((name,), attributes, _count(document.get("entityCount")))


def _of_attribute(document: Mapping[str, Any], terms: Terms) -> Iterator[Profile]:
    """Attribute (clause 5.2.28)."""
    types = tuple(_expanded(document.get("typeNames"), terms))
    for name in _expanded([document.get("attributeName", document.get("id"))], terms):
        kinds = _kinds(document)
        yield Profile(types, {name: kinds[:1]}, _count(document.get("attributeCount")))
        if kinds[1:]:
            yield Profile(types, {name: kinds[1:]}, 0)


def _expanded(names: Any, terms: Terms) -> list[str]:
    """The names that mean something here."""
    if not isinstance(names, list | tuple):
        return []
    return [terms.expand(one) for one in names[:_MOST] if isinstance(one, str) and one]


def _kinds(document: Mapping[str, Any]) -> tuple[AttributeKind, ...]:
    given = document.get("attributeTypes")
    return tuple(_KINDS[one] for one in given if one in _KINDS) if isinstance(given, list) else ()


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)
