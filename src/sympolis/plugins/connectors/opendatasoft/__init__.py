"""Reads a dataset of an Opendatasoft portal by its export (Explore API v2.1).

The export gives all rows in one document, where paging through records ends at 10,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Pages, Record, Wanted
from sympolis.plugins.connectors.opendatasoft.settings import OpendatasoftSettings
from sympolis.plugins.pages import below, read_pages, with_query

_POINT = "geo_point_2d"


class OpendatasoftConnector:
    """Rows of a dataset, numbered from 1 in the portal's order. ``origin.url`` is the portal's address."""

    id: ClassVar[str] = "opendatasoft"
    settings_type: ClassVar[type] = OpendatasoftSettings

    def pages(self, origin: Origin, settings: OpendatasoftSettings) -> Pages:
        """One export."""
        path = f"api/explore/v2.1/catalog/datasets/{settings.dataset}/exports/json"
        url = with_query(
            below(str(origin.url), path), where=settings.where or None, select=settings.select or None
        )
        yield Wanted(url, "export.json")

    def read(self, origin: Origin, settings: OpendatasoftSettings) -> Iterator[Record]:
        """Yield every row. Raises ``SourceFailed`` where the answer is not a list, e.g. the portal's own error."""
        number = 0
        for document, where in read_pages(origin):
            for row in _rows(document, str(origin.path), where):
                number += 1
                yield _record(number, row, settings)


def _rows(document: Any, failed: str, where: str) -> list[Any]:
    if isinstance(document, list):
        return document
    told = document.get("message") if isinstance(document, dict) else None
    message = f"the portal says: {told}" if told else f"{where} is not a list of rows"
    raise errors.SourceFailed(message, where=failed, hint="check settings.dataset, where and select")


def _record(number: int, row: Any, settings: OpendatasoftSettings) -> Record:
    if not isinstance(row, dict):
        return Record(number, {"value": row}, faults=("is not an object",))
    return Record(number, row, _geometry(row, settings))


def _geometry(row: dict[str, Any], settings: OpendatasoftSettings) -> dict[str, Any] | None:
    """The shape, which the portal wraps into a feature, else the point."""
    shape = row.get(settings.geometry)
    if isinstance(shape, dict) and "lon" not in shape:
        inner = shape.get("geometry", shape)
        return inner if isinstance(inner, dict) else None
    point = shape or row.get(_POINT)
    if isinstance(point, dict) and {"lon", "lat"} <= point.keys():
        return {"type": "Point", "coordinates": [point["lon"], point["lat"]]}
    return None
