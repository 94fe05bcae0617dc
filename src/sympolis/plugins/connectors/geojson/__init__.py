"""Reads GeoJSON features, the common form of a city's areas, streets and sensors (RFC 7946).

Properties become fields with their JSON types; the feature's ``id`` becomes the field ``id`` unless a property has
that name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Record
from sympolis.plugins.connectors.geojson.settings import GeoJsonSettings
from sympolis.plugins.pages import feature_record


class GeoJsonConnector:
    """Features of a FeatureCollection (or one Feature), numbered from 1 in file order."""

    id: ClassVar[str] = "geojson"
    settings_type: ClassVar[type] = GeoJsonSettings

    def read(self, origin: Origin, settings: GeoJsonSettings) -> Iterator[Record]:
        """Yield every feature. Raises ``SourceFailed`` where the file is not GeoJSON."""
        if origin.path is None:
            raise errors.SourceFailed("the geojson connector reads local files", where=str(origin.url))
        features = _features(_decode(origin.path, settings), str(origin.path))
        return (feature_record(number, feature) for number, feature in enumerate(features, start=1))


def _decode(path: Path, settings: GeoJsonSettings) -> Any:
    try:
        size_mb = path.stat().st_size / 1e6
        if size_mb > settings.max_size_mb:
            message = f"is {size_mb:.0f} MB large; at most {settings.max_size_mb} are read"
            raise errors.SourceFailed(
                message, where=str(path), hint="raise settings.max_size_mb, or split the file"
            )
        return msgspec.json.decode(path.read_bytes())
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=str(path)) from cause
    except (msgspec.DecodeError, UnicodeDecodeError) as cause:
        raise errors.SourceFailed(f"is not JSON: {cause}", where=str(path)) from cause


def _features(document: Any, where: str) -> list[Any]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        return [document]
    if kind != "FeatureCollection" or not isinstance(document.get("features"), list):
        message = f"expected a FeatureCollection with features, found {kind or type(document).__name__}"
        raise errors.SourceFailed(message, where=where)
    found: list[Any] = document["features"]
    return found
