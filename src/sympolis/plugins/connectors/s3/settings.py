"""What a source file may say under ``[settings]`` for an object store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class S3Settings:
    """Which objects, in which format, and who asks."""

    prefix: str = ""
    """Only objects whose key begins so, e.g. ``counts/2026/``."""
    pattern: str = "*"
    """Only objects whose key fits, e.g. ``*.csv`` (``*`` also stands for slashes)."""
    format: str = option("csv", pattern="[a-z][a-z0-9_]*")
    """The connector that reads a file: ``csv``, ``json``, ``geojson``, ``parquet`` …"""
    format_settings: Mapping[str, Any] = option({})
    """That connector's settings (``[settings.format_settings]``)."""
    region: str = option("us-east-1", pattern="[a-z0-9-]+")
    key_id: str = option("", pattern="[A-Za-z0-9_-]*")
    """The access key's id; empty: the objects are public."""
    secret: str = ""
    """The name of the secret key in ``local/secrets.toml``."""
    most_files: int = option(1_000, minimum=1, maximum=9_000)
    """More objects fail the source."""
