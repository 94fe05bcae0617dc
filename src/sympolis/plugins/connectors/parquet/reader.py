"""The child process of the parquet connector: the only place that imports pyarrow.

Run as ``python -m … PATH SETTINGS``; writes frames of an eight-byte length and a MessagePack map from column name to
values. Ends with code 3 and one line on standard error where the file cannot be read.
"""

from __future__ import annotations

import sys
from typing import Any, BinaryIO

import msgspec

from sympolis.plugins.connectors.parquet.settings import ParquetSettings


def main(path: str, request: str) -> int:
    """Write every batch of the file at ``path`` to standard output; returns the exit code."""
    settings = msgspec.json.decode(request, type=ParquetSettings)
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        return _refuse("pyarrow is not installed; install sympolis[parquet]")
    try:
        table = pyarrow.parquet.ParquetFile(path, memory_map=True)
        unknown = set(_wanted(settings)) - set(table.schema_arrow.names)
        if unknown:
            return _refuse(
                f"has no column {', '.join(sorted(unknown))}; it has {', '.join(table.schema_arrow.names)}"
            )
        _write(table, settings, sys.stdout.buffer)
    except (OSError, pyarrow.ArrowException) as cause:
        return _refuse(f"is not a readable Parquet file: {cause}")
    return 0


def _refuse(reason: str) -> int:
    sys.stderr.write(" ".join(reason.split()) + "\n")
    return 3


def _wanted(settings: ParquetSettings) -> list[str]:
    extra = [settings.geometry_column] if settings.geometry_column else []
    return [*dict.fromkeys([*settings.columns, *extra])]


def _write(table: Any, settings: ParquetSettings, out: BinaryIO) -> None:
    columns = _wanted(settings) if settings.columns else None
    encoder = msgspec.msgpack.Encoder(enc_hook=str)
    for batch in table.iter_batches(batch_size=settings.batch_rows, columns=columns):
        values = batch.to_pydict()
        if settings.geometry_column:
            values[settings.geometry_column] = [_geojson(item) for item in values[settings.geometry_column]]
        frame = encoder.encode(values)
        out.write(len(frame).to_bytes(8, "big") + frame)
    out.flush()


def _geojson(binary: bytes | None) -> str | None:
    import shapely

    if binary is None:
        return None
    geometry = shapely.from_wkb(binary, on_invalid="ignore")
    return None if geometry is None else str(shapely.to_geojson(geometry))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
