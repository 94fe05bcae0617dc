"""What kinds of things the twin holds: the ground of type and attribute discovery (clauses 5.7.5–5.7.10).

A ``Profile`` stands for all entities that have the same types and the same attributes of the same kinds. A city has
millions of entities and a few dozen profiles, so discovery reads profiles and never entities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sympolis.domain.entity import Attribute, AttributeKind, Entity

Kinds = tuple[AttributeKind, ...]
Outline = tuple[tuple[str, ...], tuple[tuple[str, Kinds], ...]]
"""Types, and attributes by name with the kind of each instance; names in order."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How many entities have these types and these attributes; all names expanded."""

    types: tuple[str, ...]
    attributes: Mapping[str, Kinds]
    """One kind per instance."""
    count: int


def outline(entity: Entity) -> Outline:
    """What two entities of the same profile have in common."""
    attributes = entity.attributes
    return entity.types, tuple([(name, _kinds(attributes[name])) for name in sorted(attributes)])


def _kinds(instances: Sequence[Attribute]) -> Kinds:
    return (instances[0].kind,) if len(instances) == 1 else tuple([one.kind for one in instances])


def same_outline(before: Entity, after: Entity, names: Iterable[str]) -> bool:
    """Whether a change of these attributes left the outline alone; quicker than comparing outlines."""
    if before.types != after.types:
        return False
    old, new = before.attributes, after.attributes
    for name in names:
        past, present = old.get(name), new.get(name)
        if past is None or present is None:
            return False
        if len(past) == len(present) == 1:
            if past[0].kind is not present[0].kind:
                return False
        elif _kinds(past) != _kinds(present):
            return False
    return True


def profiles_of(entities: Iterable[Entity]) -> list[Profile]:
    """The profiles of these entities, for a store that has them in memory anyway."""
    counts = Counter(map(outline, entities))
    return [Profile(types, dict(attributes), count) for (types, attributes), count in counts.items()]


@dataclass(slots=True)
class AttributeUse:
    """An attribute as it is used: how many instances, of which kinds, by entities of which types."""

    count: int
    kinds: frozenset[AttributeKind]
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class TypeUse:
    """A type as it is used: how many entities, and the kinds of their attributes by name."""

    count: int
    attributes: Mapping[str, frozenset[AttributeKind]]


def types_in(profiles: Sequence[Profile]) -> dict[str, TypeUse]:
    """Every type that an entity has, in alphabetical order."""
    names = sorted({name for profile in profiles for name in profile.types})
    return {name: _type_use([one for one in profiles if name in one.types]) for name in names}


def _type_use(profiles: Sequence[Profile]) -> TypeUse:
    kinds: dict[str, frozenset[AttributeKind]] = {}
    for profile in profiles:
        for name, found in profile.attributes.items():
            kinds[name] = kinds.get(name, frozenset()) | frozenset(found)
    return TypeUse(sum(one.count for one in profiles), dict(sorted(kinds.items())))


def attributes_in(profiles: Sequence[Profile]) -> dict[str, AttributeUse]:
    """Every attribute that an entity has, in alphabetical order."""
    found: dict[str, AttributeUse] = {}
    for profile in profiles:
        for name, kinds in profile.attributes.items():
            use = found.setdefault(name, AttributeUse(0, frozenset(), frozenset()))
            use.count += profile.count * len(kinds)
            use.kinds |= frozenset(kinds)
            use.types |= frozenset(profile.types)
    return dict(sorted(found.items()))
