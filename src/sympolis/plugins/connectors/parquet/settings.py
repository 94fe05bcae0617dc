"""What a source file may say under ``[settings]`` for Parquet."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class ParquetSettings:
    """Which columns to read and how."""

    columns: tuple[str, ...] = ()
    """Only these columns; empty: all."""
    geometry_column: str | None = None
    """A column of well-known binary (GeoParquet) that is the row's geometry."""
    batch_rows: int = option(10_000, minimum=1, maximum=1_000_000, unit="rows")
