"""What a source file may say under ``[settings]`` for a CKAN portal."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class CkanSettings:
    """Which resource of the DataStore, and how many rows at a time."""

    resource: str = option(pattern=r"[A-Za-z0-9_\-]+")
    """The resource's identifier."""
    page_rows: int = option(5_000, minimum=1, maximum=32_000)
    """CKAN gives at most 32,000 rows at once."""
