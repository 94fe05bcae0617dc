"""Reads the buildings of a city model in CityJSON 1.0, 1.1 or 2.0, as a document or as a sequence of features.

Of all that a city model may hold these are what the twin shows: footprint, height, storeys, function, year. The
geometry is flattened to a footprint in the source's CRS; ``plugins.buildings`` says how heights follow from surfaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, ClassVar, Final

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Recognised, Record
from sympolis.plugins.connectors.cityjson.model import Chapter, reference_system, rows
from sympolis.plugins.connectors.cityjson.settings import CityJsonSettings

_VERSIONS: Final = ("1.0", "1.1", "2.0")
_HEAD: Final = 1 << 16


class CityJsonConnector:
    """Buildings, numbered from 1 in file order."""

    id: ClassVar[str] = "cityjson"
    settings_type: ClassVar[type] = CityJsonSettings

    def read(self, origin: Origin, settings: CityJsonSettings) -> Iterator[Record]:
        """Yield every building. Raises ``SourceFailed`` where the file is not CityJSON."""
        if origin.path is None:
            raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
        number = 0
        for chapter in _chapters(origin.path, settings):
            for fields, shape, faults in rows(chapter, settings):
                number += 1
                yield Record(number, fields, shape, faults)

    def recognise(self, sample: Path) -> Recognised:
        """By the type and version at the file's beginning."""
        try:
            with sample.open("rb") as stream:
                head = stream.read(_HEAD)
        except OSError:
            return Recognised(0.0)
        told = b"".join(head.split())
        if b'"type":"CityJSON"' not in told or not told.startswith(b"{"):
            return Recognised(0.0)
        return Recognised(0.98, {}, "a CityJSON document")


def _chapters(path: Path, settings: CityJsonSettings) -> Iterator[Chapter]:
    """The document, or each feature of a sequence behind its first line."""
    where, limit = str(path), settings.max_size_mb * 1_000_000
    try:
        with path.open("rb") as stream:
            first = _decoded(_line(stream, limit, where))
            second = _line(stream, limit, where) if first is not None else b""
            if first is None or not second:
                yield _whole(path, settings)
                return
            head = _head(first, settings, where)
            yield head
            number = 1
            while second:
                number += 1
                if second.strip():
                    yield _feature(head, second, f"line {number}", where)
                second = _line(stream, limit, where)
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=where) from cause


def _line(stream: IO[bytes], limit: int, where: str) -> bytes:
    line = stream.readline(limit + 1)
    if len(line) > limit:
        raise _too_large(limit, where)
    return line


def _too_large(limit: int, where: str) -> errors.SourceFailed:
    hint = "raise settings.max_size_mb, or deliver it as CityJSONSeq"
    return errors.SourceFailed(f"is larger than {limit / 1e6:g} MB", where=where, hint=hint)


def _decoded(line: bytes) -> Any:
    """The first line's document; None where it is none: then the file is one document over many lines."""
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _whole(path: Path, settings: CityJsonSettings) -> Chapter:
    limit = settings.max_size_mb * 1_000_000
    if path.stat().st_size > limit:
        raise _too_large(limit, str(path))
    try:
        return _head(msgspec.json.decode(path.read_bytes()), settings, str(path))
    except (msgspec.DecodeError, UnicodeDecodeError) as cause:
        raise errors.SourceFailed(f"is not JSON: {cause}", where=str(path)) from cause


def _head(document: Any, settings: CityJsonSettings, where: str) -> Chapter:
    """The document that names version, transform and reference system. Raises ``SourceFailed``."""
    kind = document.get("type") if isinstance(document, dict) else None
    if kind != "CityJSON":
        raise errors.SourceFailed(f"is no CityJSON document but {kind or 'something else'}", where=where)
    version = str(document.get("version"))
    if not version.startswith(_VERSIONS):
        hint = f"known: {', '.join(_VERSIONS)}"
        raise errors.SourceFailed(f"is CityJSON {version}, which is not read", where=where, hint=hint)
    told = reference_system(document)
    if settings.srs is not None and told != settings.srs:
        hint = "check the delivery, or the source's crs and srs"
        raise errors.SourceFailed(f"is in EPSG:{told}, not in EPSG:{settings.srs}", where=where, hint=hint)
    return Chapter.of(document, document, where)


def _feature(head: Chapter, line: bytes, name: str, where: str) -> Chapter:
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as cause:
        message = f"{name} is not JSON: {cause}"
        raise errors.SourceFailed(message, where=where, hint="is the file cut off?") from cause
    if not isinstance(document, dict) or document.get("type") != "CityJSONFeature":
        raise errors.SourceFailed(f"{name} is no CityJSONFeature", where=where)
    return Chapter.of(document, head.transform, where)
