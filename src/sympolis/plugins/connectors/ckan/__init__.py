"""Reads a resource of a CKAN portal through its DataStore, page by page (CKAN API 3).

Files that a portal only links to are read by the connectors of their formats, with the file's address under
``[refresh]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Pages, Record, Wanted
from sympolis.plugins.connectors.ckan.settings import CkanSettings
from sympolis.plugins.pages import below, member, read_json, read_pages, with_query


class CkanConnector:
    """Records of a resource, numbered from 1 in the order of their row ids. ``origin.url`` is the portal's address."""

    id: ClassVar[str] = "ckan"
    settings_type: ClassVar[type] = CkanSettings

    def pages(self, origin: Origin, settings: CkanSettings) -> Pages:
        """Pages until one is not full. Sorted, so that no row is missed or given twice."""
        start = below(str(origin.url), "api/3/action/datastore_search")
        offset = 0
        while True:
            url = with_query(
                start, resource_id=settings.resource, limit=settings.page_rows, offset=offset, sort="_id"
            )
            page = yield Wanted(url, f"page-{offset:09d}.json")
            rows = _rows(read_json(page.path), url)
            if len(rows) < settings.page_rows:
                return
            offset += len(rows)

    def read(self, origin: Origin, settings: CkanSettings) -> Iterator[Record]:  # noqa: ARG002 - the contract's
        """Yield every record. Raises ``SourceFailed`` where the portal answered with an error."""
        number = 0
        for document, _ in read_pages(origin):
            for row in _rows(document, str(origin.path)):
                number += 1
                if isinstance(row, dict):
                    yield Record(number, {name: value for name, value in row.items() if name != "_id"})
                else:
                    yield Record(number, {"value": row}, faults=("is not an object",))


def _rows(document: Any, where: str) -> list[Any]:
    if isinstance(document, dict) and document.get("success") is False:
        told = document.get("error")
        reason = told.get("message", told) if isinstance(told, dict) else told
        raise errors.SourceFailed(f"the portal says: {reason}", where=where, hint="check settings.resource")
    found: list[Any] = member(member(document, "result", dict, where), "records", list, where)
    return found
