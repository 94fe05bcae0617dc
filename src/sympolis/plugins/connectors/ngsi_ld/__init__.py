"""Reads entities of another NGSI-LD broker, and hears their changes by a subscription (ETSI GS CIM 009).

A row has a field per attribute with its value, beside ``name.observedAt``, ``name.unitCode`` and the like; ``id`` and
``local_id`` (the id's last part), ``type``, ``createdAt``, ``modifiedAt``. Of attributes with several instances the
one without ``datasetId`` is taken, else the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import msgspec

from sympolis.plugins.connector import Origin, Pages, Record, Wanted
from sympolis.plugins.connectors.ngsi_ld.asking import as_asked, headers, subscribing
from sympolis.plugins.connectors.ngsi_ld.settings import NgsiLdSettings
from sympolis.plugins.listening import Hook, Message
from sympolis.plugins.pages import read_json, read_list, read_pages

_VALUES = ("value", "object", "languageMap", "vocab", "json", "valueList", "objectList")
_BESIDE = ("observedAt", "unitCode", "datasetId", "modifiedAt")
_PLAIN = frozenset({"id", "type", "scope", "createdAt", "modifiedAt", "deletedAt", "expiresAt"})
_MOST_SHOWN = 500


class NgsiLdConnector:
    """Entities, numbered from 1 in the broker's order. ``origin.url`` is the broker, without ``/ngsi-ld/v1``."""

    id: ClassVar[str] = "ngsi_ld"
    settings_type: ClassVar[type] = NgsiLdSettings

    def pages(self, origin: Origin, settings: NgsiLdSettings) -> Pages:
        """Pages by offset until one is not full."""
        start = 0
        while True:
            url = as_asked(origin, settings, start)
            page = yield Wanted(url, f"page-{start:09d}.json", headers(origin, settings))
            found = len(read_list(read_json(page.path), url))
            if found < settings.page_rows:
                return
            start += found

    def bookmark(self, origin: Origin, settings: NgsiLdSettings) -> str | None:
        """The newest ``modifiedAt``; see ``Incremental``."""
        if not settings.incremental:
            return None
        newest = origin.bookmark or ""
        for document, where in read_pages(origin):
            times = (one.get("modifiedAt") for one in read_list(document, where) if isinstance(one, dict))
            newest = max([newest, *(one for one in times if isinstance(one, str))])
        return newest

    def listens(self, origin: Origin, settings: NgsiLdSettings) -> Hook | None:
        """See ``Listening``."""
        if not settings.subscribe:
            return None
        return Hook(lambda address: subscribing(origin, settings, address))

    def heard(self, message: Message, settings: NgsiLdSettings) -> Iterator[Record]:
        """The entities of a notification."""
        try:
            document = msgspec.json.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as cause:
            shown = message.payload[:_MOST_SHOWN].decode("utf-8", "replace")
            yield Record(1, {"payload": shown}, faults=(f"is not JSON: {cause}",))
            return
        data = document.get("data") if isinstance(document, Mapping) else None
        if not isinstance(data, list):
            yield Record(1, {"payload": document}, faults=("is not a Notification with data",))
            return
        for number, entity in enumerate(data, start=1):
            yield _record(number, entity, settings)

    def read(self, origin: Origin, settings: NgsiLdSettings) -> Iterator[Record]:
        """Yield every entity. Raises ``SourceFailed``."""
        number = 0
        for document, _ in read_pages(origin):
            for entity in read_list(document, str(origin.path)):
                number += 1
                yield _record(number, entity, settings)


def _record(number: int, entity: Any, settings: NgsiLdSettings) -> Record:
    if not isinstance(entity, Mapping) or not isinstance(entity.get("id"), str):
        return Record(number, {"entity": entity}, faults=("is not an entity",))
    fields: dict[str, Any] = {"local_id": entity["id"].rpartition(":")[2]}
    geometry = None
    for name, value in entity.items():
        if name in _PLAIN:
            fields[name] = value
        elif name != "@context":
            attribute = _instance(value)
            _add(fields, name, attribute)
            if name == settings.geometry and isinstance(attribute, Mapping):
                geometry = attribute.get("value")
    return Record(number, fields, geometry if isinstance(geometry, dict) else None)


def _instance(value: Any) -> Any:
    """Of several instances the one without a dataset."""
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        return next((one for one in value if "datasetId" not in one), value[0])
    return value


def _add(fields: dict[str, Any], name: str, attribute: Any) -> None:
    if not isinstance(attribute, Mapping) or "type" not in attribute:
        fields[name] = attribute
        return
    fields[name] = next((attribute[key] for key in _VALUES if key in attribute), None)
    fields.update({f"{name}.{key}": attribute[key] for key in _BESIDE if key in attribute})
