"""A twin's federation, joined: records in the data folder, calls through the guard, its address when it serves."""

from __future__ import annotations

import ssl
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympolis.api.reading import is_listed
from sympolis.api.twin.quality import badge_now
from sympolis.city.schema import City
from sympolis.dataspace.calls import Answer, Calls
from sympolis.dataspace.credentials.x509 import check_roots
from sympolis.dataspace.discovery.benchmarks import Backing, Benchmarks
from sympolis.dataspace.discovery.catalogues import Catalogues
from sympolis.dataspace.discovery.dcat import DcatCatalogues
from sympolis.dataspace.discovery.discovery import Discovery
from sympolis.dataspace.discovery.links import ContextLinks
from sympolis.dataspace.discovery.matrix import Matrix, Ours
from sympolis.dataspace.discovery.open_needs import OpenNeeds
from sympolis.dataspace.federation import Federation, Self
from sympolis.dataspace.matching.desk import MatchDesk
from sympolis.dataspace.matching.profiling import About, Dataset, Profiler
from sympolis.dataspace.partners.partner import Partner
from sympolis.dataspace.records import Records
from sympolis.dataspace.simpl.onboarding import Authority
from sympolis.dataspace.simpl.plan import load as load_simpl
from sympolis.domain import errors
from sympolis.egress.http import HttpClient, ResponseTooLarge
from sympolis.orchestration.compatibility import Compatibility
from sympolis.orchestration.gather import Names
from sympolis.plugins import loader
from sympolis.settings import Settings
from sympolis.stores.embedded.federation import FederationBook

if TYPE_CHECKING:
    from sympolis.app.twin import Twin
    from sympolis.context.terms import Terms

FOLDER = "federation"
"""Below the data folder: keys, partners, credentials."""


def open_federation(
    settings: Settings, folder: Path, client: HttpClient, city: City, address: Callable[[], str]
) -> Federation | None:
    """The federation of a twin; None where the extra ``identity`` is not installed: nobody could be known.

    ``address`` is where the server was found to listen; the setting ``public_url`` goes before it.
    Raises ``SettingsInvalid`` for a plan of SIMPL with a mistake, or roots that cannot be read.
    """
    if find_spec("joserfc") is None:
        return None
    public = settings.public_url.rstrip("/")
    own = Self(city.facts.title, lambda: public or address())
    records, roots = open_records(settings, folder), _client_roots(settings)
    found = Federation(own, records, calls_through(client), client_roots=roots)
    if settings.simpl:
        plan = load_simpl(Path(settings.simpl))
        found.simpl = Authority(plan, found.records, found.calls, own.did)
    return found


def _client_roots(settings: Settings) -> bytes:
    """Whose client certificates prove partners; nothing where none do. Raises ``SettingsInvalid``."""
    if not settings.tls_client_roots:
        return b""
    try:
        return check_roots(Path(settings.tls_client_roots).read_bytes())
    except (OSError, errors.Unauthenticated) as problem:
        raise errors.SettingsInvalid(str(problem), where="tls_client_roots", hint="a PEM file") from problem


def open_records(settings: Settings, folder: Path) -> Records:
    """What is kept of dealings with others. Raises ``StoreUnavailable``."""
    if settings.store == "memory":
        return FederationBook.in_memory()
    return FederationBook.open(folder / FOLDER)


def calls_through(client: HttpClient) -> Calls:
    """The port ``dataspace.calls.Calls`` over this client, and so over its guard."""

    async def call(
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        timeout_s: float = 5.0,
        most_bytes: int = 1 << 20,
        sink: Callable[[bytes], object] | None = None,
    ) -> Answer:
        try:
            found = await client.request(
                method, url, headers=headers, body=body, timeout_s=timeout_s, most_bytes=most_bytes, sink=sink
            )
        except TimeoutError as problem:
            raise errors.SourceFailed(f"did not answer within {timeout_s:g} seconds", where=url) from problem
        except ResponseTooLarge as problem:
            raise errors.SourceFailed(str(problem), where=url) from problem
        except errors.Forbidden as problem:  # by our own guard: no answer of theirs
            raise errors.SourceFailed(problem.message, where=url, hint=problem.hint) from problem
        except (OSError, ssl.SSLError, ValueError, KeyError) as problem:
            raise errors.SourceFailed(f"cannot be asked: {problem}", where=url) from problem
        return Answer(found.status, found.headers, found.body)

    return call


def discover(twin: Twin, terms: Terms) -> None:
    """Let this city's twin find out what its partners offer, need and can, and tell them the same."""
    if twin.federation is not None:
        twin.federation.discovery = _discovery(twin.federation, twin, terms)
        twin.federation.discovery.links.open()


def _discovery(federation: Federation, twin: Twin, terms: Terms) -> Discovery:
    broker, contact, own = twin.ground.broker, federation.contact, federation.own.did

    def comparing(names: Names) -> Compatibility:
        return Compatibility(broker, names, lambda: datetime.now(UTC))

    backing = _backing(twin)
    ours = Ours(twin.desk, terms, comparing, lambda kind: backing(kind).licences, _licence_of_model)
    matrix = Matrix(ours, federation.directory, contact, own)
    needs = OpenNeeds(federation.records, federation.directory, contact, names=terms, comparing=comparing)
    benchmarks = Benchmarks(broker, terms, federation.directory, contact, backing=backing, own=own)
    profiler = Profiler(_about(twin, own), twin.desk, terms, needs=needs, benchmarks=benchmarks)
    return Discovery(
        catalogues=Catalogues(
            federation.directory, dsp=_dsp_catalogue(federation), dcat=DcatCatalogues(federation.calls)
        ),
        matrix=matrix,
        needs=needs,
        benchmarks=benchmarks,
        matching=MatchDesk(
            federation.records, federation.directory, contact, ours=profiler.ours, matrix=matrix
        ),
        links=ContextLinks(
            federation.records,
            twin.ground.sources.registrations,
            terms,
            transfers=lambda: None if federation.dsp is None else federation.dsp.transfers,
            calls=federation.calls,
            credentials=federation.identity,
        ),
    )


def _about(twin: Twin, own: Callable[[], str]) -> About:
    """Who we are to others, and which datasets whoever asks may know of."""

    def listed() -> list[Dataset]:
        city = twin.city
        return [
            Dataset(
                id=one.id, title=one.title, kind=city.mappings[one.mapping].entity_type, licence=one.licence
            )
            for one in city.sources.values()
            if one.mapping in city.mappings and is_listed(one.id)
        ]

    return About(own=own, title=twin.city.facts.title, country=twin.city.facts.country, datasets=listed)


def _dsp_catalogue(federation: Federation) -> Callable[[Partner], Any]:
    async def ask(partner: Partner) -> list[dict[str, Any]]:
        if federation.dsp is None:
            raise errors.SourceFailed("this twin does not speak the Dataspace Protocol", where=partner.id)
        found: list[dict[str, Any]] = await federation.dsp.market.catalogue(partner.id, partner.dsp_url)
        return found

    return ask


_GRADES = ("good", "fair", "poor", "unknown")
"""From the best to the worst."""


def _backing(twin: Twin) -> Callable[[str], Backing]:
    """The sources by the type of entity that they bring."""

    def of(kind: str) -> Backing:
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for one in twin.coordinator.sources():
            told = one.to_json()
            found[told["entity_type"]].append(told)
        sources = found.get(kind, [])
        grades = [badge_now(twin.coordinator, one["id"], one["status"]).grade for one in sources]
        worst = max(grades, key=lambda one: _GRADES.index(one) if one in _GRADES else 0, default="unknown")
        licences = tuple(sorted({str(one["licence"]) for one in sources}))
        return Backing(worst, licences, tuple(sorted(str(one["id"]) for one in sources)))

    return of


def _licence_of_model(simulator: str) -> str:
    known = loader.simulators()
    return str(known.manifest(simulator).licence) if simulator in known else ""
