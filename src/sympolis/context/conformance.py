"""Showing entities to clients of an older edition of the standard (clause 4.3.6.8).

What an edition does not know is said in what it knows: newer kinds of attribute become Properties, several targets of
a Relationship become instances with a ``datasetId`` each, and members it has no name for are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sympolis.domain.entity import Attribute, AttributeKind, Entity

Edition = tuple[int, int]

NEWEST: Final[Edition] = (1, 9)
OLDEST: Final[Edition] = (1, 3)
_PREFERENCE = re.compile(r'(?:^|[,\s])ngsi-ld\s*=\s*"?(\d)\.(\d{1,2})(?:\.\d{1,2})?"?(?=$|[\s,;])')
_KIND_SINCE: Final[Mapping[AttributeKind, Edition]] = {
    AttributeKind.LANGUAGE_PROPERTY: (1, 4),
    AttributeKind.JSON_PROPERTY: (1, 8),
    AttributeKind.VOCAB_PROPERTY: (1, 8),
    AttributeKind.LIST_PROPERTY: (1, 8),
    AttributeKind.LIST_RELATIONSHIP: (1, 8),
}
_SEVERAL_TARGETS_SINCE: Final[Edition] = (1, 8)
_SCOPE_AND_TYPES_SINCE: Final[Edition] = (1, 5)
_MEMBER_SINCE: Final[Mapping[str, Edition]] = {
    "objectType": (1, 8),
    "valueType": (1, 9),
    "expiresAt": (1, 9),
    "ngsildproof": (1, 9),
}


def preferred_edition(prefer: str | None) -> Edition | None:
    """The edition that a ``Prefer`` header asks for, if it asks for one that can be given."""
    found = None if prefer is None else _PREFERENCE.search(prefer)
    edition = None if found is None else (int(found[1]), int(found[2]))
    return edition if edition is not None and OLDEST <= edition <= NEWEST else None


def conform(entity: Entity, edition: Edition) -> Entity:
    """The entity as this edition can say it; the same object where it can as it is."""
    changes: dict[str, Any] = {}
    found = {name: _instances(several, edition) for name, several in entity.attributes.items()}
    if any(found[name] is not several for name, several in entity.attributes.items()):
        changes["attributes"] = found
    members = _members(entity.members, edition)
    if len(members) < len(entity.members):
        changes["members"] = members
    if edition < _SCOPE_AND_TYPES_SINCE and (entity.scope or len(entity.types) > 1):
        changes |= {"scope": (), "types": entity.types[:1]}
    return replace(entity, **changes) if changes else entity


def _instances(instances: tuple[Attribute, ...], edition: Edition) -> tuple[Attribute, ...]:
    found = tuple(one for instance in instances for one in _spread(_attribute(instance, edition), edition))
    same = len(found) == len(instances) and all(new is old for new, old in zip(found, instances, strict=True))
    return instances if same else found


def _attribute(attribute: Attribute, edition: Edition) -> Attribute:
    changes: dict[str, Any] = {}
    if edition < _KIND_SINCE.get(attribute.kind, OLDEST):
        listed = attribute.kind is AttributeKind.LIST_RELATIONSHIP
        changes["kind"] = AttributeKind.RELATIONSHIP if listed else AttributeKind.PROPERTY
    below = {name: _instances(several, edition) for name, several in attribute.attributes.items()}
    if any(below[name] is not several for name, several in attribute.attributes.items()):
        changes["attributes"] = below
    members = _members(attribute.members, edition)
    if len(members) < len(attribute.members):
        changes["members"] = members
    return replace(attribute, **changes) if changes else attribute


def _spread(attribute: Attribute, edition: Edition) -> tuple[Attribute, ...]:
    """One instance for each target, where several in one are unknown."""
    several = attribute.kind is AttributeKind.RELATIONSHIP and isinstance(attribute.value, list)
    if not several or edition >= _SEVERAL_TARGETS_SINCE:
        return (attribute,)
    first, *others = attribute.value
    base = attribute.dataset_id or "urn:ngsi-ld:target"
    more = (
        replace(attribute, value=one, dataset_id=f"{base}:{place}")
        for place, one in enumerate(others, start=2)
    )
    return (replace(attribute, value=first), *more)


def _members(members: Mapping[str, Any], edition: Edition) -> Mapping[str, Any]:
    return {name: value for name, value in members.items() if edition >= _MEMBER_SINCE.get(name, OLDEST)}
