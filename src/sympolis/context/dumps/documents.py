"""Entities and histories as NGSI-LD documents that lose nothing: normalized, with system attributes, names in full.

They are what any NGSI-LD tool understands without a @context (GS CIM 009, clauses 4.5.1 and 4.5.7). The API's renderer
cannot be used: it leaves out what is implied, and a dump must give back the very state that was there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import InvalidRequest

_TIMES: Final = {
    "observedAt": "observed_at",
    "createdAt": "created_at",
    "modifiedAt": "modified_at",
}
_TEXTS: Final = {"unitCode": "unit_code", "datasetId": "dataset_id", "instanceId": "instance_id"}
_ENTITY_TIMES: Final = {"createdAt": "created_at", "modifiedAt": "modified_at"}


def entity_document(entity: Entity) -> dict[str, Any]:
    """The entity as an object of NGSI-LD."""
    document: dict[str, Any] = {"id": entity.id, "type": list(entity.types)}
    if entity.scope:
        document["scope"] = list(entity.scope)
    document.update(_stamped(entity, _ENTITY_TIMES), **entity.members, **_named(entity.attributes))
    return document


def entity_of(document: Mapping[str, Any]) -> Entity:
    """The entity of such an object. Raises ``InvalidRequest``."""
    try:
        plain, named = _parted(document)
        return Entity(
            id=_text(plain.pop("id")),
            types=tuple(map(_text, plain.pop("type"))),
            scope=tuple(map(_text, plain.pop("scope", ()))),
            **_times(plain, _ENTITY_TIMES),
            attributes=_attributes(named),
            members=plain,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise _invalid(document, problem) from problem


def history_document(entity_id: str, types: Sequence[str], points: Iterable[Observation]) -> dict[str, Any]:
    """Some of an entity's history as a temporal object of NGSI-LD."""
    document: dict[str, Any] = {"id": entity_id, "type": list(types)}
    for point in points:
        document.setdefault(point.name, []).append(_instance(point))
    return document


def observations_of(document: Mapping[str, Any]) -> list[Observation]:
    """The instances of such an object. Raises ``InvalidRequest``."""
    try:
        entity_id, types = _text(document["id"]), tuple(map(_text, document["type"]))
        return [
            _observation(entity_id, types, name, one)
            for name, instances in document.items()
            if ":" in name
            for one in instances
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise _invalid(document, problem) from problem


def _named(attributes: Mapping[str, tuple[Attribute, ...]]) -> dict[str, Any]:
    """Attributes by their full name, which has a colon; the names of the standard's own members have none."""
    return {name: [_attribute(one) for one in instances] for name, instances in attributes.items()}


def _attribute(attribute: Attribute) -> dict[str, Any]:
    kind = attribute.kind
    document: dict[str, Any] = {"type": kind.value, kind.value_member: attribute.value}
    document |= _stamped(attribute, _TIMES)
    document |= {
        key: text for key, field in _TEXTS.items() if (text := getattr(attribute, field)) is not None
    }
    return {**document, **attribute.members, **_named(attribute.attributes)}


def _instance(point: Observation) -> dict[str, Any]:
    document: dict[str, Any] = {"type": point.kind.value, point.kind.value_member: point.value}
    document |= _stamped(point, _ENTITY_TIMES)
    document[point.time.value] = _time(point.at)
    document |= {key: text for key, field in _TEXTS.items() if (text := getattr(point, field)) is not None}
    return {**document, **point.members, **_named(point.attributes)}


def _observation(
    entity_id: str, types: tuple[str, ...], name: str, document: Mapping[str, Any]
) -> Observation:
    plain, named = _parted(document)
    kind = AttributeKind(plain.pop("type"))
    value = plain.pop(kind.value_member)
    time = next(one for one in (TimeKind.DELETED, TimeKind.OBSERVED, TimeKind.RECORDED) if one.value in plain)
    return Observation(
        entity_id=entity_id,
        types=types,
        name=name,
        at=_instant(plain.pop(time.value)),
        value=value,
        kind=kind,
        time=time,
        **_times(plain, _ENTITY_TIMES),
        **_texts(plain),
        attributes=_attributes(named),
        members=plain,
    )


def _attributes(named: Mapping[str, Any]) -> dict[str, tuple[Attribute, ...]]:
    return {name: tuple(map(_attribute_of, instances)) for name, instances in named.items()}


def _attribute_of(document: Mapping[str, Any]) -> Attribute:
    plain, named = _parted(document)
    kind = AttributeKind(plain.pop("type"))
    return Attribute(
        kind=kind,
        value=plain.pop(kind.value_member),
        **_times(plain, _TIMES),
        **_texts(plain),
        attributes=_attributes(named),
        members=plain,
    )


def _parted(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The standard's own members, and the attributes."""
    plain: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for key, value in document.items():
        (named if ":" in key else plain)[key] = value
    return plain, named


def _stamped(thing: Any, times: Mapping[str, str]) -> dict[str, str]:
    return {key: _time(at) for key, field in times.items() if (at := getattr(thing, field)) is not None}


def _times(plain: dict[str, Any], times: Mapping[str, str]) -> dict[str, Any]:
    return {field: _instant(plain.pop(key)) for key, field in times.items() if key in plain}


def _texts(plain: dict[str, Any]) -> dict[str, Any]:
    return {field: _text(plain.pop(key)) for key, field in _TEXTS.items() if key in plain}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()[:-6] + "Z"


def _instant(text: Any) -> datetime:
    return msgspec.convert(text, datetime).astimezone(UTC)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _invalid(document: Any, problem: Exception) -> InvalidRequest:
    where = document.get("id", "") if isinstance(document, Mapping) else ""
    reason = f"lacks {problem}" if isinstance(problem, KeyError) else str(problem)
    return InvalidRequest(f"this is not what a dump holds: {reason}", where=str(where))
