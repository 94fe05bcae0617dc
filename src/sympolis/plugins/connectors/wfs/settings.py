"""What a source file may say under ``[settings]`` for a Web Feature Service."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class WfsSettings:
    """Which feature type, how it is asked for."""

    type_name: str
    """The feature type with its prefix, e.g. ``app:buildings``."""
    output_format: str = "application/json"
    """The server's name for GeoJSON; some want ``application/geo+json`` or ``json``."""
    srs: str = option("EPSG:4326", pattern=r"EPSG:\d+")
    """The reference system asked for; declare the same as the source's ``crs``."""
    sort_by: str = ""
    """An attribute to sort by; needed by servers that otherwise page in no order."""
    cql_filter: str = ""
    """A condition, where the server knows CQL."""
    page_rows: int = option(2_000, minimum=1, maximum=50_000)
