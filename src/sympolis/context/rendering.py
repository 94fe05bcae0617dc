"""From entities to NGSI-LD documents: normalized, concise, simplified and GeoJSON.

Clauses 4.5.1–4.5.4 and 4.5.16 of GS CIM 009, with system attributes (4.8), projection (4.21) and the natural
language filter (4.15). Documents are plain dictionaries; ``@context`` is for the caller to add.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sympolis.context.core_context import NGSI_LD
from sympolis.context.instants import format_instant
from sympolis.context.languages import choose
from sympolis.context.terms import Terms
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import BadRequestData

LOCATION = NGSI_LD + "location"
_MEMBERS = {"id", "type", "scope"}


class Form(StrEnum):
    """The representations of an entity."""

    NORMALIZED = "normalized"
    CONCISE = "concise"
    KEY_VALUES = "keyValues"


@dataclass(frozen=True, slots=True)
class _Style:
    """What rendering one attribute depends on."""

    terms: Terms
    sys_attrs: bool
    lang: str | None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    """What holds for an attribute that has no system times of its own."""
    link: Callable[[str], Any] | None = None
    """The document of a relationship's target, None where it is not to be shown."""


_Renderer = Callable[[Attribute, _Style], Any]


def render_entity(  # noqa: PLR0913 — the shaping parameters of the standard
    entity: Entity,
    terms: Terms,
    *,
    form: Form = Form.NORMALIZED,
    sys_attrs: bool = False,
    pick: Collection[str] = (),
    omit: Collection[str] = (),
    lang: str | None = None,
    link: Callable[[str, str], Any] | None = None,
) -> dict[str, Any]:
    """The entity as a document.

    ``pick`` and ``omit`` are names as a client wrote them (terms or IRIs; ``id``, ``type`` and ``scope`` count);
    ``lang`` is a language preference list (``it,de;q=0.8,*``) that turns language maps into texts; ``link`` gives for
    (relationship, target) the document to show in the relationship (clause 4.5.23), or None.
    """
    keep = _projection(terms, pick, omit)
    document = _head(entity, terms, sys_attrs, keep)
    named = terms.for_types(map(terms.compact, entity.types))
    style = _Style(terms, sys_attrs, lang, entity.created_at, entity.created_at)
    several, render = _SEVERAL[form], _RENDERERS[form]
    for iri, instances in entity.attributes.items():
        if keep is None or keep(iri):
            if link is not None:
                style = replace(style, link=partial(link, iri))
            if len(instances) == 1 and instances[0].dataset_id is None:
                document[named.compact(iri)] = render(instances[0], _inner(style, named.compact(iri)))
            else:
                document[named.compact(iri)] = several(instances, _inner(style, named.compact(iri)), render)
    return document


def render_feature(  # noqa: PLR0913 — the shaping parameters of the standard
    entity: Entity,
    terms: Terms,
    *,
    form: Form = Form.NORMALIZED,
    geometry_property: str = LOCATION,
    sys_attrs: bool = False,
    pick: Collection[str] = (),
    omit: Collection[str] = (),
    lang: str | None = None,
    link: Callable[[str, str], Any] | None = None,
) -> dict[str, Any]:
    """The entity as a GeoJSON Feature (clause 4.5.16).

    ``geometry_property`` (a term or an IRI) gives the ``geometry``, null where the entity has no such geo-property.
    """
    properties = render_entity(
        entity, terms, form=form, sys_attrs=sys_attrs, pick=pick, omit=omit, lang=lang, link=link
    )
    properties.pop("id", None)
    found = next(iter(entity.attributes.get(terms.expand(geometry_property), ())), None)
    geometry = found.value if found is not None and found.kind is AttributeKind.GEO_PROPERTY else None
    return {"id": entity.id, "type": "Feature", "geometry": geometry, "properties": properties}


def render_features(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Features as a FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def compact_types(types: Sequence[str], terms: Terms) -> str | list[str]:
    """Types as the ``type`` member: a text where there is one."""
    names = [terms.compact(name) for name in types]
    return names[0] if len(names) == 1 else names


# --- parts of the entity


def _head(
    entity: Entity, terms: Terms, sys_attrs: bool, keep: Callable[[str], bool] | None
) -> dict[str, Any]:
    document: dict[str, Any] = {"id": entity.id, "type": compact_types(entity.types, terms)}
    if entity.scope:
        document["scope"] = entity.scope[0] if len(entity.scope) == 1 else list(entity.scope)
    if keep is not None:
        document = {key: value for key, value in document.items() if keep(key)}
    if sys_attrs:
        _add_times(document, entity, entity.created_at, entity.modified_at)
    if "ngsildproof" in entity.members:
        document["ngsildproof"] = entity.members["ngsildproof"]
    return document


def _add_times(
    document: dict[str, Any], subject: Entity | Attribute, created: datetime | None, modified: datetime | None
) -> None:
    if created is not None:
        document["createdAt"] = format_instant(created)
    if modified is not None:
        document["modifiedAt"] = format_instant(modified)
    if "expiresAt" in subject.members:
        document["expiresAt"] = subject.members["expiresAt"]


def _projection(terms: Terms, pick: Collection[str], omit: Collection[str]) -> Callable[[str], bool] | None:
    if not pick and not omit:
        return None
    if set(pick) & set(omit):
        raise BadRequestData("a name is both picked and omitted", where="pick, omit")
    picked, omitted = _expanded(terms, pick), _expanded(terms, omit)
    return lambda name: (not picked or name in picked) and name not in omitted


def _expanded(terms: Terms, names: Iterable[str]) -> frozenset[str]:
    return frozenset(name if name in _MEMBERS else terms.expand(name) for name in names)


def _inner(style: _Style, name: str) -> _Style:
    inner = style.terms.within(name)
    return style if inner is style.terms else replace(style, terms=inner)


def _times(attribute: Attribute, style: _Style) -> tuple[datetime | None, datetime | None]:
    """When the instance was created and modified."""
    created = attribute.created_at or style.created_at
    return created, attribute.modified_at or attribute.created_at or style.modified_at


# --- one attribute


def render_attribute(attribute: Attribute, terms: Terms, *, sys_attrs: bool = False) -> dict[str, Any]:
    """One attribute instance, normalized."""
    return _normalized(attribute, _Style(terms, sys_attrs, None))


def _normalized(attribute: Attribute, style: _Style) -> dict[str, Any]:
    kind = attribute.kind
    if kind is AttributeKind.LANGUAGE_PROPERTY and style.lang is not None:
        text, tag = choose(attribute.value, style.lang)
        document: dict[str, Any] = {"type": "Property", "value": text, "lang": tag}
    else:
        document = {"type": kind.value, kind.value_member: _wire_value(attribute, style.terms)}
    if style.link is not None:
        style = _linking(document, attribute, style)
    _add_members(document, attribute, style)
    if attribute.attributes:
        _add_sub_attributes(document, attribute, style, _normalized, _as_list)
    return document


def _concise(attribute: Attribute, style: _Style) -> Any:
    document = _concise_object(attribute, style)
    return attribute.value if len(document) == 1 and _stands_alone(attribute) else document


def _concise_object(attribute: Attribute, style: _Style) -> dict[str, Any]:
    kind = attribute.kind
    if kind is AttributeKind.LANGUAGE_PROPERTY and style.lang is not None:
        text, tag = choose(attribute.value, style.lang)
        document: dict[str, Any] = {"value": text, "lang": tag}
    else:
        document = {kind.value_member: _wire_value(attribute, style.terms)}
    if style.link is not None:
        style = _linking(document, attribute, style)
    _add_members(document, attribute, style)
    if attribute.attributes:
        _add_sub_attributes(document, attribute, style, _concise, _as_objects)
    return document


def _stands_alone(attribute: Attribute) -> bool:
    """Whether the concise form may be the bare value: geometries, and values that no one takes for an attribute."""
    if attribute.kind is AttributeKind.GEO_PROPERTY:
        return True
    if attribute.kind is not AttributeKind.PROPERTY:
        return False
    value = attribute.value
    if isinstance(value, list):
        return not any(isinstance(part, dict) for part in value)
    return not isinstance(value, dict)


def _simplified(attribute: Attribute, style: _Style) -> Any:
    if style.link is not None and attribute.kind in _LINKING:
        return _simplified_link(attribute, style.link)
    value = _wire_value(attribute, style.terms)
    kind = attribute.kind
    if kind is AttributeKind.LANGUAGE_PROPERTY:
        return {"languageMap": value} if style.lang is None else choose(value, style.lang)[0]
    if kind is AttributeKind.LIST_RELATIONSHIP:
        return {"objectList": attribute.value}
    if kind in _WRAPPED:
        return {kind.value_member: value}
    return value


_WRAPPED = {AttributeKind.JSON_PROPERTY, AttributeKind.VOCAB_PROPERTY, AttributeKind.LIST_PROPERTY}


_LINKING = {AttributeKind.RELATIONSHIP: "entity", AttributeKind.LIST_RELATIONSHIP: "entityList"}
"""The members that hold the entities at the other end."""


def _linking(document: dict[str, Any], attribute: Attribute, style: _Style) -> _Style:
    """Show the entities that a relationship points to; gives the style for what is below it, which shows none."""
    assert style.link is not None
    member = _LINKING.get(attribute.kind)
    several = isinstance(attribute.value, list)
    if member is not None:
        shown = map(style.link, attribute.value if several else [attribute.value])
        found = [one for one in shown if one is not None]
        if found:
            document[member] = found if several or member == "entityList" else found[0]
    return replace(style, link=None)


def _simplified_link(attribute: Attribute, link: Callable[[str], Any]) -> Any:
    """Entities in place of ids, as far as there are any."""
    if not isinstance(attribute.value, list):
        return link(attribute.value) or attribute.value
    shown = [link(target) for target in attribute.value]
    mixed = [one or target for one, target in zip(shown, attribute.value, strict=True)]
    if attribute.kind is AttributeKind.RELATIONSHIP:
        return mixed
    return {"entityList": mixed} if any(shown) else {"objectList": attribute.value}


def _wire_value(attribute: Attribute, terms: Terms) -> Any:
    value = attribute.value
    if attribute.kind is AttributeKind.VOCAB_PROPERTY:
        return _compacted(value, terms)
    if attribute.kind is AttributeKind.LIST_RELATIONSHIP and isinstance(value, list):
        return [{"object": target} for target in value]
    return value


def _compacted(value: Any, terms: Terms) -> Any:
    return [terms.compact(part) for part in value] if isinstance(value, list) else terms.compact(value)


def _add_members(document: dict[str, Any], attribute: Attribute, style: _Style) -> None:
    if attribute.unit_code is not None:
        document["unitCode"] = attribute.unit_code
    if attribute.observed_at is not None:
        document["observedAt"] = format_instant(attribute.observed_at)
    if attribute.dataset_id is not None:
        document["datasetId"] = attribute.dataset_id
    for member, value in attribute.members.items():
        if member in ("objectType", "valueType"):
            document[member] = _compacted(value, style.terms)
        elif member != "expiresAt":
            document[member] = value
    if style.sys_attrs:
        _add_times(document, attribute, *_times(attribute, style))
        if attribute.instance_id is not None:
            document["instanceId"] = attribute.instance_id


def _add_sub_attributes(
    document: dict[str, Any],
    attribute: Attribute,
    style: _Style,
    render: _Renderer,
    several: Callable[[Sequence[Attribute], _Style, _Renderer], Any],
) -> None:
    if style.sys_attrs:
        created, modified = _times(attribute, style)
        style = replace(style, created_at=created, modified_at=modified)
    for iri, instances in attribute.attributes.items():
        name = style.terms.compact(iri)
        inner = _inner(style, name)
        document[name] = (
            render(instances[0], inner) if len(instances) == 1 else several(instances, inner, render)
        )


# --- several instances of one attribute


def _as_list(instances: Sequence[Attribute], style: _Style, render: _Renderer) -> Any:
    found = [render(instance, style) for instance in instances]
    return found[0] if len(found) == 1 else found


def _as_objects(instances: Sequence[Attribute], style: _Style, _render: _Renderer) -> Any:
    """Concise instances are told from a list of values by being objects."""
    found = [_concise_object(instance, style) for instance in instances]
    return found[0] if len(found) == 1 else found


def _as_dataset(instances: Sequence[Attribute], style: _Style, render: _Renderer) -> Any:
    return {"dataset": {instance.dataset_id or "@none": render(instance, style) for instance in instances}}


_RENDERERS: Mapping[Form, _Renderer] = {
    Form.NORMALIZED: _normalized,
    Form.CONCISE: _concise,
    Form.KEY_VALUES: _simplified,
}
_SEVERAL = {Form.NORMALIZED: _as_list, Form.CONCISE: _as_objects, Form.KEY_VALUES: _as_dataset}
