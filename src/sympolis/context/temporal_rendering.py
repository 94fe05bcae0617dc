"""The temporal representations of entities (clauses 4.5.6–4.5.9, 4.5.19)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from sympolis.context.buckets import Buckets
from sympolis.context.effects import SCOPE
from sympolis.context.evolution import instance_id
from sympolis.context.instances import time_of
from sympolis.context.instants import format_instant
from sympolis.context.languages import choose
from sympolis.context.query import TimeProperty
from sympolis.context.rendering import compact_types, render_attribute
from sympolis.context.store import Bucket, History, Series
from sympolis.context.terms import Terms
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import NULL, Attribute, AttributeKind, Entity


class TemporalForm(StrEnum):
    """The representations of an entity's temporal evolution."""

    NORMALIZED = "normalized"
    TEMPORAL_VALUES = "temporalValues"
    AGGREGATED_VALUES = "aggregatedValues"


@dataclass(frozen=True, slots=True)
class Style:
    """How histories are shown.

    ``lang`` is a language preference list that turns language maps into texts (clause 4.15); ``by`` the time that
    stands beside a simplified value, None for each instance's own.
    """

    lang: str | None = None
    by: TimeProperty | None = TimeProperty.OBSERVED_AT
    sys_attrs: bool = False


@dataclass(frozen=True, slots=True)
class _Setting:
    """A style with the names that it is written in."""

    terms: Terms
    style: Style


def render_history(
    history: History,
    terms: Terms,
    *,
    form: TemporalForm = TemporalForm.NORMALIZED,
    style: Style | None = None,
) -> list[dict[str, Any]]:
    """One document per entity. Series carrying buckets need ``AGGREGATED_VALUES``, others one of the other forms."""
    setting = _Setting(terms, style or Style())
    return [
        _entity(list(group), setting, form)
        for _, group in groupby(history.series, key=lambda series: series.entity_id)
    ]


def render_instance(point: Observation, terms: Terms) -> dict[str, Any]:
    """One instance in the normalized representation, in the plainest style."""
    return _instance(point, _Setting(terms, Style()))


def render_pair(point: Observation, terms: Terms) -> list[Any]:
    """One value in the simplified representation, in the plainest style, with its time."""
    return _pair(point, _Setting(terms, Style()))


def _entity(series: Sequence[Series], setting: _Setting, form: TemporalForm) -> dict[str, Any]:
    terms = setting.terms
    document: dict[str, Any] = {"id": series[0].entity_id, "type": compact_types(series[0].types, terms)}
    named = terms.for_types(map(terms.compact, series[0].types))
    for iri, group in groupby(series, key=lambda one: one.name):
        name = named.compact(iri)
        inner = named.within(name)
        here = setting if inner is terms else _Setting(inner, setting.style)
        document["scope" if iri == SCOPE else name] = _ATTRIBUTE[form](list(group), here)
    return document


def times_of(entity: Entity | None) -> dict[str, str]:
    """The system attributes of an entity's present state, as members of its evolution; none where it has none."""
    if entity is None:
        return {}
    found = {"createdAt": entity.created_at, "modifiedAt": entity.modified_at}
    shown = {name: format_instant(at) for name, at in found.items() if at is not None}
    return {**shown, "expiresAt": entity.members["expiresAt"]} if "expiresAt" in entity.members else shown


# --- normalized


def _normalized(series: Sequence[Series], setting: _Setting) -> list[dict[str, Any]]:
    if series[0].name == SCOPE:
        return [_scope(point, setting) for point in series[0].observations]
    return [_instance(point, setting) for one in series for point in one.observations]


def _instance(point: Observation, setting: _Setting) -> dict[str, Any]:
    """One instance (clauses 4.5.7, 4.5.8)."""
    document = _reified(point, setting)
    if point.unit_code is not None:
        document["unitCode"] = point.unit_code
    _add_times(document, point, setting.style)
    document["instanceId"] = instance_id(point)
    if point.dataset_id is not None:
        document["datasetId"] = point.dataset_id
    if point.attributes or point.members:
        _add_details(document, point, setting)
    return document


def _reified(point: Observation, setting: _Setting) -> dict[str, Any]:
    kind, value = point.kind, point.value
    straight = STRAIGHT.get(kind)
    if straight is not None:
        return {"type": straight[0], straight[1]: value}
    if _is_text(point, setting.style):
        text, tag = choose(value, setting.style.lang)  # type: ignore[arg-type]
        return {"type": AttributeKind.PROPERTY.value, "value": text, "lang": tag}
    return {"type": kind.value, kind.value_member: _value(value, kind, setting.terms)}


STRAIGHT: Mapping[AttributeKind, tuple[str, str]] = {
    kind: (kind.value, kind.value_member)
    for kind in AttributeKind
    if kind
    not in (AttributeKind.LANGUAGE_PROPERTY, AttributeKind.VOCAB_PROPERTY, AttributeKind.LIST_RELATIONSHIP)
}
"""Kinds whose values are shown as they are: most points by far."""


def _is_text(point: Observation, style: Style) -> bool:
    """Whether one text of a language map is wanted instead of the map."""
    return (
        style.lang is not None
        and point.kind is AttributeKind.LANGUAGE_PROPERTY
        and point.time is not TimeKind.DELETED
    )


def _add_times(document: dict[str, Any], point: Observation, style: Style) -> None:
    if point.time is TimeKind.OBSERVED:
        document["observedAt"] = format_instant(point.at)
    elif point.time is TimeKind.DELETED:
        document["deletedAt"] = format_instant(point.at)
    for name in (TimeProperty.CREATED_AT, TimeProperty.MODIFIED_AT):
        if style.sys_attrs or name is style.by:  # what was asked by is told (clause 4.5.7)
            at = time_of(point, name)
            if at is not None:
                document[name.value] = format_instant(at)


def _add_details(document: dict[str, Any], point: Observation, setting: _Setting) -> None:
    """Sub-attributes and further members, as the normalized representation of an attribute has them."""
    whole = Attribute(point.kind, point.value, attributes=point.attributes, members=point.members)
    shown = render_attribute(whole, setting.terms)
    document.update((name, value) for name, value in shown.items() if name not in document)


def _scope(point: Observation, setting: _Setting) -> dict[str, Any]:
    """An instance of the scope: a Property with nothing but times (clause 4.5.6)."""
    gone = point.time is TimeKind.DELETED
    document: dict[str, Any] = {"type": "Property", "value": [] if gone else point.value}
    _add_times(document, point, setting.style)
    return document


# --- simplified and aggregated


PLURAL = {
    AttributeKind.PROPERTY: "values",
    AttributeKind.GEO_PROPERTY: "values",
    AttributeKind.RELATIONSHIP: "objects",
    AttributeKind.LANGUAGE_PROPERTY: "languageMaps",
    AttributeKind.JSON_PROPERTY: "jsons",
    AttributeKind.VOCAB_PROPERTY: "vocabs",
    AttributeKind.LIST_PROPERTY: "valueLists",
    AttributeKind.LIST_RELATIONSHIP: "objectLists",
}


def _temporal_values(series: Sequence[Series], setting: _Setting) -> Any:
    found = []
    for one in series:
        kind = one.kind
        if kind is AttributeKind.LANGUAGE_PROPERTY and setting.style.lang is not None:
            kind = AttributeKind.PROPERTY
        pairs = [_pair(point, setting) for point in one.observations]
        found.append(_with_dataset({"type": kind.value, PLURAL[kind]: pairs}, one))
    return found[0] if len(found) == 1 else found


def _pair(point: Observation, setting: _Setting) -> list[Any]:
    at = time_of(point, setting.style.by) or point.at
    return [_bare(point, setting), format_instant(at)]


REIFIED = frozenset(
    {AttributeKind.LANGUAGE_PROPERTY, AttributeKind.JSON_PROPERTY, AttributeKind.VOCAB_PROPERTY}
)


def _bare(point: Observation, setting: _Setting) -> Any:
    """A value as the simplified representation has it (clause 4.5.9): some kinds keep the name of their member."""
    if _is_text(point, setting.style):
        return choose(point.value, setting.style.lang)[0]  # type: ignore[arg-type]
    if point.name == SCOPE and point.time is TimeKind.DELETED:
        return []
    kind = point.kind
    if kind is AttributeKind.LIST_RELATIONSHIP:
        return point.value
    found = _value(point.value, kind, setting.terms)
    return {kind.value_member: found} if kind in REIFIED else found


def _aggregated_values(series: Sequence[Series], _setting: _Setting) -> Any:
    found = []
    for one in series:
        document: dict[str, Any] = {"type": one.kind.value}
        if isinstance(one.buckets, Buckets):
            times = one.buckets.spelled()
            document |= {
                name.value: list(zip(column, *times, strict=True))
                for name, column in one.buckets.figures.items()
            }
        else:
            _add_figures(document, one.buckets)
        found.append(_with_dataset(document, one))
    return found[0] if len(found) == 1 else found


def _add_figures(document: dict[str, Any], buckets: Iterable[Bucket]) -> None:
    for bucket, start, end in _spelled(buckets):
        for method, figure in bucket.figures.items():
            document.setdefault(method.value, []).append([figure, start, end])


def _spelled(buckets: Iterable[Bucket]) -> Iterator[tuple[Bucket, str, str]]:
    """Each bucket with its ends as texts; mostly one begins where another ends, so that text is at hand."""
    last, text = None, ""
    for bucket in buckets:
        start = text if bucket.start == last else format_instant(bucket.start)
        last, text = bucket.end, format_instant(bucket.end)
        yield bucket, start, text


def _with_dataset(document: dict[str, Any], series: Series) -> dict[str, Any]:
    if series.dataset_id is not None:
        document["datasetId"] = series.dataset_id
    return document


def _value(value: Any, kind: AttributeKind, terms: Terms) -> Any:
    if value == NULL:
        return {"@none": NULL} if kind is AttributeKind.LANGUAGE_PROPERTY else value
    if kind is AttributeKind.VOCAB_PROPERTY:
        return [terms.compact(part) for part in value] if isinstance(value, list) else terms.compact(value)
    if kind is AttributeKind.LIST_RELATIONSHIP and isinstance(value, Iterable):
        return [{"object": target} for target in value]
    return value


_ATTRIBUTE: Mapping[TemporalForm, Callable[[Sequence[Series], _Setting], Any]] = {
    TemporalForm.NORMALIZED: _normalized,
    TemporalForm.TEMPORAL_VALUES: _temporal_values,
    TemporalForm.AGGREGATED_VALUES: _aggregated_values,
}
