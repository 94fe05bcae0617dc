"""What of the settings concerns the API alone."""

from __future__ import annotations

from sympolis.api.parts import ApiSettings
from sympolis.settings import Settings


def api_settings(settings: Settings) -> ApiSettings:
    """The API's bounds, from what a person may set."""
    return ApiSettings(
        hosts=(*settings.hosts, settings.public_host) if settings.public_url else settings.hosts,
        max_body_bytes=settings.max_body_mb * 1024 * 1024,
        temporal_page_size=settings.temporal_page_size,
        max_tenants=settings.max_tenants,
    )
