"""From the rows of a history straight to the document that a client gets, without instances in between.

What is asked for most, the newest values of an entity, is shown plainly: rows and answer differ in names and in how
they spell times. ``context.temporal_rendering`` is the measure: the result is what ``render_history`` gives, which a
property test holds it to. What is unusual in a row is rendered by it, one instance at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

import msgspec

from sympolis.context.effects import SCOPE
from sympolis.context.evolution import INSTANCE_PREFIX, observed_place, series_digest
from sympolis.context.instants import format_microseconds
from sympolis.context.rendering import compact_types
from sympolis.context.temporal_rendering import (
    PLURAL,
    REIFIED,
    STRAIGHT,
    TemporalForm,
    render_instance,
    render_pair,
)
from sympolis.context.terms import Terms
from sympolis.stores.embedded.points import KINDS, Line, Row, decode_point

Told = tuple[Line, Sequence[Row]]
"""A series of observed points, in order of time; not empty."""
_MOST_NAMES_KEPT: Final = 8192
_MOST_TYPES_KEPT: Final = 1024
_HEAD: Final = ("id", "type", "scope")
_NUMBERS: Final = ({float}, {int}, {float, int})
_encode = msgspec.json.Encoder().encode


def _json(value: Any) -> str:
    return _encode(value).decode()


class EvolutionWriter:
    """Writes documents in the names of one @context."""

    def __init__(self, terms: Terms, form: TemporalForm) -> None:
        self._terms = terms
        self._write: Callable[[str, tuple[str, ...], Terms, list[Told]], str] = _FORMS[form]
        self._known: dict[tuple[str, ...], _Names] = {}

    def write(self, entity_id: str, types: tuple[str, ...], told: Sequence[Told]) -> bytes | None:
        """The document of an entity's series, in order of name and dataset; None where it is to be rendered."""
        names = self._known.get(types) or self._names(types)
        pieces = ['{"id":', _json(entity_id), names.types]
        for iri, group in groupby(told, key=_name):
            begun, inner = names.of(iri)
            if not begun:
                return None
            pieces += (begun, self._write(entity_id, types, inner, list(group)))
        pieces.append("}")
        return "".join(pieces).encode()

    def _names(self, types: tuple[str, ...]) -> _Names:
        if len(self._known) >= _MOST_TYPES_KEPT:
            self._known.clear()
        found = self._known[types] = _Names(types, self._terms)
        return found


def _name(told: Told) -> str:
    return told[0].name


class _Names:
    """How the members of a document begin, of entities of these types."""

    def __init__(self, types: tuple[str, ...], terms: Terms) -> None:
        self.types = f',"type":{_json(compact_types(types, terms))}'
        self._named = terms.for_types(map(terms.compact, types))
        self._begun: dict[str, tuple[str, Terms]] = {}

    def of(self, iri: str) -> tuple[str, Terms]:
        """``,"name":`` and the terms that hold inside; nothing where the name means something else."""
        found = self._begun.get(iri)
        if found is None:
            if len(self._begun) >= _MOST_NAMES_KEPT:
                self._begun.clear()
            name = self._named.compact(iri)
            usual = iri != SCOPE and name not in _HEAD
            found = self._begun[iri] = (f",{_json(name)}:" if usual else "", self._named.within(name))
        return found


@lru_cache(maxsize=8)
def evolution_writer(terms: Terms, form: TemporalForm) -> EvolutionWriter:
    """The writer for this @context and form."""
    return EvolutionWriter(terms, form)


def _values(rows: Sequence[Row]) -> Sequence[str]:
    """The values of rows as JSON: numbers all at once."""
    values = [row[1] for row in rows]
    if set(map(type, values)) in _NUMBERS:
        return _encode(values)[1:-1].decode().split(",")
    return [value.decode() if type(value) is bytes else _json(value) for value in values]


# --- normalized

_BEGUN: Final = [
    f'{{"type":"{STRAIGHT[kind][0]}","{STRAIGHT[kind][1]}":' if kind in STRAIGHT else "" for kind in KINDS
]


def _normalized(entity_id: str, types: tuple[str, ...], terms: Terms, told: list[Told]) -> str:
    instances = [text for line, rows in told for text in _instances(entity_id, types, terms, line, rows)]
    return f"[{','.join(instances)}]"


def _instances(
    entity_id: str, types: tuple[str, ...], terms: Terms, line: Line, rows: Sequence[Row]
) -> Iterator[str]:
    digest = series_digest(entity_id, line.name, line.dataset or None)
    end = f'","datasetId":{_json(line.dataset)}}}' if line.dataset else '"}'
    for value, row in zip(_values(rows), rows, strict=True):
        at, _, unit, kind, _, _, more = row
        begun = _BEGUN[kind]
        if more is None and begun:
            when, place = _times(at)
            yield f"{begun}{value}{_unit(unit)}{when}{digest}{place}{end}"
        else:
            yield _json(render_instance(decode_point(entity_id, types, line, row), terms))


@lru_cache(maxsize=8192)
def _times(at: int) -> tuple[str, str]:
    """``observedAt`` and how the ``instanceId`` begins, and how that ends; what is measured together shares them."""
    return f',"observedAt":"{format_microseconds(at)}","instanceId":"{INSTANCE_PREFIX}', observed_place(at)


@lru_cache(maxsize=512)
def _unit(unit: str | None) -> str:
    return "" if unit is None else f',"unitCode":{_json(unit)}'


# --- simplified

_BARE: Final = [kind in STRAIGHT and kind not in REIFIED for kind in KINDS]


def _simplified(entity_id: str, types: tuple[str, ...], terms: Terms, told: list[Told]) -> str:
    series = [_pairs(entity_id, types, terms, line, rows) for line, rows in told]
    return series[0] if len(series) == 1 else f"[{','.join(series)}]"


def _pairs(entity_id: str, types: tuple[str, ...], terms: Terms, line: Line, rows: Sequence[Row]) -> str:
    pairs = [
        f'[{value},"{format_microseconds(row[0])}"]'
        if _BARE[row[3]]
        else _json(render_pair(decode_point(entity_id, types, line, row), terms))
        for value, row in zip(_values(rows), rows, strict=True)
    ]
    kind = KINDS[rows[-1][3]]
    end = f',"datasetId":{_json(line.dataset)}}}' if line.dataset else "}"
    return f'{{"type":"{kind.value}","{PLURAL[kind]}":[{",".join(pairs)}]{end}'


_FORMS: Final = {TemporalForm.NORMALIZED: _normalized, TemporalForm.TEMPORAL_VALUES: _simplified}
