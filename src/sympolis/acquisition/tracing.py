"""From a value back to the row of the delivery that it came from, by reading the delivery again.

Nothing is kept per value: a delivery and the mapping that read it give the same values every time, so the row can be
found when somebody asks, and what is shown is the very row, not a note about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.ledger import QuarantinedRow
from sympolis.acquisition.translate import Translated, Translator
from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Record

SAMPLE = "sample"
"""Stands for the package's own sample where a delivery is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A value: of which entity and attribute (IRI; None: any), observed when (None: not an observation)."""

    entity: str
    attribute: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a delivery, as the source gave it, and what the mapping makes of it."""

    record: Record
    meaning: Translated
    corrected: tuple[str, ...] = ()
    """Fields that a person corrected before the row was taken."""

    def value(self, wanted: Wanted) -> Any:
        """The value that this row gives for what is wanted; None if it gives none."""
        for point in self.meaning.observations:
            if _fits(point.name, point.at, wanted):
                return point.value
        entity = self.meaning.entity
        if entity is None or wanted.attribute is None:
            return None
        return entity.value(wanted.attribute)

    def to_json(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md; ``names``: IRI → short name of attributes."""
        entity = self.meaning.entity
        given = (
            {} if entity is None else {names.get(name, name): one.value for name, one in entity.instances()}
        )
        return {
            "number": self.record.number,
            "fields": dict(self.record.fields),
            "geometry": self.record.geometry,
            "corrected": list(self.corrected),
            "entity": self.meaning.entity_id,
            "attributes": given,
            "observations": [
                {"attribute": names.get(one.name, one.name), "at": one.at, "value": one.value}
                for one in self.meaning.observations
            ],
            "reasons": [
                {"field": one.field, "rule": one.rule, "message": one.message} for one in self.meaning.reasons
            ],
        }


def row(planned: PlannedSource, connector: Connector, translator: Translator, number: int) -> Row:
    """Row ``number`` of a delivery (from 1, as the source counts). Raises ``NotFound``, ``SourceFailed``."""
    for record in _records(planned, connector):
        if record.number == number:
            return Row(record=record, meaning=translator.translate(record))
    raise errors.NotFound(f"the delivery has no row {number}", where="row")


def find(planned: PlannedSource, connector: Connector, translator: Translator, wanted: Wanted) -> Row | None:
    """The row of a delivery that gives what is wanted: the first, as later ones that differ are held."""
    for record in _records(planned, connector):
        found = Row(record=record, meaning=translator.translate(record))
        if not found.meaning.reasons and _gives(found, wanted):
            return found
    return None


def find_corrected(rows: Iterable[QuarantinedRow], translator: Translator, wanted: Wanted) -> Row | None:
    """The same among rows that a person corrected and let in."""
    for held in rows:
        fields = {**held.fields, **{k: v for k, v in held.corrected.items() if k != "geometry"}}
        record = Record(held.row_number, fields, held.corrected.get("geometry", held.geometry))
        found = Row(
            record=record, meaning=translator.translate(record), corrected=tuple(sorted(held.corrected))
        )
        if not found.meaning.reasons and _gives(found, wanted):
            return found
    return None


def _records(planned: PlannedSource, connector: Connector) -> Iterator[Record]:
    records = planned.rows(connector)
    try:
        yield from records
    finally:
        with suppress(AttributeError, ValueError):
            records.close()  # type: ignore[attr-defined]


def _gives(found: Row, wanted: Wanted) -> bool:
    if found.meaning.entity_id != wanted.entity:
        return False
    if wanted.attribute is None:
        return True
    if any(_fits(point.name, point.at, wanted) for point in found.meaning.observations):
        return True
    entity = found.meaning.entity
    return entity is not None and wanted.attribute in entity.attributes


def _fits(name: str, at: datetime, wanted: Wanted) -> bool:
    return name == wanted.attribute and wanted.at in (None, at)
