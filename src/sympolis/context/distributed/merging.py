"""One entity of several versions of it (clauses 4.5.5.2, 4.5.5.3, 5.7.1.4): pure, and the same in any order.

Of the instances of an attribute with the same dataset, what an exclusive source says counts; else the most recently
observed; else the most recently modified. Auxiliary sources only add attributes that nobody else has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sympolis.context.instants import find_instant, format_instant
from sympolis.context.registrations.registration import Mode
from sympolis.domain.entity import Attribute, Entity

HERE = ""
"""The origin of what this broker holds itself."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_FIRST_OF_EQUALS = {Mode.EXCLUSIVE: 3, Mode.REDIRECT: 2, None: 1, Mode.INCLUSIVE: 0, Mode.AUXILIARY: 0}


@dataclass(frozen=True, slots=True)
class Version:
    """What one origin says of an entity. ``origin``: a registration's id, or ``HERE``; ``mode`` None: this broker."""

    entity: Entity
    origin: str = HERE
    mode: Mode | None = None


def merge(versions: Iterable[Version], now: datetime) -> Entity | None:
    """The entity that these versions of one id make; None where none is left."""
    alive = sorted(
        (one for one in versions if not _over(one.entity.members, now)), key=lambda one: one.origin
    )
    if not alive:
        return None
    if len(alive) == 1:
        return alive[0].entity
    alive = _with_own_expiry(alive)
    equals = [one for one in alive if one.mode is not Mode.AUXILIARY]
    attributes = _merged(equals, now)
    for name, found in _merged([one for one in alive if one.mode is Mode.AUXILIARY], now).items():
        attributes.setdefault(name, found)
    return _whole(alive, equals or alive, attributes)


def merge_all(versions: Iterable[Version], now: datetime) -> list[Entity]:
    """The entities that these versions make, by id."""
    by_id: dict[str, list[Version]] = {}
    for one in versions:
        by_id.setdefault(one.entity.id, []).append(one)
    found = (merge(by_id[one], now) for one in sorted(by_id))
    return [one for one in found if one is not None]


def _whole(
    alive: Sequence[Version], leading: Sequence[Version], attributes: Mapping[str, tuple[Attribute, ...]]
) -> Entity:
    entities = [one.entity for one in alive]
    created = [one.created_at for one in entities if one.created_at is not None]
    modified = [one.modified_at for one in entities if one.modified_at is not None]
    return Entity(
        id=entities[0].id,
        types=tuple(dict.fromkeys(kind for one in leading for kind in one.entity.types)),
        attributes=attributes,
        scope=tuple(dict.fromkeys(scope for one in leading for scope in one.entity.scope)),
        created_at=min(created, default=None),
        modified_at=max(modified, default=None),
        members=_members(entities),
    )


def _members(entities: Sequence[Entity]) -> dict[str, Any]:
    """The further members; an entity expires when its last version does, if all of them do (clause 4.5.5.3)."""
    found: dict[str, Any] = {}
    for one in entities:
        found |= {name: value for name, value in one.members.items() if name != "expiresAt"}
    ends = [_end(one.members) for one in entities]
    latest = [one for one in ends if one is not None]
    if latest and len(latest) == len(ends):
        found["expiresAt"] = format_instant(max(latest))
    return found


def _with_own_expiry(versions: Sequence[Version]) -> list[Version]:
    """Where some versions expire and others do not, their attributes expire with them (clause 4.5.5.2)."""
    ends = {_end(one.entity.members) for one in versions}
    if ends == {None} or len(ends) == 1:
        return list(versions)
    return [_expiring(one) for one in versions]


def _expiring(version: Version) -> Version:
    end = _end(version.entity.members)
    if end is None:
        return version
    entity = version.entity
    attributes = {
        name: tuple(_ending(one, end) for one in instances) for name, instances in entity.attributes.items()
    }
    return Version(_with_attributes(entity, attributes), version.origin, version.mode)


def _ending(attribute: Attribute, end: datetime) -> Attribute:
    own = _end(attribute.members)
    if own is not None and own <= end:
        return attribute
    members = {**attribute.members, "expiresAt": format_instant(end)}
    return Attribute(
        attribute.kind, attribute.value, attribute.observed_at, attribute.unit_code, attribute.dataset_id,
        attribute.attributes, members, attribute.created_at, attribute.modified_at, attribute.instance_id,
    )  # fmt: skip


def _with_attributes(entity: Entity, attributes: Mapping[str, tuple[Attribute, ...]]) -> Entity:
    return Entity(
        entity.id,
        entity.types,
        attributes,
        entity.scope,
        entity.created_at,
        entity.modified_at,
        entity.members,
    )


# --- attributes


def _merged(versions: Sequence[Version], now: datetime) -> dict[str, tuple[Attribute, ...]]:
    names = dict.fromkeys(name for one in versions for name in one.entity.attributes)
    found = {name: tuple(_instances(name, versions, now)) for name in names}
    return {name: instances for name, instances in found.items() if instances}


def _instances(name: str, versions: Sequence[Version], now: datetime) -> Iterator[Attribute]:
    """One instance of each dataset, the default one first."""
    by_dataset: dict[str | None, list[tuple[Any, Attribute]]] = {}
    for version in versions:
        for one in version.entity.attributes.get(name, ()):
            if not _over(one.members, now):
                by_dataset.setdefault(one.dataset_id, []).append((_rank(version, one), one))
    for dataset in sorted(by_dataset, key=lambda one: one or ""):
        yield max(by_dataset[dataset], key=lambda ranked: ranked[0])[1]


def _rank(version: Version, one: Attribute) -> tuple[Any, ...]:
    """Instances of the highest rank win; no two versions have the same."""
    modified = one.modified_at or one.created_at or version.entity.modified_at or version.entity.created_at
    return (
        version.mode is Mode.EXCLUSIVE,
        one.observed_at or _NEVER,
        modified or _NEVER,
        _FIRST_OF_EQUALS[version.mode],
        version.origin,
    )


def _over(members: Mapping[str, Any], now: datetime) -> bool:
    end = _end(members)
    return end is not None and end <= now


def _end(members: Mapping[str, Any]) -> datetime | None:
    return find_instant(members.get("expiresAt"))
