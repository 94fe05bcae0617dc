"""From entities with observed attributes to the things of SensorThings, and the ways between them.

An entity is a Thing where some Property of it has been observed; each such property (and dataset) is a Datastream; the
property's name is the ObservedProperty; the Sensor is what ``observedBy`` points to, else the entity itself; its
location is the Location, and the FeatureOfInterest. Ids say what they stand for: ``entity``, ``entity~property``,
``entity~property~time`` (decision 0026).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.sensorthings import model
from sympolis.api.sensorthings.model import Kind
from sympolis.api.sensorthings.units import unit_of_measurement
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.context.codec import LOCATION, Form, render_entity
from sympolis.context.instants import find_instant, format_instant
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import Series
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.later import later

if TYPE_CHECKING:
    import shapely
else:
    shapely = later("shapely")

MARK: Final = "~"
MOST_THINGS: Final = 10_000
"""So many things with observations are looked through at most; a single one is found whatever their number."""
_MOST_PLACES: Final = 1_000
_GEO_JSON: Final = "application/geo+json"
_TYPES: Final = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"
_MOST_MARKS: Final = 16


@dataclass(frozen=True, slots=True)
class Subject:
    """An entity with the newest observation of each of its series."""

    entity: Entity
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One thing of the standard: its kind, id and properties, and what it was made of."""

    kind: Kind
    id: str
    values: Mapping[str, Any]
    subject: Subject
    series: Series | None = None
    """Of Datastreams and Observations."""


class Sensing:
    """Reads everything but Observations."""

    def __init__(self, broker: Broker, terms: Terms) -> None:
        self._broker = broker
        self._terms = terms
        self._known: dict[object, tuple[int, list[Subject]]] = {}
        self._makers = {
            model.THINGS: self._things,
            model.LOCATIONS: self._locations,
            model.DATASTREAMS: self.datastreams,
            model.SENSORS: self._sensors,
            model.OBSERVED: self._properties,
            model.FEATURES: self._features,
        }

    async def all(self, kind: Kind) -> list[Record]:
        """Every record of a kind, in the order of ids. Raises ``TooComplexQuery`` where there are too many."""
        subjects = await self._subjects()
        if kind is model.HISTORICAL:
            ids = [one.entity.id for one in subjects if _is_placed(one.entity)]
            return _unique(await self._historical(subjects, ids))
        return _unique(self._of_subjects(kind, subjects))

    async def get(self, kind: Kind, record_id: str) -> Record | None:
        """One record by id."""
        if kind is model.OBSERVED:
            found = await self.all(kind)
        else:
            entity_id = record_id.partition(MARK)[0]
            subjects = await self._read((entity_id,))
            if kind is model.HISTORICAL or (kind is model.LOCATIONS and MARK in record_id):
                found = await self._historical(subjects, [entity_id])
                if kind is model.LOCATIONS:
                    found = [self._past_location(one) for one in found]
            else:
                found = self._of_subjects(kind, subjects)
            if kind is model.SENSORS and not found:
                found = await self.all(kind)
        return next((one for one in found if one.id == record_id), None)

    async def streams_of(self, entity_id: str) -> list[Record]:
        """The Datastreams of one entity."""
        return self._of_subjects(model.DATASTREAMS, await self._read((entity_id,)))

    async def related(self, record: Record, target: Kind) -> list[Record]:
        """What a record leads to, but for Observations."""
        if record.kind in (model.SENSORS, model.OBSERVED):
            return [one for one in await self.all(model.DATASTREAMS) if self._is_of(one, record)]
        subject = record.subject
        if target is model.HISTORICAL:
            return await self._historical([subject], [subject.entity.id])
        if record.kind is model.HISTORICAL and target is model.LOCATIONS:
            return [self._past_location(record)]
        found = self._of_subjects(target, [subject])
        return [one for one in found if record.series is None or self._belongs(one, record)]

    def _is_of(self, stream: Record, record: Record) -> bool:
        """Whether a Datastream is of this Sensor or ObservedProperty."""
        own = self._name(stream.series)
        return record.id == (
            own if record.kind is model.OBSERVED else self._sensor_id(stream.subject, stream.series)
        )

    def _belongs(self, other: Record, record: Record) -> bool:
        """Whether a thing of the same entity belongs to this Datastream or Observation."""
        if other.kind in (model.SENSORS, model.OBSERVED):
            return self._is_of(record, other)
        return other.series is None or record.series is None or _same(other.series, record.series)

    # --- subjects

    async def _subjects(self) -> list[Subject]:
        position, mark = (await self._broker.status()).position, gated.mark()
        known = self._known.get(mark)
        if known is None or known[0] != position:
            if len(self._known) >= _MOST_MARKS:
                self._known.clear()
            known = self._known[mark] = (position, await self._read(()))
        return known[1]

    async def _read(self, ids: tuple[str, ...]) -> list[Subject]:
        wanted = Query(ids=ids, limit=MOST_THINGS + 1)
        history = await self._broker.history(HistoryQuery(wanted, last_n=1, max_instances=10 * MOST_THINGS))
        by_entity: dict[str, list[Series]] = {}
        for one in history.series:
            if one.kind is AttributeKind.PROPERTY and one.observations:
                by_entity.setdefault(one.entity_id, []).append(one)
        if len(by_entity) > MOST_THINGS or not history.complete:
            raise errors.TooComplexQuery(
                f"there are more than {MOST_THINGS} things", where="path", hint="ask for one by its id"
            )
        if not by_entity:
            return []
        page = await self._broker.query(Query(ids=tuple(by_entity), limit=len(by_entity)))
        return [Subject(entity, tuple(by_entity[entity.id])) for entity in page.entities]

    # --- records

    def _of_subjects(self, kind: Kind, subjects: Iterable[Subject]) -> list[Record]:
        return [record for subject in subjects for record in self._makers[kind](subject)]

    def _things(self, subject: Subject) -> Iterator[Record]:
        shown = self._shown(subject.entity)
        observed = {self._name(one) for one in subject.series}
        own = {key: value for key, value in shown.items() if key not in (*observed, "location", "id")}
        yield Record(model.THINGS, subject.entity.id, {**self._words(subject), "properties": own}, subject)

    def _locations(self, subject: Subject) -> Iterator[Record]:
        if _is_placed(subject.entity):
            place = {"encodingType": _GEO_JSON, "location": subject.entity.value(LOCATION)}
            yield Record(model.LOCATIONS, subject.entity.id, {**self._words(subject), **place}, subject)

    def _features(self, subject: Subject) -> Iterator[Record]:
        if _is_placed(subject.entity):
            place = {"encodingType": _GEO_JSON, "feature": subject.entity.value(LOCATION)}
            yield Record(model.FEATURES, subject.entity.id, {**self._words(subject), **place}, subject)

    def datastreams(self, subject: Subject) -> Iterator[Record]:
        """The Datastreams of a subject."""
        thing = self._words(subject)["name"]
        for series in subject.series:
            name, newest = self._name(series), series.observations[-1]
            values = {
                "name": f"{name} of {thing}",
                "description": f"{name} ({series.name}) of {subject.entity.id}",
                "observationType": _TYPES + _observation_type(newest.value),
                "unitOfMeasurement": unit_of_measurement(newest.unit_code),
                "observedArea": _area(subject.entity),
                "properties": {} if series.dataset_id is None else {"datasetId": series.dataset_id},
            }
            yield Record(model.DATASTREAMS, self.datastream_id(series), values, subject, series)

    def _sensors(self, subject: Subject) -> Iterator[Record]:
        for series in subject.series:
            own = self._sensor_id(subject, series)
            words = self._words(subject) if own == subject.entity.id else {"name": own, "description": own}
            values = {
                **words,
                "encodingType": "text/html",
                "metadata": f"/ngsi-ld/v1/entities/{own}",
            }
            yield Record(model.SENSORS, own, values, subject)

    def _properties(self, subject: Subject) -> Iterator[Record]:
        for series in subject.series:
            name = self._name(series)
            values = {"name": name, "definition": series.name, "description": name}
            yield Record(model.OBSERVED, name, values, subject)

    async def _historical(self, subjects: Sequence[Subject], ids: Sequence[str]) -> list[Record]:
        """Where things have been: each time a location was written or observed, the newest first."""
        by_id = {one.entity.id: one for one in subjects}
        asked = tuple(one for one in ids if one in by_id)
        if not asked:
            return []
        query = HistoryQuery(
            Query(ids=asked, limit=len(asked)), names=(LOCATION,), last_n=_MOST_PLACES, time=None
        )
        found = []
        for series in (await self._broker.history(query)).series:
            for point in reversed(series.observations):
                if point.time is not TimeKind.DELETED:
                    at = format_instant(point.at)
                    values = {"time": at, "location": point.value}
                    own = f"{series.entity_id}{MARK}{at}"
                    found.append(Record(model.HISTORICAL, own, values, by_id[series.entity_id]))
        return found

    def _past_location(self, record: Record) -> Record:
        place = {"encodingType": _GEO_JSON, "location": record.values["location"]}
        return Record(model.LOCATIONS, record.id, {**self._words(record.subject), **place}, record.subject)

    # --- words and ids

    def _shown(self, entity: Entity) -> dict[str, Any]:
        return render_entity(entity, self._terms, form=Form.KEY_VALUES)

    def _words(self, subject: Subject) -> dict[str, Any]:
        entity = subject.entity
        kinds = ", ".join(map(self._terms.compact, entity.types))
        return {
            "name": _said(entity.attributes, "name") or entity.id,
            "description": _said(entity.attributes, "description") or kinds,
        }

    def _name(self, series: Series | None) -> str:
        return "" if series is None else self._terms.compact(series.name)

    def datastream_id(self, series: Series) -> str:
        """Entity, property and, unless it is the default one, dataset."""
        own = f"{series.entity_id}{MARK}{self._name(series)}"
        return own if series.dataset_id is None else f"{own}{MARK}{series.dataset_id}"

    def _sensor_id(self, subject: Subject, series: Series | None) -> str:
        if series is None:
            return ""
        attribute = subject.entity.attribute(series.name, series.dataset_id)
        told = "" if attribute is None else _said(attribute.attributes, "observedBy")
        return told or subject.entity.id


def observation_record(stream: Record, point: Observation) -> Record:
    """An observation of a Datastream."""
    at = format_instant(point.at)
    values = {"phenomenonTime": at, "resultTime": at, "result": point.value}
    return Record(model.OBSERVATIONS, f"{stream.id}{MARK}{at}", values, stream.subject, stream.series)


def split_observation(record_id: str) -> tuple[str, datetime] | None:
    """The Datastream's id and the time in an Observation's id."""
    stream, _, text = record_id.rpartition(MARK)
    at = find_instant(text)
    return None if at is None or not stream else (stream, at)


def _said(attributes: Mapping[str, tuple[Attribute, ...]], word: str) -> str:
    """The text of an attribute that is called so in whatever vocabulary; '' where there is none."""
    for iri, instances in attributes.items():
        value = instances[0].value
        if isinstance(value, str) and iri.replace("#", "/").rpartition("/")[2] == word:
            return value
    return ""


def _same(left: Series, right: Series) -> bool:
    return (left.name, left.dataset_id) == (right.name, right.dataset_id)


def _is_placed(entity: Entity) -> bool:
    return isinstance(entity.value(LOCATION), Mapping)


def _area(entity: Entity) -> Any:
    if not _is_placed(entity):
        return None
    geometry = shapely.geometry
    return geometry.mapping(geometry.shape(entity.value(LOCATION)).envelope)


def _observation_type(value: Any) -> str:
    if isinstance(value, bool):
        return "TruthObservation"
    if isinstance(value, int):
        return "Measurement"
    return "Measurement" if isinstance(value, float) else "Observation"


def _unique(records: Iterable[Record]) -> list[Record]:
    """Each record once, in the order of ids."""
    found: dict[str, Record] = {}
    for one in records:
        found.setdefault(one.id, one)
    return [found[key] for key in sorted(found)]
