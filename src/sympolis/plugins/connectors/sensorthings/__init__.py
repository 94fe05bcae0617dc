"""Reads entities of a SensorThings API, following its ``@iot.nextLink``, and hears new ones by MQTT (OGC 18-088).

Expanded entities become fields with dotted names, ``Datastream.Thing.name``; of an expanded set the first is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urljoin

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Pages, Record, Wanted
from sympolis.plugins.connectors.sensorthings.settings import SensorThingsSettings
from sympolis.plugins.listening import Message, Topics
from sympolis.plugins.pages import below, member, read_json, read_pages, with_query

_NEXT = "@iot.nextLink"
_LINKS = ("@iot.selfLink", _NEXT)
_DEEPEST = 6
_MOST_SHOWN = 500
_ENTITY = re.compile(r"([A-Za-z]+)\(([^()]+)\)")


class SensorThingsConnector:
    """Entities of a set, numbered from 1 in the order asked for. ``origin.url`` is the service root (``…/v1.1``)."""

    id: ClassVar[str] = "sensorthings"
    settings_type: ClassVar[type] = SensorThingsSettings

    def pages(self, origin: Origin, settings: SensorThingsSettings) -> Pages:
        """Pages as the service links them. Raises ``SourceFailed`` where the links lead in a circle."""
        options = {
            "$expand": settings.expand or None,
            "$filter": settings.filter or None,
            "$select": settings.select or None,
            "$orderby": settings.order_by or None,
            "$top": settings.page_rows,
        }
        url: str | None = with_query(below(str(origin.url), settings.resource), **options)
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise errors.SourceFailed("its next links lead in a circle", where=url)
            seen.add(url)
            page = yield Wanted(url, f"page-{len(seen):06d}.json")
            following = read_json(page.path).get(_NEXT)
            url = urljoin(url, following) if isinstance(following, str) else None

    def listens(self, origin: Origin, settings: SensorThingsSettings) -> Topics | None:
        """See ``Listening``; the topics of OGC 18-088, section 14.2."""
        if not settings.mqtt:
            return None
        return Topics(
            topics=settings.topics or (f"v1.1/{settings.resource}",),
            user=settings.user,
            password=origin.secret(settings.password) if settings.password else "",
            version="3.1.1",
            url=settings.mqtt,
        )

    def heard(self, message: Message, settings: SensorThingsSettings) -> Iterator[Record]:
        """The entity of a message; those that its topic names are fields like ``Datastream.@iot.id``."""
        try:
            entity = msgspec.json.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as cause:
            shown = message.payload[:_MOST_SHOWN].decode("utf-8", "replace")
            yield Record(1, {"topic": message.topic, "payload": shown}, faults=(f"is not JSON: {cause}",))
            return
        record = _record(1, entity, settings)
        yield replace(record, fields={**_named(message.topic), **record.fields})

    def read(self, origin: Origin, settings: SensorThingsSettings) -> Iterator[Record]:
        """Yield every entity. Raises ``SourceFailed``."""
        number = 0
        for document, _ in read_pages(origin):
            for entity in member(document, "value", list, str(origin.path)):
                number += 1
                yield _record(number, entity, settings)


def _named(topic: str) -> dict[str, Any]:
    """The entities along a topic: ``v1.1/Datastreams(5)/Observations`` → ``Datastream.@iot.id``: 5."""
    found: dict[str, Any] = {}
    for name, key in _ENTITY.findall(topic):
        single = "FeatureOfInterest" if name == "FeaturesOfInterest" else name.removesuffix("s")
        found[f"{single}.@iot.id"] = int(key) if key.isdecimal() else key.strip("'")
    return found


def _record(number: int, entity: Any, settings: SensorThingsSettings) -> Record:
    if not isinstance(entity, dict):
        return Record(number, {"value": entity}, faults=("is not an object",))
    geometry = _at(entity, settings.geometry.split(".")) if settings.geometry else None
    return Record(number, _flat(entity), geometry if isinstance(geometry, dict) else None)


def _flat(entity: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in entity.items():
        if name in _LINKS or name.endswith(("@iot.navigationLink", _NEXT)):
            continue
        inner = _first(value)
        if isinstance(inner, Mapping) and inner and "coordinates" not in inner and depth < _DEEPEST:
            found.update(_flat(inner, f"{prefix}{name}.", depth + 1))
        else:
            found[prefix + name] = value
    return found


def _first(value: Any) -> Any:
    """Of an expanded set, which comes as a list of entities, the first."""
    if isinstance(value, list) and value and isinstance(value[0], Mapping) and "@iot.id" in value[0]:
        return value[0]
    return value


def _at(entity: Any, steps: list[str]) -> Any:
    for step in steps:
        entity = _first(entity.get(step)) if isinstance(entity, Mapping) else None
    return entity
