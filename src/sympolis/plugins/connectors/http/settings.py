"""What a source file may say under ``[settings]`` for files of a website."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """Which files, and in which format."""

    files: tuple[str, ...] = ()
    """Their addresses, relative to the source's; empty: those that the page at the source's address links to."""
    pattern: str = "*"
    """Of the links those whose last part fits, e.g. ``counts-*.csv``."""
    format: str = option("csv", pattern="[a-z][a-z0-9_]*")
    """The connector that reads a file: ``csv``, ``json``, ``geojson``, ``parquet`` …"""
    format_settings: Mapping[str, Any] = option({})
    """That connector's settings (``[settings.format_settings]``)."""
    token: str = ""
    """The name of an access token in ``local/secrets.toml``, sent as ``Authorization: Bearer …``."""
    most_files: int = option(1_000, minimum=1, maximum=9_000)
    """More links fail the source."""
