"""Reads JSON as web interfaces give it: a list of objects somewhere in a document, or one object per line.

Values keep their JSON types. Nested objects become fields with dotted names, so that a mapping can name them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Record
from sympolis.plugins.connectors.json.settings import JsonSettings

_DEEPEST = 8


class JsonConnector:
    """Rows of a JSON document or of NDJSON, numbered from 1 in file order."""

    id: ClassVar[str] = "json"
    settings_type: ClassVar[type] = JsonSettings

    def read(self, origin: Origin, settings: JsonSettings) -> Iterator[Record]:
        """Yield every row. Raises ``SourceFailed`` where the file is not JSON or has no such list."""
        if origin.path is None:
            raise errors.SourceFailed("the json connector reads local files", where=str(origin.url))
        where = str(origin.path)
        try:
            rows = _lines(origin.path, where) if settings.lines else _document(origin.path, settings, where)
            for number, row in enumerate(rows, start=1):
                yield _record(number, row, settings)
        except OSError as cause:
            raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=where) from cause


def _lines(path: Path, where: str) -> Iterator[Any]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield _decode(line, f"{where}, line {number}", failed=where)


def _document(path: Path, settings: JsonSettings, where: str) -> Iterable[Any]:
    size_mb = path.stat().st_size / 1e6
    if size_mb > settings.max_size_mb:
        message = f"is {size_mb:.0f} MB large; at most {settings.max_size_mb} are read"
        raise errors.SourceFailed(message, where=where, hint="raise settings.max_size_mb, or use NDJSON")
    found = _at(_decode(path.read_bytes(), where, failed=where), settings.rows, where)
    if not isinstance(found, list):
        place = f"at {settings.rows}" if settings.rows else "in the document"
        message = f"expected a list of rows {place}, found {type(found).__name__}"
        raise errors.SourceFailed(message, where=where, hint="set settings.rows, e.g. /result/records")
    return found


def _decode(content: bytes, place: str, *, failed: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as cause:
        detail = "" if place == failed else place.removeprefix(failed).lstrip(", ") + " "
        raise errors.SourceFailed(f"{detail}is not JSON: {cause}", where=failed) from cause


def _at(document: Any, pointer: str, where: str) -> Any:
    """What a JSON Pointer (RFC 6901) leads to."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        else:
            raise errors.SourceFailed(f"has no {pointer}: nothing at {name!r}", where=where)
    return document


def _record(number: int, row: Any, settings: JsonSettings) -> Record:
    if not isinstance(row, dict):
        return Record(number, {"value": row}, faults=("is not an object",))
    geometry = row.get(settings.geometry) if settings.geometry else None
    if geometry is not None and not isinstance(geometry, dict):
        return Record(number, row, faults=(f"has a {settings.geometry} that is not an object",))
    fields = {name: value for name, value in row.items() if name != settings.geometry or geometry is None}
    return Record(number, _flat(fields) if settings.flatten else fields, geometry)


def _flat(fields: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            found.update(_flat(value, f"{prefix}{name}.", depth + 1))
        else:
            found[prefix + name] = value
    return found
