"""Who may do what on this server: directory, roles, policies, audit log and how people prove who they are, joined."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sympolis.api.access import Access
from sympolis.api.auth import Authenticator
from sympolis.api.http import Request
from sympolis.api.parts import Governed
from sympolis.app.owning import Owners
from sympolis.app.voice_key import BYTES, aliases, secret_key
from sympolis.city.governing import Governing, load
from sympolis.context.broker import Broker
from sympolis.context.gated import gated
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.governance.audit.log import AuditLog
from sympolis.governance.identity.accounts import Accounts
from sympolis.governance.identity.directory import Directory
from sympolis.governance.identity.issuer import Issuer
from sympolis.governance.identity.subject import Subject
from sympolis.governance.identity.tokens import IssuedTokens, Trust, refused
from sympolis.governance.lifecycle.lifecycle import Lifecycle
from sympolis.governance.policy.assets import Asset
from sympolis.governance.policy.book import PolicyBook
from sympolis.governance.policy.gate import Gate
from sympolis.governance.policy.release import ByLicence
from sympolis.governance.privacy.erasures import ErasureBook
from sympolis.governance.roles.table import RoleTable
from sympolis.settings import Settings
from sympolis.stores.embedded.audit import EmbeddedTrail
from sympolis.stores.embedded.identity import EmbeddedDirectory

if TYPE_CHECKING:
    from sympolis.app.ground import Ground
    from sympolis.city.schema import City

_PATIENCE_S = 5.0
_MOST_BYTES = 256 * 1024
FOLDER = "identity"
"""Below a data folder: people, keys and policies."""


@dataclass(frozen=True)
class Government:
    """See the module; ``close`` it after the server has stopped answering."""

    governed: Governed
    directory: Directory
    audit: AuditLog
    access: Access | None
    erasures: ErasureBook

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
    lifecycle = Lifecycle(directory, _packaged(rules, city))
    gate = _gate(rules, directory, lifecycle, city=city, terms=terms)
    accounts = Accounts(directory, rules.roles)
    access, issuer = None, _issuer(settings, accounts)
    governed = Governed(
        gate=gate,
        lifecycle=lifecycle,
        accounts=accounts,
        audit=audit,
        issuer=issuer,
        public_url=settings.public_url,
        mode=settings.identity,
    )
    if settings.identity == "required":
        ground.subscriptions.owning = Owners(directory, gate)
        access = Access(
            identities=Authenticator(
                accounts,
                tokens=BothTokens(issuer, _trusted(settings, ground, rules.roles)),
                sessions=issuer,
            ),
            gate=gate,
            audit=audit,
            is_shared=_asks_others(ground),
            alias=_aliases(settings, folder),
        )
    return Government(governed, directory, audit, access, ErasureBook(directory))


def _aliases(settings: Settings, folder: Path) -> Callable[[str], str]:
    made = secrets.token_bytes(BYTES)
    return aliases(lambda: made if settings.store == "memory" else secret_key(folder))


def gated_broker(broker: Broker) -> Broker:
    """The broker as whoever asks may see it."""
    return Broker(gated(broker.store))


def _packaged(rules: Governing, city: City | None) -> ByLicence:
    """What the city's package releases."""
    sources = () if city is None else city.sources.values()
    return ByLicence(rules.release, {source.id: source.licence for source in sources})


def _gate(
    rules: Governing,
    directory: Directory,
    lifecycle: Lifecycle,
    *,
    city: City | None,
    terms: Terms | None,
) -> Gate:
    book = PolicyBook(rules.policies, directory)
    if city is None or terms is None:
        return Gate(book, rules.roles, lifecycle, lambda: ())
    return Gate(
        book,
        rules.roles,
        lifecycle,
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


def _issuer(settings: Settings, accounts: Accounts) -> Issuer | None:
    """The built-in issuer; None where nobody is asked, or where the extra `identity` is not installed: keys do then."""
    if settings.identity != "required" or find_spec("joserfc") is None:
        return None
    return Issuer(accounts)


def _trusted(settings: Settings, ground: Ground, roles: RoleTable) -> IssuedTokens | None:
    """The issuers of others by the settings. Raises ``SettingsInvalid``."""
    if not settings.oidc:
        return None
    if find_spec("joserfc") is None:
        raise errors.SettingsInvalid(
            "tokens need the extra `identity`", where="oidc", hint="pip install 'sympolis[identity]'"
        )
    words = dict(_pair(one, "oidc_roles", "WORD=ROLE") for one in settings.oidc_roles)
    roles.check(words.values(), where="oidc_roles")
    trusts = {}
    for one in settings.oidc:
        issuer, audience = _pair(one, "oidc", "ISSUER=AUDIENCE")
        if urlsplit(issuer).scheme not in ("https", "http"):
            raise errors.SettingsInvalid("an issuer is a URL", where=f"oidc: {one}")
        trusts[issuer] = Trust(issuer, audience, settings.oidc_roles_claim, words)

    async def fetch(url: str) -> bytes:
        found = await ground.client.request(
            "GET",
            url,
            headers=(("accept", "application/json"),),
            timeout_s=_PATIENCE_S,
            most_bytes=_MOST_BYTES,
        )
        if found.status != 200:
            raise OSError(f"{url} answered {found.status}")
        return found.body

    return IssuedTokens(trusts, fetch)


def _pair(text: str, where: str, form: str) -> tuple[str, str]:
    left, sign, right = text.rpartition("=")
    if not sign or not left or not right:
        raise errors.SettingsInvalid(f"expected {form}", where=f"{where}: {text}")
    return left, right


class BothTokens:
    """Tokens of the built-in issuer and those of others: see ``api.auth.Tokens``."""

    def __init__(self, own: Issuer | None, others: IssuedTokens | None) -> None:
        self._own = own
        self._others = others

    async def subject(self, token: str) -> Subject:
        """See ``api.auth.Tokens``."""
        if self._own is not None and self._own.signed(token):
            return await self._own.subject(token)
        if self._others is None:
            raise refused("its issuer is not trusted here")
        return await self._others.subject(token)
