"""What of the settings concerns the API alone."""

from __future__ import annotations

from typing import Final

from sympolis.api.parts import ApiSettings
from sympolis.settings import Settings

TEMPORAL_PAGE: Final = 100_000
TEMPORAL_PAGE_IN_TESTS: Final = 30
"""The public NGSI-LD suite wants a page between 20 and 40 instances, and knows no broker's settings."""


def api_settings(settings: Settings, *, alone: bool = False) -> ApiSettings:
    """The API's bounds, from what a person may set; ``alone``: of a broker without a city."""
    return ApiSettings(
        hosts=(*settings.hosts, settings.public_host) if settings.public_url else settings.hosts,
        embedders=settings.embedders,
        max_body_bytes=settings.max_body_mb * 1024 * 1024,
        temporal_page_size=settings.temporal_page_size or _page(settings, alone=alone),
        max_tenants=settings.max_tenants,
        identity=settings.identity,
    )


def _page(settings: Settings, *, alone: bool) -> int:
    in_tests = alone and settings.allow_loopback
    return TEMPORAL_PAGE_IN_TESTS if in_tests else TEMPORAL_PAGE
