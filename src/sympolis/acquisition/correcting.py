"""A held row as somebody corrects it: which fields may be named, and what then goes through the gate again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.acquisition.ledger import QuarantinedRow
from sympolis.acquisition.mapping import EntityMapping, source_fields
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.plugins.connector import Record


def correction(mapping: EntityMapping, row: QuarantinedRow, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """``fields``, where the row has all of them (``geometry`` may be one). Raises ``BadRequestData``."""
    known = {*row.fields, *source_fields(mapping), "geometry"}
    for name in fields:
        if name not in known:
            raise errors.BadRequestData(
                "the row has no such field", where=name, hint=did_you_mean(name, known)
            )
    if not isinstance(fields.get("geometry") or {}, Mapping):
        raise errors.BadRequestData("expected a GeoJSON geometry or null", where="geometry")
    return fields


def corrected(row: QuarantinedRow, fields: Mapping[str, Any]) -> Record:
    """The held row as a source would give it with ``fields`` and every earlier correction."""
    changes = {**row.corrected, **fields}
    geometry = changes.get("geometry", row.geometry)
    faults = () if changes else tuple(reason.message for reason in row.reasons if reason.rule == "row")
    values = {**row.fields, **{name: value for name, value in changes.items() if name != "geometry"}}
    return Record(row.row_number, values, geometry, faults)
