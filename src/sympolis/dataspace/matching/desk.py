"""Matches across federated twins: profiles of partners are asked for, parties without a twin are written by hand."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sympolis.dataspace.discovery import reading
from sympolis.dataspace.discovery.matrix import Matrix
from sympolis.dataspace.discovery.shelf import Shelf, is_partial
from sympolis.dataspace.matching.profile import Profile, read, to_json
from sympolis.dataspace.matching.scoring import WEIGHTS, alike, matched, score
from sympolis.dataspace.partners.contact import Contact
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Partner
from sympolis.dataspace.records import Records
from sympolis.domain import errors

Json = dict[str, Any]
PATH: Final = "/api/federation/shared/profile"
FRESH_S: Final = 600.0
MOST_PARTIES: Final = 500
_KIND: Final = "party-profile"
_MEMBERS: Final = frozenset(
    {"name", "title", "kind", "country", "helix", "residents", "density", "needs", "offers"}
)


class MatchDesk:
    """See the module. ``ours`` derives our own profile at the moment of the question."""

    def __init__(
        self,
        records: Records,
        directory: PartnerDirectory,
        contact: Contact,
        *,
        ours: Callable[[], Awaitable[Profile]],
        matrix: Matrix,
    ) -> None:
        self._records = records
        self._contact = contact
        self._matrix = matrix
        self.ours = ours
        self.shelf: Shelf[Profile] = Shelf(directory, self._ask, fresh_s=FRESH_S)

    async def matches(self, *, anew: bool = False) -> Json:
        """Everybody who is known, ranked by the reasons to work together."""
        own = await self.ours()
        told = await self.shelf.gather(anew=anew)
        verdicts = await self._verdicts()
        rows = [_match(own, one, verdicts.get(one.id, {})) for one in self._everybody(told)]
        return {
            "ours": to_json(own),
            "matches": sorted(rows, key=lambda row: (-row["score"], row["name"], row["id"])),
            "partners": [one.status() for one in told],
            "partial": is_partial(told),
        }

    async def twinning(self, *, anew: bool = False) -> Json:
        """Cities by their likeness with ours, the most alike first."""
        own = await self.ours()
        told = await self.shelf.gather(anew=anew)
        rows = [
            {"id": one.id, "name": one.name, "title": one.title, **alike(own, one).to_json()}
            for one in (it.value for it in told)
            if one is not None
        ]
        return {
            "weights": dict(WEIGHTS),
            "cities": sorted(rows, key=lambda row: (-(row["likeness"] or 0.0), row["name"])),
            "partners": [one.status() for one in told],
            "partial": is_partial(told),
        }

    # --- parties without a twin

    def parties(self) -> list[Profile]:
        """Every profile written by hand, by name."""
        return sorted(self._records.all(_KIND, Profile), key=lambda one: (one.name.lower(), one.id))

    def add(self, given: Mapping[str, Any], *, by: str) -> Profile:
        """A new profile. Raises ``InvalidRequest``, ``QuotaExceeded``."""
        if unknown := sorted(set(given) - _MEMBERS):
            raise errors.InvalidRequest("is not known here", where=unknown[0][:60])
        name = reading.text(given.get("name"), 200)
        if not name:
            raise errors.InvalidRequest("is needed", where="name")
        if len(self._records.all(_KIND, Profile)) >= MOST_PARTIES:
            raise errors.QuotaExceeded(f"at most {MOST_PARTIES} parties", where="parties")
        found = read(given, profile_id=f"party-{secrets.token_hex(4)}", name=name, twin=False)
        made = msgspec.structs.replace(found, author=by, at=datetime.now(UTC).isoformat(timespec="seconds"))
        self._records.keep(_KIND, made.id, made)
        return made

    def remove(self, party: str) -> None:
        """Take a profile away. Raises ``NotFound``."""
        if not self._records.drop(_KIND, party):
            raise errors.NotFound("there is no such party", where=party[:100])

    async def close(self) -> None:
        """End what is under way."""
        await self.shelf.close()

    def _everybody(self, told: list[Any]) -> list[Profile]:
        return [*(one.value for one in told if one.value is not None), *self.parties()]

    async def _verdicts(self) -> dict[str, dict[str, str]]:
        """By partner: which of their services runs on our data."""
        found: dict[str, dict[str, str]] = {}
        for one in await self._matrix.our_column():
            found.setdefault(one["owner"], {})[one["service"]] = one["verdict"]
        return found

    async def _ask(self, partner: Partner) -> Profile:
        found = await self._contact.ask(partner, PATH)
        return read(found if isinstance(found, dict) else {}, profile_id=partner.id, name=partner.name)


def _match(own: Profile, other: Profile, verdicts: Mapping[str, str]) -> Json:
    reasons = matched(own, other, verdicts)
    return {
        "id": other.id,
        "name": other.name,
        "title": other.title,
        "kind": other.kind,
        "country": other.country,
        "helix": other.helix,
        "twin": other.twin,
        "score": score(reasons),
        "reasons": [one.to_json() for one in reasons],
    }
