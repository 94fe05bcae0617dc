"""Who may do what on this server: directory, roles, policies, audit log and how people prove who they are, joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sympolis.api.access import Access
from sympolis.api.auth import Authenticator
from sympolis.api.http import Request
from sympolis.api.parts import Governed
from sympolis.app.owning import Owners
from sympolis.city.governing import Governing, load
from sympolis.context.broker import Broker
from sympolis.context.gated import gated
from sympolis.context.terms import Terms
from sympolis.governance.audit.log import AuditLog
from sympolis.governance.identity.accounts import Accounts
from sympolis.governance.identity.directory import Directory
from sympolis.governance.policy.assets import Asset
from sympolis.governance.policy.book import PolicyBook
from sympolis.governance.policy.gate import Gate
from sympolis.governance.policy.release import ByLicence
from sympolis.settings import Settings
from sympolis.stores.embedded.audit import EmbeddedTrail
from sympolis.stores.embedded.identity import EmbeddedDirectory

if TYPE_CHECKING:
    from sympolis.app.ground import Ground
    from sympolis.city.schema import City

FOLDER = "identity"
"""Below a data folder: people, keys and policies."""


@dataclass(frozen=True)
class Government:
    """See the module; ``close`` it after the server has stopped answering."""

    governed: Governed
    directory: Directory
    audit: AuditLog
    access: Access | None

    async def close(self) -> None:
        """Finish the audit log and let go of the files."""
        await self.audit.close()
        self.directory.close()


def open_directory(settings: Settings, folder: Path) -> Directory:
    """The people, keys and policies of a data folder. Raises ``StoreUnavailable``."""
    return (
        EmbeddedDirectory.in_memory()
        if settings.store == "memory"
        else EmbeddedDirectory.open(folder / FOLDER)
    )


def open_trail(settings: Settings, folder: Path) -> EmbeddedTrail:
    """The audit log of a data folder. Raises ``StoreUnavailable``."""
    return EmbeddedTrail.in_memory() if settings.store == "memory" else EmbeddedTrail.open(folder)


def open_government(
    settings: Settings, folder: Path, ground: Ground, *, city: City | None = None, terms: Terms | None = None
) -> Government:
    """What holds on this server. Raises ``CityPackageInvalid`` for mistakes in ``policies/``."""
    rules = load(None if city is None else city.folder)
    directory = open_directory(settings, folder)
    audit = AuditLog(open_trail(settings, folder))
    gate = _gate(rules, directory, city, terms)
    accounts = Accounts(directory, rules.roles)
    governed = Governed(gate=gate, accounts=accounts, audit=audit, mode=settings.identity)
    access = None
    if settings.identity == "required":
        ground.subscriptions.owning = Owners(directory, gate)
        access = Access(
            identities=Authenticator(accounts, tokens=None),
            gate=gate,
            audit=audit,
            is_shared=_asks_others(ground),
        )
    return Government(governed, directory, audit, access)


def gated_broker(broker: Broker) -> Broker:
    """The broker as whoever asks may see it."""
    return Broker(gated(broker.store))


def _gate(rules: Governing, directory: Directory, city: City | None, terms: Terms | None) -> Gate:
    book = PolicyBook(rules.policies, directory)
    if city is None or terms is None:
        return Gate(book, rules.roles, ByLicence(rules.release, {}), lambda: ())
    licences = {source.id: source.licence for source in city.sources.values()}
    return Gate(
        book,
        rules.roles,
        ByLicence(rules.release, licences),
        _datasets(city, terms),
        open_types=frozenset(map(terms.expand, rules.release.types)),
    )


def _datasets(city: City, terms: Terms) -> Callable[[], Sequence[Asset]]:
    """A dataset per source, as in the catalogue, with the type of entity that its mapping makes."""
    found = tuple(
        Asset(source.id, frozenset({terms.expand(city.mappings[source.mapping].entity_type)}))
        for source in city.sources.values()
    )
    return lambda: found


def _asks_others(ground: Ground) -> Callable[[Request], bool]:
    distribution = ground.sources.distribution

    def asks(request: Request) -> bool:
        ours = request.path.startswith("/ngsi-ld")
        return ours and distribution.of(request.header(b"ngsild-tenant") or "") is not None

    return asks
