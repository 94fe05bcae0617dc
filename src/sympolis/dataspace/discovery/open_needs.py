"""Open needs: what nobody here has, said to partners, who see whether they could help.

A need names a kind of entity and attributes, so that a partner's twin can count what it has of it without telling more
than the count's yes or no.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sympolis.dataspace.discovery import needing, reading
from sympolis.dataspace.discovery.shelf import Shelf, is_partial
from sympolis.dataspace.partners.contact import Contact
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Partner
from sympolis.dataspace.records import Records
from sympolis.domain import errors
from sympolis.orchestration.compatibility import Compatibility
from sympolis.orchestration.gather import Names
from sympolis.plugins.simulator import Need

Json = dict[str, Any]
PATH: Final = "/api/federation/shared/needs"
FRESH_S: Final = 300.0
_KIND: Final = "open-need"
_MOST: Final = 200
_MOST_ATTRIBUTES: Final = 30


class OpenNeed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that this city looks for. ``type`` and ``attributes`` are IRIs."""

    id: str
    title: dict[str, str]
    description: dict[str, str] = {}
    type: str = ""
    attributes: tuple[str, ...] = ()
    made_at: datetime
    made_by: str = ""
    closed_at: datetime | None = None


class OpenNeeds:
    """See the module."""

    def __init__(
        self,
        records: Records,
        directory: PartnerDirectory,
        contact: Contact,
        *,
        names: Names,
        comparing: Callable[[Names], Compatibility],
    ) -> None:
        self._records = records
        self._contact = contact
        self._names = names
        self._comparing = comparing
        self.shelf: Shelf[list[Json]] = Shelf(directory, self._ask, fresh_s=FRESH_S)

    def ours(self) -> list[Json]:
        """What we look for, newest first."""
        found = sorted(self._records.all(_KIND, OpenNeed), key=lambda one: one.made_at, reverse=True)
        return [self._document(one) for one in found]

    def add(self, given: Mapping[str, Any], *, by: str = "") -> Json:
        """Say that something is looked for. Raises ``InvalidRequest``, ``QuotaExceeded``."""
        title = reading.texts(given.get("title"))
        if not title:
            raise errors.InvalidRequest("expected a title, by language", where="title")
        attributes = given.get("attributes", [])
        fits = isinstance(attributes, list) and len(attributes) <= _MOST_ATTRIBUTES
        if not fits or not all(isinstance(one, str) and one for one in attributes):
            raise errors.InvalidRequest(f"expected at most {_MOST_ATTRIBUTES} names", where="attributes")
        if len(self._records.all(_KIND, OpenNeed)) >= _MOST:
            raise errors.QuotaExceeded(f"at most {_MOST} open needs", where="needs")
        kind = reading.text(given.get("type"), 200)
        made = OpenNeed(
            id=f"need-{secrets.token_hex(6)}",
            title=title,
            description=reading.texts(given.get("description")),
            type=self._names.expand(kind) if kind else "",
            attributes=tuple(self._names.expand(one[:200]) for one in attributes),
            made_at=datetime.now(UTC),
            made_by=by,
        )
        self._records.keep(_KIND, made.id, made)
        return self._document(made)

    def close_need(self, need_id: str) -> Json:
        """It is looked for no longer. Raises ``NotFound``."""
        found = self._records.find(_KIND, need_id, OpenNeed)
        if found is None:
            raise errors.NotFound("there is no such open need", where=need_id[:100])
        closed = msgspec.structs.replace(found, closed_at=found.closed_at or datetime.now(UTC))
        self._records.keep(_KIND, need_id, closed)
        return self._document(closed)

    def shared(self) -> list[Json]:
        """What partners may see: those still open."""
        return [one for one in self.ours() if one["closed_at"] is None]

    async def everybodys(self, *, anew: bool = False) -> Json:
        """Ours and those of partners, each with whether we have what is looked for."""
        told = await self.shelf.gather(anew=anew)
        comparing = self._comparing(self._names)
        theirs = [
            {
                "partner": one.partner.id,
                "partner_name": one.partner.name,
                **need,
                "we_have": await self._have(need, comparing),
            }
            for one in told
            for need in one.value or ()
        ]
        return {
            "ours": self.ours(),
            "theirs": theirs,
            "partners": [one.status() for one in told],
            "partial": is_partial(told),
        }

    async def _have(self, need: Json, comparing: Compatibility) -> int | None:
        """How many of our entities are of the kind and carry one of the attributes; None where it names no kind."""
        if not need["type"]:
            return None
        names = self._names
        kind = Need(
            name="need",
            type=names.compact(need["type"]),
            attributes=tuple(map(names.compact, need["attributes"])),
        )
        [supply] = await comparing.of(needing.model_of("need", repr(kind), [kind]))
        if not kind.attributes:
            return supply.found
        return max((supply.carried.get(one, 0) for one in kind.attributes), default=0)

    async def _ask(self, partner: Partner) -> list[Json]:
        found = await self._contact.ask(partner, PATH)
        given = found.get("needs") if isinstance(found, dict) else None
        return [_read(one) for one in reading.items(given, _MOST)]

    def _document(self, one: OpenNeed) -> Json:
        return {
            "id": one.id,
            "title": one.title,
            "description": one.description,
            "type": one.type,
            "attributes": list(one.attributes),
            "made_at": one.made_at.isoformat(),
            "made_by": one.made_by,
            "closed_at": None if one.closed_at is None else one.closed_at.isoformat(),
        }


def _read(given: Mapping[str, Any]) -> Json:
    return {
        "id": reading.text(given.get("id"), 100),
        "title": reading.texts(given.get("title")),
        "description": reading.texts(given.get("description")),
        "type": reading.text(given.get("type"), 300),
        "attributes": list(reading.words(given.get("attributes", []), _MOST_ATTRIBUTES)),
        "made_at": reading.text(given.get("made_at"), 40),
        "closed_at": None,
    }
