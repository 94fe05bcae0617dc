"""Reads Parquet, the compact form of long series, in a short-lived process of its own.

pyarrow costs a process 60 MB and more and clashes with libsumo; the twin's server therefore never imports it. The
child reads row groups and hands them over a pipe as MessagePack (see ``reader``).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, ClassVar

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Record
from sympolis.plugins.connectors.parquet.settings import ParquetSettings


class ParquetConnector:
    """Rows of a Parquet file with their own types; times are datetimes, dates ISO texts."""

    id: ClassVar[str] = "parquet"
    settings_type: ClassVar[type] = ParquetSettings

    def read(self, origin: Origin, settings: ParquetSettings) -> Iterator[Record]:
        """Yield every row. Raises ``SourceFailed`` where the file or pyarrow is not usable."""
        if origin.path is None:
            raise errors.SourceFailed("the parquet connector reads local files", where=str(origin.url))
        return _rows(origin.path, settings)


def _rows(path: Path, settings: ParquetSettings) -> Iterator[Record]:
    command = [sys.executable, "-m", "sympolis.plugins.connectors.parquet.reader", str(path)]
    request = msgspec.json.encode(settings).decode()
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen([*command, request], stdout=subprocess.PIPE, stderr=complaints)  # noqa: S603
        assert child.stdout is not None
        try:
            yield from _records(_batches(child.stdout), settings.geometry_column)
        finally:
            child.stdout.close()
            if sys.exc_info()[0] is not None:
                with suppress(OSError):
                    child.kill()
            code = child.wait()
        if code != 0:
            complaints.seek(0)
            reason = complaints.read().decode(errors="replace").strip().splitlines()[-1:] or [
                "the reader stopped"
            ]
            raise errors.SourceFailed(reason[0], where=str(path))


def _batches(stream: IO[bytes]) -> Iterator[dict[str, list[Any]]]:
    decoder = msgspec.msgpack.Decoder(dict[str, list[Any]])
    while len(head := stream.read(8)) == 8:
        yield decoder.decode(stream.read(int.from_bytes(head, "big")))


def _records(batches: Iterator[dict[str, list[Any]]], geometry_column: str | None) -> Iterator[Record]:
    number = 0
    for batch in batches:
        geometries = batch.pop(geometry_column) if geometry_column else None
        names = tuple(batch)
        for index, values in enumerate(zip(*batch.values(), strict=True)):
            number += 1
            geometry = msgspec.json.decode(geometries[index]) if geometries and geometries[index] else None
            yield Record(number, dict(zip(names, values, strict=True)), geometry)
