"""The temporal representations of entities (clauses 4.5.6–4.5.9, 4.5.19)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from sympolis.context.evolution import instance_id
from sympolis.context.instants import format_instant
from sympolis.context.languages import choose
from sympolis.context.rendering import compact_types
from sympolis.context.store import Bucket, History, Series
from sympolis.context.terms import Terms
from sympolis.domain.changes import Observation
from sympolis.domain.entity import AttributeKind


class TemporalForm(StrEnum):
    """The representations of an entity's temporal evolution."""

    NORMALIZED = "normalized"
    TEMPORAL_VALUES = "temporalValues"
    AGGREGATED_VALUES = "aggregatedValues"


def render_history(
    history: History,
    terms: Terms,
    *,
    form: TemporalForm = TemporalForm.NORMALIZED,
    lang: str | None = None,
) -> list[dict[str, Any]]:
    """One document per entity. Series carrying buckets need ``AGGREGATED_VALUES``, others one of the other forms.

    ``lang`` is a language preference list that turns language maps into texts (clause 4.15).
    """
    style = _Style(terms, lang)
    return [
        _entity(list(group), style, form)
        for _, group in groupby(history.series, key=lambda series: series.entity_id)
    ]


@dataclass(frozen=True, slots=True)
class _Style:
    """What rendering a series depends on."""

    terms: Terms
    lang: str | None


def _entity(series: Sequence[Series], style: _Style, form: TemporalForm) -> dict[str, Any]:
    terms = style.terms
    document: dict[str, Any] = {"id": series[0].entity_id, "type": compact_types(series[0].types, terms)}
    named = terms.for_types(map(terms.compact, series[0].types))
    for iri, group in groupby(series, key=lambda one: one.name):
        document[named.compact(iri)] = _ATTRIBUTE[form](list(group), style)
    return document


def _normalized(series: Sequence[Series], style: _Style) -> list[dict[str, Any]]:
    return [_instance(point, one.kind, style) for one in series for point in one.observations]


def _instance(point: Observation, kind: AttributeKind, style: _Style) -> dict[str, Any]:
    document = _reified(point.value, kind, style)
    if point.unit_code is not None:
        document["unitCode"] = point.unit_code
    document["observedAt"] = format_instant(point.at)
    document["instanceId"] = instance_id(point)
    if point.dataset_id is not None:
        document["datasetId"] = point.dataset_id
    return document


def _reified(value: Any, kind: AttributeKind, style: _Style) -> dict[str, Any]:
    if kind is AttributeKind.LANGUAGE_PROPERTY and style.lang is not None:
        text, tag = choose(value, style.lang)
        return {"type": AttributeKind.PROPERTY.value, "value": text, "lang": tag}
    return {"type": kind.value, kind.value_member: _value(value, kind, style.terms)}


_PLURAL = {
    AttributeKind.PROPERTY: "values",
    AttributeKind.GEO_PROPERTY: "values",
    AttributeKind.RELATIONSHIP: "objects",
    AttributeKind.LANGUAGE_PROPERTY: "languageMaps",
    AttributeKind.JSON_PROPERTY: "jsons",
    AttributeKind.VOCAB_PROPERTY: "vocabs",
    AttributeKind.LIST_PROPERTY: "valueLists",
    AttributeKind.LIST_RELATIONSHIP: "objectLists",
}


def _temporal_values(series: Sequence[Series], style: _Style) -> Any:
    found = []
    for one in series:
        kind = one.kind
        if kind is AttributeKind.LANGUAGE_PROPERTY and style.lang is not None:
            kind = AttributeKind.PROPERTY
        pairs = [
            [_bare(point.value, one.kind, style), format_instant(point.at)] for point in one.observations
        ]
        found.append(_with_dataset({"type": kind.value, _PLURAL[kind]: pairs}, one))
    return found[0] if len(found) == 1 else found


_REIFIED = frozenset(
    {AttributeKind.LANGUAGE_PROPERTY, AttributeKind.JSON_PROPERTY, AttributeKind.VOCAB_PROPERTY}
)


def _bare(value: Any, kind: AttributeKind, style: _Style) -> Any:
    """A value as the simplified representation has it (clause 4.5.9): some kinds keep the name of their member."""
    if kind is AttributeKind.LANGUAGE_PROPERTY and style.lang is not None:
        return choose(value, style.lang)[0]
    if kind is AttributeKind.LIST_RELATIONSHIP:
        return value
    found = _value(value, kind, style.terms)
    return {kind.value_member: found} if kind in _REIFIED else found


def _aggregated_values(series: Sequence[Series], _style: _Style) -> Any:
    found = []
    for one in series:
        document: dict[str, Any] = {"type": one.kind.value}
        for bucket, start, end in _spelled(one.buckets):
            for method, figure in bucket.figures.items():
                document.setdefault(method.value, []).append([figure, start, end])
        found.append(_with_dataset(document, one))
    return found[0] if len(found) == 1 else found


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
    if kind is AttributeKind.VOCAB_PROPERTY:
        return [terms.compact(part) for part in value] if isinstance(value, list) else terms.compact(value)
    if kind is AttributeKind.LIST_RELATIONSHIP and isinstance(value, Iterable):
        return [{"object": target} for target in value]
    return value


_ATTRIBUTE: Mapping[TemporalForm, Callable[[Sequence[Series], _Style], Any]] = {
    TemporalForm.NORMALIZED: _normalized,
    TemporalForm.TEMPORAL_VALUES: _temporal_values,
    TemporalForm.AGGREGATED_VALUES: _aggregated_values,
}
