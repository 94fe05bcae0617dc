"""Reads a query of a database, since much of what a city knows never leaves one (any SQLAlchemy URL, read-only).

The rows are drawn into a file, one JSON object a line, and read from there: a number in the twin leads back to the row
as it was. With a cursor column only what is new is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from sympolis.domain import errors
from sympolis.plugins.connector import Limits, Origin, Record
from sympolis.plugins.connectors.sql import drawing
from sympolis.plugins.connectors.sql.settings import SqlSettings
from sympolis.plugins.pages import json_lines


class SqlConnector:
    """Rows of a query, numbered from 1 in the order drawn. ``origin.url`` is the database without user and password."""

    id: ClassVar[str] = "sql"
    settings_type: ClassVar[type] = SqlSettings

    def host(self, origin: Origin, settings: SqlSettings) -> tuple[str, int] | None:  # noqa: ARG002
        """See ``Drawing``; None for a file (SQLite) or a socket of this machine."""
        return drawing.host(str(origin.url))

    def draw(self, origin: Origin, settings: SqlSettings, to: Path, limits: Limits) -> None:
        """See ``Drawing``. Raises ``SourceFailed``: no connection, refused, too slow, too much."""
        drawing.draw(origin, settings, to, limits)

    def bookmark(self, origin: Origin, settings: SqlSettings) -> str | None:
        """The cursor of the last row; see ``Incremental``."""
        return drawing.bookmark(origin, settings)

    def read(self, origin: Origin, settings: SqlSettings) -> Iterator[Record]:  # noqa: ARG002 - the contract's
        """Yield every drawn row. Raises ``SourceFailed`` naming the line that is none."""
        if origin.path is None:
            raise errors.SourceFailed("nothing has been drawn yet", where=str(origin.url))
        for number, row in json_lines(origin.path):
            if isinstance(row, dict):
                yield Record(number, row)
            else:
                yield Record(number, {"value": row}, faults=("is not an object",))
