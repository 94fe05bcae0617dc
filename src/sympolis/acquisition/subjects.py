"""What sources hold of one entity, in the form in which it came: rows of deliveries, and rows that were held back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.ledger import QuarantinedRow
from sympolis.acquisition.translate import Translator
from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Rows about an entity in one delivery: ``sample`` for the package's own, ``held`` for rows in quarantine."""

    source: str
    delivery: str
    rows: tuple[Mapping[str, Any], ...]
    ids: tuple[str, ...] = ()
    """Of held rows."""

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return {"source": self.source, "delivery": self.delivery, "rows": list(self.rows)}


def in_delivery(
    planned: PlannedSource, connector: Connector, translator: Translator, entity_id: str
) -> list[Mapping[str, Any]]:
    """The rows of a delivery about an entity: number and fields; none where the delivery cannot be read."""
    found: list[Mapping[str, Any]] = []
    with suppress(errors.SourceFailed):
        for record in planned.rows(connector):
            if translator.translate(record).entity_id == entity_id:
                found.append({"number": record.number, "fields": dict(record.fields)})
    return found


def held(rows: Iterable[QuarantinedRow], translator: Translator, entity_id: str) -> Sequence[QuarantinedRow]:
    """Those of the held rows that are about an entity, as far as they can be read."""
    return [
        row
        for row in rows
        if translator.translate(Record(row.row_number, row.fields, row.geometry)).entity_id == entity_id
    ]
