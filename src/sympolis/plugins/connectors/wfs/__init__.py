"""Reads a feature type of a Web Feature Service, still what most land registries offer (WFS 2.0, GeoJSON output)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Page, Pages, Record, Wanted
from sympolis.plugins.connectors.wfs.settings import WfsSettings
from sympolis.plugins.pages import feature_records, member, read_json, with_query

_EXCEPTION: Final = re.compile(r"<(?:\w+:)?ExceptionText>([^<]*)<")


class WfsConnector:
    """Features of a type, numbered from 1 in the server's order. ``origin.url`` is the service's address."""

    id: ClassVar[str] = "wfs"
    settings_type: ClassVar[type] = WfsSettings

    def pages(self, origin: Origin, settings: WfsSettings) -> Pages:
        """Pages until one is not full."""
        start = 0
        while True:
            url = with_query(
                str(origin.url),
                service="WFS",
                version="2.0.0",
                request="GetFeature",
                typeNames=settings.type_name,
                outputFormat=settings.output_format,
                srsName=settings.srs,
                sortBy=settings.sort_by or None,
                cql_filter=settings.cql_filter or None,
                count=settings.page_rows,
                startIndex=start,
            )
            found = _count((yield Wanted(url, f"page-{start:09d}.geojson")), url)
            if found < settings.page_rows:
                return
            start += found

    def read(self, origin: Origin, settings: WfsSettings) -> Iterator[Record]:  # noqa: ARG002 - the contract's
        """Yield every feature. Raises ``SourceFailed``."""
        return feature_records(origin)


def _count(page: Page, url: str) -> int:
    """How many features a page has. A service answers errors as XML with status 200: say what it says."""
    content = page.path.read_bytes()[:4000].lstrip()
    if content.startswith(b"<"):
        told = _told(content.decode("utf-8", "replace"))
        message = f"the service did not answer with GeoJSON but: {told}"
        raise errors.SourceFailed(message, where=url, hint="check settings.type_name and output_format")
    return len(member(read_json(page.path), "features", list, url))


def _told(document: str) -> str:
    """What an exception report (OWS 1.1, section 8) says; of another document, how it begins."""
    texts = _EXCEPTION.findall(document)
    return " ".join(" ".join(texts or [document]).split())[:300]
