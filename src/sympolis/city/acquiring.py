"""Makes the coordinator of a city's sources from its package: the one place where the two meet."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.joins import Identities
from sympolis.acquisition.ledger import Ledger
from sympolis.acquisition.retrieval import Retriever
from sympolis.acquisition.translate import Names, Place
from sympolis.city import describing
from sympolis.city.schema import City
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.plugins.connector import Connector


def _now() -> datetime:
    return datetime.now(UTC)


def place(city: City) -> Place:
    """What acquisition needs to know about the city itself."""
    return Place(city.id, city.facts.timezone, city.facts.bbox)


def planned(city: City, identities: Identities | None = None) -> list[PlannedSource]:
    """The city's sources in running order, each with its mapping, file, typed settings and the package's secrets.

    ``identities``: the master data that mappings join to.
    """
    secrets, models = read_secrets(city.folder), describing.registry(city)
    return [
        PlannedSource(
            source,
            city.mappings[source.mapping],
            city.folder / source.path,
            city.settings[source.id],
            secrets=secrets,
            identities=identities,
            door=describing.door(source, city.mappings[source.mapping], models),
        )
        for source in city.sources.values()
    ]


def read_secrets(folder: Path) -> dict[str, str]:
    """The passwords and keys of a package, by name: ``local/secrets.toml``, which no version control sees.

    Raises ``CityPackageInvalid`` where the file is there and cannot be read.
    """
    path = folder / "local" / "secrets.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as cause:
        raise errors.CityPackageInvalid("cannot be read as TOML", where=str(path)) from cause
    wrong = [name for name, value in found.items() if not isinstance(value, str)]
    if wrong:
        raise errors.CityPackageInvalid(
            "a secret is a text", where=f"{path}: {wrong[0]}", hint=f'write {wrong[0]} = "…"'
        )
    return found


def coordinator(  # noqa: PLR0913 - each is a part of its own
    city: City,
    broker: Broker,
    terms: Names,
    *,
    connectors: Mapping[str, Connector],
    ledger: Ledger,
    retriever: Retriever | None = None,
    clock: Callable[[], datetime] = _now,
    identities: Identities | None = None,
) -> Coordinator:
    """The coordinator of the city's sources (see ``Coordinator``)."""
    return Coordinator(
        broker,
        terms,
        place=place(city),
        planned=planned(city, identities),
        connectors=connectors,
        ledger=ledger,
        retriever=retriever,
        clock=clock,
    )
