"""The catalogue from what runs: the city's facts, its sources with their last runs, and the interfaces that answer.

Pure: callers hand over the sources as ``GET /api/sources`` gives them, so the catalogue cannot claim what the twin
does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.model import (
    Agent,
    Catalogue,
    DataService,
    Dataset,
    Distribution,
    Figure,
    Model,
    Need,
    Quality,
    Texts,
)
from sympolis.governance.catalogue.terms import NO_TERMS, Terms
from sympolis.governance.interfaces import INTERFACES, Interface
from sympolis.governance.lifecycle.stages import Stage
from sympolis.governance.policy.assets import AssetKind
from sympolis.governance.policy.durations import parse_duration
from sympolis.governance.quality.badge import badge_of_data

Json = Mapping[str, Any]

GEO_JSON: Final = "application/geo+json"
LD_JSON: Final = "application/ld+json"
PARQUET: Final = "application/vnd.apache.parquet"
CSV: Final = "text/csv"
_METADATA_LICENCE: Final = "CC0-1.0"
_ENTITIES: Final = {
    "it": "Entità con la loro storia (NGSI-LD)",
    "de": "Entitäten mit ihrer Geschichte (NGSI-LD)",
    "en": "Entities with their history (NGSI-LD)",
}
_FEATURES: Final = {
    "it": "Elementi per le mappe (GeoJSON)",
    "de": "Objekte für Karten (GeoJSON)",
    "en": "Features for maps (GeoJSON)",
}
_FILES: Final = (
    (
        "parquet",
        PARQUET,
        {"it": "File GeoParquet", "de": "Datei (GeoParquet)", "en": "File (GeoParquet)"},
    ),
    ("csv", CSV, {"it": "Tabella CSV", "de": "Tabelle (CSV)", "en": "Table (CSV)"}),
)
"""Downloads of a whole dataset: the value of ``f``, its media type, its title."""

_FREQUENCIES: Final = (
    (timedelta(minutes=30), "CONT"),
    (timedelta(hours=2), "HOURLY"),
    (timedelta(days=1), "DAILY"),
    (timedelta(days=7), "WEEKLY"),
    (timedelta(days=31), "MONTHLY"),
    (timedelta(days=92), "QUARTERLY"),
    (timedelta(days=366), "ANNUAL"),
)
"""Up to this interval, this code of the EU frequency vocabulary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """What the catalogue says about the twin itself. ``base_url`` is how the reader reached it."""

    base_url: str
    title: Texts
    description: Texts
    operator: str
    contact: str | None = None
    """A page where people reach whoever answers for the data."""
    languages: tuple[str, ...]
    bbox: tuple[float, float, float, float] | None = None
    collections: frozenset[str] = frozenset()
    """Entity types that have a collection of OGC API Features: those with a location."""
    types: Mapping[str, str] = field(default_factory=dict)
    """The IRI of each entity type: a type by its short name means another thing without the city's @context."""
    context: str = ""
    """The address of that @context."""


def build_catalogue(
    twin: Twin,
    sources: Iterable[Json],
    models: Iterable[Json] = (),
    services: Iterable[Json] = (),
    *,
    terms: Terms = NO_TERMS,
) -> Catalogue:
    """The catalogue of ``twin`` with a dataset for each source, its interfaces and models.

    ``models`` are as ``GET /api/models`` gives them, with what plugins say (``owner``, ``licence``, ``standards``);
    ``services`` answer questions with models, as ``GET /api/services`` gives them; ``terms`` say by the names of
    policies on which terms each thing is offered.
    """
    root = f"{twin.base_url}/catalogue"
    datasets = tuple(build_dataset(twin, source, terms) for source in sources)
    return Catalogue(
        iri=root,
        title=twin.title,
        description=twin.description or twin.title,
        publisher=_publisher(twin),
        homepage=f"{twin.base_url}/",
        languages=twin.languages,
        licence=licence_of(_METADATA_LICENCE).iri,
        bbox=twin.bbox,
        datasets=datasets,
        services=(
            *_services(twin, root, datasets, terms),
            *(build_service(twin, one, terms) for one in services),
        ),
        models=tuple(build_model(twin, one, datasets, terms) for one in models),
    )


def build_dataset(twin: Twin, source: Json, terms: Terms = NO_TERMS) -> Dataset:
    """The dataset that comes of one source.

    Where other sources give entities of its type, too, ``own`` is the NGSI-LD query (``q``, ``attrs``) for its part.
    """
    run = source.get("last_run")
    iri = f"{twin.base_url}/catalogue/datasets/{quote(source['id'])}"
    return Dataset(
        iri=iri,
        id=source["id"],
        title=source["title"],
        description=source.get("description") or source["title"],
        publisher=_publisher(twin),
        creator=Agent(name=source["owner"]),
        licence=source["licence"],
        attribution=source["attribution"],
        landing_page=source["url"],
        keywords=(source["entity_type"],),
        themes=tuple(source.get("themes", ())),
        high_value=tuple(source.get("high_value", ())),
        bbox=twin.bbox,
        frequency=frequency_of(source.get("refresh_every") or source["schedule"]),
        modified=None if run is None else _instant(run["finished_at"]),
        oldest_observation=_instant(source.get("covers", {}).get("from")),
        newest_observation=_instant(source.get("newest_observation")),
        version=None if run is None else run["data_version"],
        status=source["status"],
        stage=Stage(source.get("stage", Stage.RELEASED)),
        restricted=source.get("restricted", False),
        entity_type=source["entity_type"],
        quality=None if run is None else _quality(run, f"{twin.base_url}/catalogue#accepted-share"),
        evaluation=next((one for one in source.get("evaluations", ()) if one["taken"]), None),
        badge=badge_of_data(source.get("evaluations", ()), source["status"]),
        distributions=_distributions(twin, iri, source),
        offers=terms.offers(AssetKind.DATASET, source["id"], iri),
    )


def frequency_of(schedule: str) -> str:
    """The EU frequency code of a schedule: ``once`` or an ISO 8601 duration."""
    if schedule == "once":
        return "NEVER"
    interval = parse_duration(schedule)
    return next((code for longest, code in _FREQUENCIES if interval <= longest), "IRREG")


def _quality(run: Json, metric: str) -> Quality | None:
    read, finished = run["read"], _instant(run["finished_at"])
    if not read or finished is None:
        return None
    return Quality(metric=metric, read=read, accepted=1 - run["quarantined"] / read, at=finished)


def _distributions(twin: Twin, iri: str, source: Json) -> tuple[Distribution, ...]:
    kind, licence = quote(source["entity_type"], safe=""), licence_of(source["licence"]).iri
    found = [
        Distribution(
            iri=f"{iri}#entities",
            title=_ENTITIES,
            access_url=f"{twin.base_url}/ngsi-ld/v1/entities?type={_type(twin, source)}{_own(source)}",
            context=twin.context,
            media_type=LD_JSON,
            licence=licence,
            service=f"{twin.base_url}/catalogue/services/ngsi-ld",
        )
    ]
    if source["entity_type"] in twin.collections and source.get("own"):
        found.append(_file(twin, iri, source, "geojson", GEO_JSON, _FEATURES))
    elif source["entity_type"] in twin.collections:
        items = f"{twin.base_url}/ogc/collections/{kind}/items"
        found.append(
            Distribution(
                iri=f"{iri}#features",
                title=_FEATURES,
                access_url=items,
                media_type=GEO_JSON,
                licence=licence,
                service=f"{twin.base_url}/catalogue/services/ogc",
                download_url=f"{items}?limit=1000",
            )
        )
    return (*found, *_files(twin, iri, source))


def _type(twin: Twin, source: Json) -> str:
    return quote(twin.types.get(source["entity_type"], source["entity_type"]), safe="")


def _own(source: Json) -> str:
    """What selects the source's part of its type's entities, to be appended; nothing where it gives all of them."""
    return "".join(f"&{name}={quote(text, safe='')}" for name, text in source.get("own", {}).items())


def _files(twin: Twin, iri: str, source: Json) -> Iterator[Distribution]:
    """The whole dataset as a file of each kind."""
    for name, media, title in _FILES:
        yield _file(twin, iri, source, name, media, title)


def _file(twin: Twin, iri: str, source: Json, name: str, media: str, title: Texts) -> Distribution:
    url = f"{twin.base_url}/api/datasets/{quote(source['id'], safe='')}/download?f={name}"
    return Distribution(
        iri=f"{iri}#{name}",
        title=title,
        access_url=url,
        media_type=media,
        licence=licence_of(source["licence"]).iri,
        service=f"{twin.base_url}/catalogue/services/downloads",
        download_url=url,
    )


def _publisher(twin: Twin) -> Agent:
    return Agent(name=twin.operator, page=twin.contact)


def _services(twin: Twin, root: str, datasets: Sequence[Dataset], terms: Terms) -> Iterator[DataService]:
    """Every interface, with the datasets that it gives, by a distribution or in another form."""
    located = tuple(one for one in datasets if one.entity_type in twin.collections)
    observed = tuple(one for one in datasets if one.newest_observation is not None)
    given = {
        "ogc": located,
        "tiles": located,
        "edr": located,
        "sensorthings": observed,
        "ldes": tuple(datasets),
    }
    for one in INTERFACES:
        iri = f"{root}/services/{one.id}"
        served = given.get(one.id) or tuple(
            found for found in datasets if any(way.service == iri for way in found.distributions)
        )
        yield _service(twin, iri, one, served, terms)


def _service(
    twin: Twin, iri: str, interface: Interface, served: Sequence[Dataset], terms: Terms
) -> DataService:
    return DataService(
        iri=iri,
        id=interface.id,
        title=interface.title,
        description=interface.description,
        endpoint_url=f"{twin.base_url}{interface.path}",
        conforms_to=interface.standard,
        endpoint_description=f"{twin.base_url}/openapi.json",
        page=f"{twin.base_url}/docs",
        publisher=_publisher(twin),
        serves=tuple(one.iri for one in served),
        high_value=tuple(sorted({category for one in served for category in one.high_value})),
        restricted=terms.restricts(AssetKind.SERVICE, interface.id),
        offers=terms.offers(AssetKind.SERVICE, interface.id, iri),
    )


def build_model(twin: Twin, model: Json, datasets: Sequence[Dataset], terms: Terms = NO_TERMS) -> Model:
    """A model that is set up in the city, with the datasets that it works on."""
    iri = f"{twin.base_url}/catalogue/models/{quote(model['id'])}"
    address = f"{twin.base_url}/api/models/{quote(model['id'], safe='')}"
    calibration = model.get("calibration")
    return Model(
        iri=iri,
        id=model["id"],
        simulator=model.get("simulator", ""),
        title=model["title"],
        description=model["description"] or model["title"],
        version=model["version"],
        publisher=_publisher(twin),
        creator=Agent(name=model.get("owner") or twin.operator),
        licence=model.get("licence", ""),
        endpoint_url=f"{twin.base_url}/api/scenarios",
        endpoint_description=address,
        page=f"{twin.base_url}/docs",
        standards=tuple(model.get("standards", ())),
        needs=tuple(_need(one, datasets) for one in model.get("needs", ())),
        gives=tuple(one["title"] for one in model.get("indicators", ())),
        validity=model.get("validity", {}),
        runs_here=model.get("runs_here", True),
        calibrated=None if calibration is None else _instant(calibration["at"]),
        figures=tuple(_figures(calibration)),
        restricted=terms.restricts(AssetKind.MODEL, model["id"]),
        offers=terms.offers(AssetKind.MODEL, model["id"], iri),
    )


def build_service(twin: Twin, service: Json, terms: Terms = NO_TERMS) -> DataService:
    """A service that answers a question of the city with its models."""
    iri = f"{twin.base_url}/catalogue/services/{quote(service['id'])}"
    address = f"{twin.base_url}/api/services/{quote(service['id'], safe='')}"
    models = dict.fromkeys([service["model"], *(step["model"] for step in service.get("chain", ()))])
    return DataService(
        iri=iri,
        id=service["id"],
        title=service["title"],
        description=service.get("question") or service["title"],
        endpoint_url=address,
        endpoint_description=f"{twin.base_url}/openapi.json",
        conforms_to=None,
        page=f"{twin.base_url}/docs",
        publisher=_publisher(twin),
        requires=tuple(f"{twin.base_url}/catalogue/models/{quote(name)}" for name in models),
        answers=True,
        restricted=terms.restricts(AssetKind.SERVICE, service["id"]),
        offers=terms.offers(AssetKind.SERVICE, service["id"], iri),
    )


def _need(need: Json, datasets: Sequence[Dataset]) -> Need:
    return Need(
        type=need["type"],
        attributes=tuple(need["attributes"]),
        met=need["met"],
        datasets=tuple(one.iri for one in datasets if one.entity_type == need["type"]),
    )


def _figures(calibration: Json | None) -> Iterator[Figure]:
    """What the calibration came to, where it is a number."""
    for part, figures in ({} if calibration is None else calibration["figures"]).items():
        for name, value in figures.items():
            if value is not None:
                yield Figure(name=name, part=part, value=value)


def _instant(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
