"""Makes the coordinator of a city's sources from its package: the one place where the two meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.joins import Identities
from sympolis.acquisition.ledger import Ledger
from sympolis.acquisition.retrieval import Retriever
from sympolis.acquisition.source import Source
from sympolis.acquisition.translate import Names, Place
from sympolis.city import describing
from sympolis.city.schema import City
from sympolis.city.secrets import read_secrets
from sympolis.context.broker import Broker
from sympolis.governance.masterdata.model import MemoryBook
from sympolis.plugins.connector import Connector


def _now() -> datetime:
    return datetime.now(UTC)


def place(city: City) -> Place:
    """What acquisition needs to know about the city itself."""
    return Place(city.id, city.facts.timezone, city.facts.bbox)


def planned(city: City, identities: Identities | None = None) -> list[PlannedSource]:
    """The city's sources in running order, each with its mapping, file, typed settings and the package's secrets.

    ``identities``: the master data that mappings join to; without them, the registers alone, of which nobody has
    decided anything yet.
    """
    known = identities or (describing.master_data(city, MemoryBook()) if city.kinds else None)
    secrets, models = read_secrets(city.folder), describing.registry(city)

    def plan(source: Source, settings: Any) -> PlannedSource:
        return PlannedSource(
            source,
            city.mappings[source.mapping],
            city.folder / source.path,
            settings,
            secrets=secrets,
            identities=known,
            door=describing.door(source, city.mappings[source.mapping], models),
        )

    portals = {name: plan(city.sources[name].at_portal, own) for name, own in city.portal_settings.items()}
    return [
        replace(plan(source, city.settings[source.id]), portal=portals.get(source.id))
        for source in city.sources.values()
    ]


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
