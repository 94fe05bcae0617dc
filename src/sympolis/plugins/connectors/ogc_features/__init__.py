"""Reads a collection of an OGC API Features, following its ``next`` links (OGC 17-069r4, section 7.15)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import quote, urljoin

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Pages, Record, Wanted
from sympolis.plugins.connectors.ogc_features.settings import OgcFeaturesSettings
from sympolis.plugins.pages import below, feature_records, link, read_json, with_query

_ACCEPT = {"Accept": "application/geo+json, application/json;q=0.9"}


class OgcFeaturesConnector:
    """Features of a collection, numbered from 1 in the server's order. ``origin.url`` is its landing page."""

    id: ClassVar[str] = "ogc_features"
    settings_type: ClassVar[type] = OgcFeaturesSettings

    def pages(self, origin: Origin, settings: OgcFeaturesSettings) -> Pages:
        """Pages as the server links them. Raises ``SourceFailed`` where the links lead in a circle."""
        bbox = None if settings.bbox is None else ",".join(map(str, settings.bbox))
        url: str | None = with_query(
            below(str(origin.url), f"collections/{quote(settings.collection)}/items"),
            limit=settings.page_rows,
            bbox=bbox,
            datetime=settings.datetime or None,
        )
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise errors.SourceFailed("its next links lead in a circle", where=url)
            seen.add(url)
            page = yield Wanted(url, f"page-{len(seen):06d}.geojson", _ACCEPT)
            following = link(read_json(page.path), "next")
            url = None if following is None else urljoin(url, following)

    def read(self, origin: Origin, settings: OgcFeaturesSettings) -> Iterator[Record]:  # noqa: ARG002 - the contract's
        """Yield every feature. Raises ``SourceFailed``."""
        return feature_records(origin)
