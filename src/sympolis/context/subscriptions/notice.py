"""What subscribers are told: entities with what changed in them, and the Notification around them (clause 5.3).

Deleted attributes are shown as the NGSI-LD Null, with ``deletedAt`` where system attributes are asked for; deleted
entities by id, type and ``deletedAt`` (clause 5.2.1). With ``showChanges``, what was changed or deleted also shows what
it was before (clause 5.2.14).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from sympolis.context.conformance import conform
from sympolis.context.core_context import CORE_URL
from sympolis.context.instants import format_instant
from sympolis.context.linked import Inliner, Link, Linked
from sympolis.context.places import address_of
from sympolis.context.projection import Projection
from sympolis.context.rendering import LOCATION, Form, render_attribute, render_entity
from sympolis.context.subscriptions.subscription import Endpoint, Subscription, Trigger
from sympolis.context.terms import Terms
from sympolis.domain.changes import Change
from sympolis.domain.entity import NULL, Attribute, AttributeKind, Entity

JSON, LD_JSON, GEO_JSON = "application/json", "application/ld+json", "application/geo+json"
CONTEXT_RELATION = "http://www.w3.org/ns/json-ld#context"
_ENVELOPE = (b'{"id":"', b'","type":"Notification","subscriptionId":', b',"notifiedAt":"', b'","data":')


def describe_change(
    subscription: Subscription, change: Change, terms: Terms, linked: Linked | None = None
) -> bytes:
    """What stands in ``data`` for a change, as JSON: an element, or several with commas (``join=flat``)."""
    if change.after is None:
        assert change.before is not None
        return element(subscription, _deleted_entity(subscription, change, change.before, terms), terms)
    shown, gone = _shown(subscription, change.before, change.after)
    document = describe(subscription, shown, terms, geometry_of=change.after, linked=linked)
    members = (
        document["properties"] if document.get("type") == "Feature" and "properties" in document else document
    )
    named = terms.for_types(map(terms.compact, change.after.types))
    if gone and subscription.shape.sys_attrs and subscription.shape.form is not Form.KEY_VALUES:
        _mark_deleted(members, shown, gone, named, change.at)
    if subscription.shape.show_changes and change.before is not None:
        _show_changes(members, change, shown, named)
    own = element(subscription, document, terms)
    return b",".join((own, *described_after(subscription, linked, terms)))


def element(subscription: Subscription, document: dict[str, Any], terms: Terms) -> bytes:
    """The JSON of an element of ``data``; in JSON-LD each brings its @context (clause 6.3.6)."""
    if subscription.endpoint.accept == LD_JSON:
        document["@context"] = terms.document
    return msgspec.json.encode(document)


def describe(
    subscription: Subscription,
    entity: Entity,
    terms: Terms,
    *,
    geometry_of: Entity | None = None,
    linked: Linked | None = None,
) -> dict[str, Any]:
    """The entity as the subscription wants it: an entity, or a Feature where it asked for GeoJSON."""
    show = partial(_rendered, subscription, terms)
    projection = subscription.shape.projection
    if linked is not None and linked.join.inline:
        document = Inliner(linked, show).document(entity, projection)
    else:
        document = show(entity, projection, None)
    if subscription.endpoint.accept == GEO_JSON:
        return _feature(document, entity if geometry_of is None else geometry_of)
    return document


def described_after(subscription: Subscription, linked: Linked | None, terms: Terms) -> Iterator[bytes]:
    """The linked entities that stand behind the others (``join=flat``), as elements of ``data``."""
    if linked is None or linked.join.inline:
        return
    for entity, projection in linked.listed:
        document = _rendered(subscription, terms, entity, projection, None)
        if subscription.endpoint.accept == GEO_JSON:
            document = _feature(document, entity)
        yield element(subscription, document, terms)


def _rendered(
    subscription: Subscription, terms: Terms, entity: Entity, projection: Projection, link: Link | None
) -> dict[str, Any]:
    shape = subscription.shape
    found = _of_datasets(entity, subscription.datasets)
    return render_entity(
        found if subscription.edition is None else conform(found, subscription.edition),
        terms,
        form=shape.form,
        sys_attrs=shape.sys_attrs,
        pick=projection.pick,
        omit=projection.omit,
        lang=shape.lang,
        link=link,
    )


def _feature(properties: dict[str, Any], entity: Entity) -> dict[str, Any]:
    properties.pop("id", None)
    found = entity.attribute(LOCATION)
    geometry = found.value if found is not None and found.kind is AttributeKind.GEO_PROPERTY else None
    return {"id": entity.id, "type": "Feature", "geometry": geometry, "properties": properties}


def _of_datasets(entity: Entity, datasets: frozenset[str]) -> Entity:
    if not datasets:
        return entity
    kept = {
        name: tuple(one for one in instances if (one.dataset_id or "@none") in datasets)
        for name, instances in entity.attributes.items()
    }
    return replace(entity, attributes={name: instances for name, instances in kept.items() if instances})


# --- deletions


def _shown(
    subscription: Subscription, before: Entity | None, after: Entity
) -> tuple[Entity, Mapping[str, tuple[Attribute, ...]]]:
    """The state after the change with Nulls for what was deleted, and what was deleted."""
    tells = {Trigger.ATTRIBUTE_DELETED, Trigger.ENTITY_UPDATED} & subscription.triggers
    if before is None or not tells:
        return after, {}
    gone = dict(_gone(before, after))
    shown = {name: (*after.attributes.get(name, ()), *nulls) for name, nulls in gone.items()}
    return (replace(after, attributes={**after.attributes, **shown}), gone) if gone else (after, {})


def _gone(before: Entity, after: Entity) -> Iterator[tuple[str, tuple[Attribute, ...]]]:
    """Nulls for the instances that are gone; one for an attribute that is gone as a whole."""
    for name, instances in before.attributes.items():
        left = {one.dataset_id for one in after.attributes.get(name, ())}
        if not left:
            yield name, (replace(_null(instances[0]), dataset_id=None),)
        elif missing := tuple(_null(one) for one in instances if one.dataset_id not in left):
            yield name, missing


def _null(attribute: Attribute) -> Attribute:
    """The NGSI-LD Null in place of a value (clause 4.5.0)."""
    language = attribute.kind is AttributeKind.LANGUAGE_PROPERTY
    return Attribute(attribute.kind, {"@none": NULL} if language else NULL, dataset_id=attribute.dataset_id)


def _mark_deleted(
    members: dict[str, Any],
    shown: Entity,
    gone: Mapping[str, tuple[Attribute, ...]],
    terms: Terms,
    at: datetime,
) -> None:
    for name, nulls in gone.items():
        for place, instance in enumerate(shown.attributes[name]):
            if instance not in nulls:
                continue
            if (found := _at(members, terms.compact(name), place, instance.kind)) is not None:
                found["deletedAt"] = format_instant(at)


def _deleted_entity(
    subscription: Subscription, change: Change, before: Entity, terms: Terms
) -> dict[str, Any]:
    """Id, type and time of deletion; attributes only where they were asked for: as Nulls."""
    shape = subscription.shape
    gone = _told_of_deleted(subscription, before)
    shown = replace(before, attributes=gone)
    shows = shape.projection
    document = render_entity(shown, terms, form=shape.form, pick=shows.pick, omit=shows.omit)
    named = terms.for_types(map(terms.compact, before.types))
    if shape.sys_attrs:
        _add_times(document, before)
        if shape.form is not Form.KEY_VALUES:
            _mark_deleted(document, shown, gone, named, change.at)
    if shape.show_changes:
        _show_changes(document, change, shown, named)
    document["id"], document["deletedAt"] = before.id, format_instant(change.at)
    if subscription.endpoint.accept == GEO_JSON:
        return _feature(document, Entity(before.id, before.types))
    return document


def _told_of_deleted(subscription: Subscription, before: Entity) -> dict[str, tuple[Attribute, ...]]:
    """The Nulls of a deleted entity's attributes: all to show changes, the watched ones to tell of their deletion."""
    by_attribute = Trigger.ATTRIBUTE_DELETED in subscription.triggers
    if not by_attribute and not subscription.shape.show_changes:
        return {}
    watched = subscription.watched if by_attribute and not subscription.shape.show_changes else frozenset()
    nulls = dict(_gone(before, Entity(before.id, before.types)))
    return {name: one for name, one in nulls.items() if not watched or name in watched}


def _add_times(document: dict[str, Any], entity: Entity) -> None:
    for name, at in (("createdAt", entity.created_at), ("modifiedAt", entity.modified_at)):
        if at is not None:
            document[name] = format_instant(at)


# --- what it was before


def _show_changes(members: dict[str, Any], change: Change, shown: Entity, terms: Terms) -> None:
    assert change.before is not None
    for name in change.attributes:
        for place, instance in enumerate(shown.attributes.get(name, ())):
            known = change.before.attribute(name, instance.dataset_id)
            if known is None or known is instance:
                continue
            found = _at(members, terms.compact(name), place, instance.kind)
            if found is not None:
                member = known.kind.value_member
                previous = f"previous{member[0].upper()}{member[1:]}"
                found[previous] = render_attribute(known, terms)[member]


def _at(members: dict[str, Any], name: str, place: int, kind: AttributeKind) -> dict[str, Any] | None:
    """The object that shows one instance of an attribute; a bare value (concise) is made an object."""
    if name not in members:
        return None
    several = members[name] if _is_several(members[name], place) else None
    found = members[name] if several is None else several[place]
    if isinstance(found, dict) and ("coordinates" not in found):
        return found
    opened = {kind.value_member: found}
    if several is None:
        members[name] = opened
    else:
        several[place] = opened
    return opened


def _is_several(value: Any, place: int) -> bool:
    return isinstance(value, list) and place < len(value) and all(isinstance(one, dict) for one in value)


# --- the Notification


@dataclass(frozen=True, slots=True)
class Notice:
    """A Notification ready for a ``Notifier``: where to, how, and what. ``headers`` name all but the length."""

    endpoint: Endpoint
    media: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def notification(
    subscription: Subscription,
    elements: Sequence[bytes],
    terms: Terms,
    *,
    notification_id: str,
    now: datetime,
    tenant: str = "",
) -> Notice:
    """The Notification with these elements of ``data`` (clauses 5.3.1 and 6.3.8)."""
    endpoint = subscription.endpoint
    in_body = endpoint.accept == LD_JSON or (endpoint.accept == GEO_JSON and not endpoint.body_is_json)
    context = b',"@context":' + msgspec.json.encode(terms.document) if in_body else b""
    headers = [*endpoint.receiver_info]
    if tenant:
        headers += address_of(tenant)
    if not in_body:
        headers.append(("Link", f'<{_link(terms)}>; rel="{CONTEXT_RELATION}"; type="{LD_JSON}"'))
    body = b"".join(
        (
            _ENVELOPE[0], notification_id.encode(),
            _ENVELOPE[1], msgspec.json.encode(subscription.id),
            _ENVELOPE[2], format_instant(now).encode(),
            _ENVELOPE[3], _data(elements, endpoint.accept, context),
            context if endpoint.accept == LD_JSON else b"", b"}",
        )
    )  # fmt: skip
    return Notice(endpoint, endpoint.accept, tuple(headers), body)


def _data(elements: Sequence[bytes], accept: str, context: bytes) -> bytes:
    joined = b"[" + b",".join(elements) + b"]"
    if accept != GEO_JSON:
        return joined
    return b'{"type":"FeatureCollection","features":' + joined + context + b"}"


def _link(terms: Terms) -> str:
    """The one @context that is not the core, if there is one."""
    return next((url for url in terms.links if url != CORE_URL), CORE_URL)
