"""NGSI-LD's rules for changing entities, as pure functions (GS CIM 009, clauses 5.6.1–5.6.20; fragments: ``patching``).

Each rule takes what the client sent and gives a ``Decision``: from the entity's present state and the time of
acceptance to its next state. The same object means that nothing changes, None that the entity goes. System times
are kept here: what stays equal keeps its own, and an attribute records only what its entity's do not say already
(see ``Attribute.created_at``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sympolis.context.store import Decision
from sympolis.domain.entity import NULL, Attribute, Entity
from sympolis.domain.errors import AlreadyExists, NotFound
from sympolis.domain.records import evolve

Instances = tuple[Attribute, ...]
Attributes = Mapping[str, Instances]


def create(entity: Entity) -> Decision:
    """Create Entity (5.6.1). Refuses with ``AlreadyExists``."""

    def decide(before: Entity | None, at: datetime) -> Entity:
        if before is not None:
            raise AlreadyExists(f"entity {entity.id} exists already", where="id")
        return _fresh(entity, at)

    return decide


def upsert_replace(entity: Entity) -> Decision:
    """Batch upsert in replace mode (5.6.8): create it, or let its new content stand for the old."""
    return _Upserting(entity)


class _Upserting:
    """A ``Decision`` that tells what it changed (``store.Telling``): it has compared every attribute anyway."""

    __slots__ = ("_entity", "changed")

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        self.changed: Sequence[str] | None = None

    def __call__(self, before: Entity | None, at: datetime) -> Entity:
        self.changed = None
        if before is None:
            return _fresh(self._entity, at)
        names: list[str] = []
        after = _replaced(before, self._entity, at, names)
        self.changed = names
        return after


def upsert_update(entity: Entity) -> Decision:
    """Batch upsert in update mode (5.6.8): create it, or append its attributes, overwriting equal ones."""

    def decide(before: Entity | None, at: datetime) -> Entity:
        if before is None:
            return _fresh(entity, at)
        return changed(
            before,
            at,
            attributes=appended(before.attributes, entity.attributes, at),
            types=union(before.types, entity.types),
            scope=entity.scope or before.scope,
            members={**before.members, **entity.members},
        )

    return decide


def replace_entity(entity: Entity) -> Decision:
    """Replace Entity (5.6.18). Refuses with ``NotFound``."""
    return lambda before, at: _replaced(existing(before, entity.id), entity, at, [])


def delete(before: Entity | None, at: datetime) -> Entity | None:  # noqa: ARG001 — a Decision
    """Delete Entity (5.6.6). Refuses with ``NotFound``."""
    existing(before, "with this id")
    return None


def replace_attribute(entity_id: str, name: str, attribute: Attribute) -> Decision:
    """Replace Attribute (5.6.19): one instance that is there. Refuses with ``NotFound``."""

    def decide(before: Entity | None, at: datetime) -> Entity:
        found = existing(before, entity_id)
        existing_instance(found, name, attribute.dataset_id)
        return changed(found, at, attributes=appended(found.attributes, {name: (attribute,)}, at))

    return decide


def delete_attribute(
    entity_id: str, name: str, *, dataset_id: str | None = None, every: bool = False
) -> Decision:
    """Delete Attribute (5.6.5): one instance, or with ``every`` all of them. Refuses with ``NotFound``."""

    def decide(before: Entity | None, at: datetime) -> Entity:
        found = existing(before, entity_id)
        if name not in found.attributes:
            raise NotFound(f"entity {entity_id} has no attribute {name}", where="attribute")
        if every:
            return changed(found, at, attributes=without(found.attributes, name, ()))
        existing_instance(found, name, dataset_id)
        rest = tuple(one for one in found.attributes[name] if one.dataset_id != dataset_id)
        return changed(found, at, attributes=without(found.attributes, name, rest))

    return decide


# --- states


def existing(before: Entity | None, entity_id: str) -> Entity:
    """The entity before a change. Raises ``NotFound`` where there is none."""
    if before is None:
        raise NotFound(f"there is no entity {entity_id}", where="id")
    return before


def existing_instance(entity: Entity, name: str, dataset_id: str | None) -> Attribute:
    """The instance of an attribute. Raises ``NotFound`` where there is none."""
    found = entity.attribute(name, dataset_id)
    if found is None:
        dataset = f" with datasetId {dataset_id}" if dataset_id else ""
        raise NotFound(f"entity {entity.id} has no attribute {name}{dataset}", where="attribute")
    return found


def _fresh(entity: Entity, at: datetime) -> Entity:
    return Entity(entity.id, entity.types, entity.attributes, entity.scope, at, at, entity.members)


def _replaced(before: Entity, entity: Entity, at: datetime, names: list[str]) -> Entity:
    """``before`` with the content of ``entity``; ``names`` takes those of the attributes that differ."""
    present = before.attributes
    attributes: dict[str, Instances] = {}
    for name, given in entity.attributes.items():
        known = present.get(name, ())
        found: Instances
        if len(given) == len(known) == 1 and given[0].dataset_id == known[0].dataset_id:  # nearly always
            one, other = given[0], known[0]
            if one.observed_at == other.observed_at and same_content(one, other):
                attributes[name] = known
                continue
            found = (_stamped(one, other.created_at, at),)
        else:
            found = _settled_all(known, given, at)
        attributes[name] = found
        if found is not known:
            names.append(name)
    if not present.keys() <= attributes.keys():
        names += [name for name in present if name not in attributes]
    types, scope, members = entity.types, entity.scope, entity.members
    if not names and (types, scope, members) == (before.types, before.scope, before.members):
        return before
    return Entity(before.id, types, attributes, scope, before.created_at, at, members)


def changed(before: Entity, at: datetime, **parts: Any) -> Entity:
    """``before`` with these parts; itself, where they are what it has."""
    for part, value in parts.items():
        if getattr(before, part) != value:
            return evolve(before, **parts, modified_at=at)
    return before


def union(present: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """All of these once, in order of appearance."""
    return tuple(dict.fromkeys((*present, *more)))


# --- attributes and instances


def appended(present: Attributes, more: Attributes, at: datetime, *, overwrite: bool = True) -> Attributes:
    """``present`` with ``more``; what is there already stays unless ``overwrite``."""
    found = dict(present)
    for name, instances in more.items():
        if instances:
            found[name] = _joined(found.get(name, ()), instances, at, overwrite)
    return found


def _joined(present: Instances, more: Instances, at: datetime, overwrite: bool) -> Instances:
    found = {one.dataset_id: one for one in present}
    for one in more:
        known = found.get(one.dataset_id)
        if known is None or overwrite:
            found[one.dataset_id] = settled(known, one, at)
    return _unless_same(present, default_first(found))


def default_first(found: Mapping[str | None, Attribute]) -> Instances:
    """The instances by dataset as an entity has them."""
    return tuple(sorted(found.values(), key=lambda one: one.dataset_id is not None))


def without(attributes: Attributes, name: str, rest: Instances) -> dict[str, Instances]:
    """The attributes with ``rest`` as all that is left of one of them."""
    found = dict(attributes)
    if rest:
        found[name] = rest
    else:
        found.pop(name, None)
    return found


def _settled_all(present: Instances, given: Instances, at: datetime) -> Instances:
    """The given instances with their system times; ``present`` itself where they say the same, so that it shows."""
    known = {one.dataset_id: one for one in present}
    found = tuple([settled(known.get(one.dataset_id), one, at) for one in given])
    return _unless_same(present, found)


def _unless_same(present: Instances, found: Instances) -> Instances:
    same = len(present) == len(found) and all(one is other for one, other in zip(present, found, strict=True))
    return present if same else found


def settled(known: Attribute | None, given: Attribute, at: datetime) -> Attribute:
    """``given`` with its system times; ``known`` where they say the same."""
    if known is None:
        return _stamped(given, at, given.modified_at)
    if same_content(known, given):
        return known
    return _stamped(given, known.created_at, at)


def _stamped(one: Attribute, created: datetime | None, modified: datetime | None) -> Attribute:
    return Attribute(
        one.kind,
        one.value,
        one.observed_at,
        one.unit_code,
        one.dataset_id,
        one.attributes,
        one.members,
        created,
        modified,
        one.instance_id,
    )


def same_content(one: Attribute, other: Attribute) -> bool:
    """Whether two instances say the same, apart from system times. ``true`` and ``1`` are different values."""
    return one is other or (
        one.observed_at == other.observed_at  # first of all: it tells most apart
        and one.kind is other.kind
        and same_value(one.value, other.value)
        and one.unit_code == other.unit_code
        and one.dataset_id == other.dataset_id
        and one.members == other.members
        and one.attributes.keys() == other.attributes.keys()
        and same_attributes(one.attributes, other.attributes)
    )


def same_attributes(some: Attributes, others: Attributes) -> bool:
    """Whether attributes of the same names say the same."""
    return all(_same_instances(instances, others[name]) for name, instances in some.items())


def _same_instances(some: Instances, others: Instances) -> bool:
    return len(some) == len(others) and all(map(same_content, some, others))


_SCALARS = frozenset((str, int, float, bool))


def same_value(one: Any, other: Any) -> bool:
    """JSON equality: Python's, but telling booleans from numbers."""
    kind = type(one)
    if kind is type(other):
        if kind in _SCALARS:
            return bool(one == other)
        if kind is dict:
            return one.keys() == other.keys() and _same_members(one, other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and _same_members(one, other)
    return bool(one == other)


def _same_members(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    for key, value in one.items():  # noqa: SIM110 — `all` of a generator takes twice as long, for all that moves
        if not same_value(value, other[key]):
            return False
    return True


# --- merge patch


def overlaid(present: Attribute, fragment: Attribute, valued: bool) -> Attribute:
    """``present`` with the members that the fragment has."""
    below = {
        name: instances
        for name, instances in {**present.attributes, **fragment.attributes}.items()
        if instances and instances[0].value != NULL
    }
    return evolve(
        present,
        value=fragment.value if valued else present.value,
        observed_at=fragment.observed_at or present.observed_at,
        unit_code=fragment.unit_code or present.unit_code,
        attributes=below,
        members={**present.members, **fragment.members},
    )


def patched(present: Any, patch: Any) -> Any:
    """RFC 7396 on values, with the NGSI-LD Null for null."""
    if not isinstance(patch, Mapping) or not isinstance(present, Mapping) or "coordinates" in patch:
        return patch
    found = dict(present)
    for key, value in patch.items():
        if value == NULL or value is None:
            found.pop(key, None)
        else:
            found[key] = patched(found.get(key), value)
    return found
