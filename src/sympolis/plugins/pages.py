"""What connectors of web interfaces have in common: pages of JSON, kept as files, and features in them.

For plugins; a plugin does not import another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Record


def read_pages(origin: Origin) -> Iterator[tuple[Any, str]]:
    """Each page's document with its place, in order; ``origin.path`` is a file or the folder of a delivery.

    Raises ``SourceFailed``.
    """
    if origin.path is None:
        raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
    files = sorted(origin.path.iterdir()) if origin.path.is_dir() else [origin.path]
    for file in files:
        yield read_json(file, failed=origin.path), str(file)


def read_json(file: Path, *, failed: Path | None = None) -> Any:
    """The document in a file. Raises ``SourceFailed`` naming ``failed``, else the file."""
    where = str(failed or file)
    try:
        return msgspec.json.decode(file.read_bytes())
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=where) from cause
    except (msgspec.DecodeError, UnicodeDecodeError) as cause:
        raise errors.SourceFailed(f"{file.name} is not JSON: {cause}", where=where) from cause


def json_lines(file: Path) -> Iterator[tuple[int, Any]]:
    """Each line's number, from 1, and document; empty lines say nothing. Raises ``SourceFailed`` naming the line."""
    number = 0
    try:
        with file.open("rb") as stream:
            for line in stream:
                number += 1
                if line.strip():
                    yield number, msgspec.json.decode(line)
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=str(file)) from cause
    except (msgspec.DecodeError, UnicodeDecodeError) as cause:
        message = f"line {number} is not JSON: {cause}"
        raise errors.SourceFailed(message, where=str(file), hint="is the file cut off?") from cause


def with_query(url: str, **parameters: object) -> str:
    """``url`` with these query parameters, set anew where it has them already; None leaves one out."""
    parts = urlsplit(url)
    kept = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **parameters}
    query = urlencode({name: value for name, value in kept.items() if value is not None})
    return urlunsplit(parts._replace(query=query))


def below(url: str, path: str) -> str:
    """The address of ``path`` below ``url``, which may end with a slash or not."""
    return f"{url.rstrip('/')}/{path.lstrip('/')}"


def member(document: Any, name: str, kind: type, where: str) -> Any:
    """A member of an answer that has to be there. Raises ``SourceFailed``."""
    found = document.get(name) if isinstance(document, Mapping) else None
    if not isinstance(found, kind):
        raise errors.SourceFailed(f"the answer has no {name}", where=where)
    return found


def read_list(document: Any, where: str) -> list[Any]:
    """An answer that has to be a list; an error's own words where it is one (RFC 7807). Raises ``SourceFailed``."""
    if isinstance(document, list):
        return document
    told = (document.get("detail") or document.get("title")) if isinstance(document, Mapping) else None
    raise errors.SourceFailed(f"the server says: {told}" if told else "the answer is not a list", where=where)


def link(document: Any, relation: str) -> str | None:
    """The address of the link with this relation, in the way of OGC APIs and STAC."""
    links = document.get("links") if isinstance(document, Mapping) else None
    for one in links if isinstance(links, list) else ():
        if isinstance(one, Mapping) and one.get("rel") == relation and isinstance(one.get("href"), str):
            return str(one["href"])
    return None


def feature_record(number: int, feature: Any) -> Record:
    """A GeoJSON feature as a record: its properties, its ``id`` where no property has that name, its geometry."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return Record(number, {"feature": feature}, faults=("is not a GeoJSON Feature",))
    properties = feature.get("properties")
    if properties is not None and not isinstance(properties, dict):
        return Record(number, {"properties": properties}, faults=("has properties that are not an object",))
    fields = dict(properties or {})
    if "id" in feature:
        fields.setdefault("id", feature["id"])
    geometry = feature.get("geometry")
    if geometry is not None and not isinstance(geometry, dict):
        return Record(number, fields, faults=("has a geometry that is not an object",))
    return Record(number, fields, geometry)


def feature_records(origin: Origin) -> Iterator[Record]:
    """The features of all pages, numbered from 1. Raises ``SourceFailed``."""
    number = 0
    for document, _ in read_pages(origin):
        for feature in member(document, "features", list, str(origin.path)):
            number += 1
            yield feature_record(number, feature)
