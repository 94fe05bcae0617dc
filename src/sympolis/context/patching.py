"""Fragments of entities: what a client sends to change a part, and how that part joins what is there.

A fragment may leave out what it does not change — an attribute's value, its type — and may say values in the
simplified form, so it cannot be an ``Attribute``: a ``Patch`` says which members were given. Clauses 5.5.8 (partial
update), 5.5.12 (merge), 5.6.2–5.6.4 and 5.6.17.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sympolis.context import merge
from sympolis.context.geojson import is_geometry
from sympolis.context.parsing import (
    ENTITY_MEMBERS,
    VALUE_MEMBERS,
    attribute_kind,
    check_end,
    check_uri,
    parse_attribute,
    parse_scope,
)
from sympolis.context.store import Decision
from sympolis.context.terms import Terms
from sympolis.domain.entity import NULL, Attribute, AttributeKind, Entity
from sympolis.domain.errors import BadRequestData, NotFound
from sympolis.domain.records import Record, evolve

_REMOVABLE: Final = frozenset({"observedAt", "unitCode", "expiresAt"})
"""Members that the NGSI-LD Null takes away from an instance."""

_LANGUAGE_OF_NONE: Final = "@none"


class Patch(Record, frozen=True):
    """One attribute instance as a fragment has it.

    ``attribute`` holds what was given; ``valued`` and ``typed`` say whether value and type were among it;
    ``removed`` are members to be taken away; ``simplified`` says that only a bare value came, which takes the kind of
    what is there.
    """

    attribute: Attribute
    valued: bool = True
    typed: bool = True
    removed: frozenset[str] = frozenset()
    simplified: bool = False

    @property
    def deletes(self) -> bool:
        """Whether the value is the NGSI-LD Null, so that the instance goes."""
        return self.valued and _is_null(self.attribute)


class Fragment(Record, frozen=True):
    """What a client sent to change an entity: patches by expanded name, and members of the entity itself."""

    attributes: Mapping[str, tuple[Patch, ...]]
    types: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    members: Mapping[str, Any] = {}
    """Further members of the entity, as in ``Entity``; the NGSI-LD Null takes one away."""


def parse_fragment(
    document: Mapping[str, Any], terms: Terms, *, simplified: bool = False, entity_id: str | None = None
) -> Fragment:
    """A fragment from its normalized, concise or (``simplified``) key-values form. Raises ``BadRequestData``."""
    given = document.get("id", document.get("@id"))
    if given is not None and entity_id is not None and given != entity_id:
        raise BadRequestData(f"the id in the body is not {entity_id}", where="id")
    types = document.get("type", document.get("@type", ()))
    names = types if isinstance(types, list | tuple) else [types]
    if not all(isinstance(name, str) and name for name in names):
        raise BadRequestData("this must be a name or a list of names", where="type")
    own = terms.for_types(names)
    found: dict[str, tuple[Patch, ...]] = {}
    for name, raw in document.items():
        if name not in ENTITY_MEMBERS:
            found[own.expand(name)] = parse_patches(name, raw, own, simplified=simplified)
    return Fragment(
        found,
        tuple(dict.fromkeys(map(terms.expand, names))),
        parse_scope(document.get("scope")),
        _members(document),
    )


def _members(document: Mapping[str, Any]) -> dict[str, Any]:
    if "expiresAt" not in document:
        return {}
    end = document["expiresAt"]
    return {"expiresAt": end if end == NULL else check_end(end, "expiresAt")}


def _with_members(entity: Entity, fragment: Fragment) -> Mapping[str, Any]:
    """The entity's members with those of the fragment."""
    if not fragment.members:
        return entity.members
    joined = {**entity.members, **fragment.members}
    return {name: value for name, value in joined.items() if value != NULL}


def parse_patches(name: str, raw: Any, terms: Terms, *, simplified: bool = False) -> tuple[Patch, ...]:
    """The patches of one attribute, one per instance. Raises ``BadRequestData``."""
    if simplified:
        return (_simplified(name, raw),)
    if isinstance(raw, list) and raw and all(isinstance(one, dict) and _says_more(one) for one in raw):
        found = tuple(parse_patch(name, one, terms) for one in raw)
        if len({one.attribute.dataset_id for one in found}) != len(found):
            raise BadRequestData("two instances have the same datasetId", where=name)
        return found
    return (parse_patch(name, raw, terms),)


def parse_patch(name: str, raw: Any, terms: Terms) -> Patch:
    """The patch of one instance in normalized or concise form. Raises ``BadRequestData``."""
    if not isinstance(raw, dict) or is_geometry(raw):
        return Patch(_one(name, raw, terms), typed=False)
    removed = frozenset(member for member in _REMOVABLE if raw.get(member) == NULL)
    kept = {member: value for member, value in raw.items() if member not in removed}
    valued = not VALUE_MEMBERS.isdisjoint(kept)
    if not valued:
        kind = attribute_kind(kept.get("type", kept.get("@type")), where=name)
        kept[(kind or AttributeKind.PROPERTY).value_member] = NULL
    typed = "type" in raw or "@type" in raw
    return Patch(_one(name, kept, terms), valued, typed, removed)


def _one(name: str, raw: Any, terms: Terms) -> Attribute:
    _, (attribute,) = parse_attribute(name, raw, terms, nulls=True)
    return attribute


def _says_more(raw: Mapping[str, Any]) -> bool:
    return "type" in raw or "datasetId" in raw or not VALUE_MEMBERS.isdisjoint(raw)


def _simplified(name: str, raw: Any) -> Patch:
    if raw is None:
        raise BadRequestData("null is not a value here", where=name, hint=f"to delete it, send {NULL}")
    kind = AttributeKind.GEO_PROPERTY if is_geometry(raw) else AttributeKind.PROPERTY
    return Patch(Attribute(kind, raw), typed=False, simplified=True)


def _is_null(attribute: Attribute) -> bool:
    value = attribute.value
    if attribute.kind is AttributeKind.LANGUAGE_PROPERTY and isinstance(value, Mapping):
        return value == {_LANGUAGE_OF_NONE: NULL}
    return bool(value == NULL)


# --- decisions


def merge_entity(
    entity_id: str, fragment: Fragment, *, observed_at: datetime | None = None, lang: str | None = None
) -> Decision:
    """Merge Entity (5.6.17). Refuses with ``NotFound``, or ``BadRequestData`` where a value does not fit its kind.

    ``observed_at`` renews the ``observedAt`` of merged instances that have one; ``lang`` says which language the
    simplified texts of LanguageProperties are in.
    """

    def decide(before: Entity | None, at: datetime) -> Entity:
        found = merge.existing(before, entity_id)
        attributes = dict(found.attributes)
        for name, patches in fragment.attributes.items():
            fitted = [_fitted(name, one, attributes.get(name, ()), lang) for one in patches]
            instances = _merged(name, attributes.get(name, ()), fitted, at, observed_at)
            attributes = merge.without(attributes, name, instances)
        return merge.changed(
            found,
            at,
            attributes=attributes,
            types=merge.union(found.types, fragment.types),
            scope=fragment.scope or found.scope,
            members=_with_members(found, fragment),
        )

    return decide


def partial_update(entity_id: str, name: str, patch: Patch) -> Decision:
    """Partial Attribute Update (5.6.4) of one instance, which the NGSI-LD Null deletes.

    Refuses with ``NotFound``, or ``BadRequestData`` where the kind would change.
    """

    def decide(before: Entity | None, at: datetime) -> Entity:
        found = merge.existing(before, entity_id)
        present = merge.existing_instance(found, name, patch.attribute.dataset_id)
        instances = _merged(name, found.attributes[name], [patch], at, None, deep=False, present_only=present)
        return merge.changed(found, at, attributes=merge.without(found.attributes, name, instances))

    return decide


def _merged(
    name: str,
    present: Sequence[Attribute],
    patches: Iterable[Patch],
    at: datetime,
    observed_at: datetime | None,
    *,
    deep: bool = True,
    present_only: Attribute | None = None,
) -> tuple[Attribute, ...]:
    found = {one.dataset_id: one for one in present}
    for patch in patches:
        dataset = patch.attribute.dataset_id
        known = found.get(dataset) if present_only is None else present_only
        if patch.deletes:
            found.pop(dataset, None)
        elif known is None:
            found[dataset] = merge.settled(None, _whole(name, patch), at)
        else:
            found[dataset] = merge.settled(known, _laid_over(name, known, patch, observed_at, deep), at)
    return merge.default_first(found)


def _whole(name: str, patch: Patch) -> Attribute:
    """A patch that has nothing to be laid over must be a whole attribute."""
    if not patch.valued:
        raise BadRequestData("a new attribute needs a value", where=name)
    value = patch.attribute.value
    return (
        evolve(patch.attribute, value=merge.patched({}, value))
        if isinstance(value, Mapping)
        else patch.attribute
    )


def _laid_over(
    name: str, known: Attribute, patch: Patch, observed_at: datetime | None, deep: bool
) -> Attribute:
    given = patch.attribute
    if (patch.typed or patch.valued) and given.kind is not known.kind:
        if deep and patch.valued:
            return evolve(given, value=merge.patched({}, given.value))
        raise BadRequestData(f"this attribute is a {known.kind}, not a {given.kind}", where=name)
    laid = merge.overlaid(known, evolve(given, value=_value(known, patch, deep)), valued=True)
    if known.observed_at is not None and given.observed_at is None and observed_at is not None:
        laid = evolve(laid, observed_at=observed_at)
    return evolve(
        laid,
        observed_at=None if "observedAt" in patch.removed else laid.observed_at,
        unit_code=None if "unitCode" in patch.removed else laid.unit_code,
        members={name: value for name, value in laid.members.items() if name not in patch.removed},
    )


def _value(known: Attribute, patch: Patch, deep: bool) -> Any:
    if not patch.valued:
        return known.value
    return merge.patched(known.value if deep else {}, patch.attribute.value)


# --- simplified values


def _fitted(name: str, patch: Patch, present: Sequence[Attribute], lang: str | None) -> Patch:
    """A simplified value as the kind of the default instance has it."""
    known = next((one for one in present if one.dataset_id is None), None)
    if not patch.simplified or known is None or patch.deletes:
        return patch
    value = patch.attribute.value
    if known.kind is AttributeKind.LANGUAGE_PROPERTY and not isinstance(value, Mapping):
        value = {lang or _LANGUAGE_OF_NONE: value}
    if known.kind in (AttributeKind.RELATIONSHIP, AttributeKind.LIST_RELATIONSHIP):
        for target in value if isinstance(value, list) else [value]:
            check_uri(target, name)
    if known.kind is AttributeKind.GEO_PROPERTY and not is_geometry(value):
        raise BadRequestData("this attribute is a GeoProperty: a geometry is needed", where=name)
    return evolve(patch, attribute=evolve(patch.attribute, kind=known.kind, value=value))


# --- attributes of an entity, with a report


@dataclass(frozen=True, slots=True)
class NotUpdated:
    """An attribute that an operation left alone, and why."""

    name: str
    reason: str


class Appending:
    """Append Attributes (5.6.3) as a ``Decision`` that remembers what it left alone.

    A store may call it several times before it commits; ``updated`` and ``refused`` tell of the last time.
    """

    def __init__(
        self, entity_id: str, attributes: merge.Attributes, fragment: Fragment, *, overwrite: bool
    ) -> None:
        self._entity_id = entity_id
        self._attributes = attributes
        self._fragment = fragment
        self._overwrite = overwrite
        self.updated: tuple[str, ...] = ()
        self.refused: tuple[NotUpdated, ...] = ()

    def __call__(self, before: Entity | None, at: datetime) -> Entity:
        """Decide; refuses with ``NotFound``."""
        found = merge.existing(before, self._entity_id)
        kept = {} if self._overwrite else self._kept(found)
        self.refused = tuple(NotUpdated(name, "it exists, and noOverwrite was asked for") for name in kept)
        self.updated = tuple(name for name in self._attributes if name not in kept)
        attributes = merge.appended(found.attributes, self._attributes, at, overwrite=self._overwrite)
        return merge.changed(
            found,
            at,
            attributes=attributes,
            types=merge.union(found.types, self._fragment.types),
            scope=self._scope(found),
            members=_with_members(found, self._fragment),
        )

    def _kept(self, found: Entity) -> dict[str, None]:
        return {
            name: None
            for name, instances in self._attributes.items()
            if all(found.attribute(name, one.dataset_id) is not None for one in instances)
        }

    def _scope(self, found: Entity) -> tuple[str, ...]:
        if self._overwrite:
            return self._fragment.scope or found.scope
        return merge.union(found.scope, self._fragment.scope)


class Updating:
    """Update Attributes (5.6.2) as a ``Decision`` that remembers what was not there to be updated.

    Attributes that the entity lacks join it, as subscribers to ``attributeCreated`` expect of this operation; nothing
    can be deleted that is not there, and a scope is only put in the place of another one (clause 4.18).
    """

    def __init__(self, entity_id: str, fragment: Fragment) -> None:
        self._entity_id = entity_id
        self._fragment = fragment
        self.updated: tuple[str, ...] = ()
        self.refused: tuple[NotUpdated, ...] = ()

    def __call__(self, before: Entity | None, at: datetime) -> Entity:
        """Decide; refuses with ``NotFound``."""
        found = merge.existing(before, self._entity_id)
        attributes, updated, refused = dict(found.attributes), [], []
        for name, patches in self._fragment.attributes.items():
            usable = [one for one in patches if not one.deletes or _has(found, name, one)]
            if usable:
                updated.append(name)
                instances = _replaced(name, attributes.get(name, ()), usable, at)
                attributes = merge.without(attributes, name, instances)
            if len(usable) < len(patches):
                refused.append(NotUpdated(name, "the entity has no such attribute instance"))
        scope = found.scope and (self._fragment.scope or found.scope)
        if self._fragment.scope:
            if found.scope:
                updated.append("scope")
            else:
                refused.append(NotUpdated("scope", "the entity has no scope"))
        self.updated, self.refused = tuple(updated), tuple(refused)
        types = merge.union(found.types, self._fragment.types)
        members = _with_members(found, self._fragment)
        return merge.changed(found, at, attributes=attributes, types=types, scope=scope, members=members)


def _has(entity: Entity, name: str, patch: Patch) -> bool:
    return entity.attribute(name, patch.attribute.dataset_id) is not None


def _replaced(
    name: str, present: Sequence[Attribute], patches: Iterable[Patch], at: datetime
) -> tuple[Attribute, ...]:
    found = {one.dataset_id: one for one in present}
    for patch in patches:
        dataset = patch.attribute.dataset_id
        known = found.pop(dataset, None)
        if not patch.deletes:
            found[dataset] = merge.settled(known, _whole(name, patch), at)
    return merge.default_first(found)


# --- guards and purging


def guarded(decide: Decision, holds: Any) -> Decision:
    """``decide``, for an entity for which ``holds(entity)`` is true; refuses others with ``NotFound``."""

    def guard(before: Entity | None, at: datetime) -> Entity | None:
        if before is not None and not holds(before):
            raise NotFound("there is no such entity of that type", where="type")
        return decide(before, at)

    return guard


def delete_scope(entity_id: str) -> Decision:
    """Delete Attribute (5.6.5) of ``scope``, which is no attribute but may be deleted like one."""

    def decide(before: Entity | None, at: datetime) -> Entity:
        found = merge.existing(before, entity_id)
        if not found.scope:
            raise NotFound(f"entity {entity_id} has no scope", where="attribute")
        return merge.changed(found, at, scope=())

    return decide


def purge(holds: Any, *, drop: Sequence[str] = (), keep: Sequence[str] = ()) -> Decision:
    """Purge Entities (5.6.21) for one entity, where ``holds(entity)`` still: delete it, or some of its attributes.

    ``drop`` are expanded names to delete, ``keep`` those to leave; with neither, the entity goes.
    """

    def decide(before: Entity | None, at: datetime) -> Entity | None:
        if before is None or not holds(before):
            return before
        if not drop and not keep:
            return None
        rest = {
            name: instances
            for name, instances in before.attributes.items()
            if (name in keep if keep else name not in drop)
        }
        return merge.changed(before, at, attributes=rest)

    return decide
