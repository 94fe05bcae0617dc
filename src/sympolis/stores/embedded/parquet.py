"""A month of history as a Parquet file: sorted by entity, attribute and time, readable by any tool without us.

Rows come back exactly as they stood in the table (``points.Row``). Which rows are whose is known to the table
``archived``, so nothing has to be searched for in a file: a read decodes the row groups that its rows are in.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sympolis.stores.embedded.points import KINDS, TIMES, Line, Row

GROUP: Final = 16_384
"""Rows of a row group: what is decoded for one point."""
_MOST_FILES: Final = 24
_MOST_GROUPS: Final = 32
"""A year of one series is in twelve or more."""
_EXACT: Final = 2**53
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_INSTANT: Final = pa.timestamp("us", tz="UTC")
_SCHEMA: Final = pa.schema(
    [
        ("entity", _WORD),
        ("attribute", _WORD),
        ("dataset", _WORD),
        ("time", _WORD),
        ("at", _INSTANT),
        ("number", pa.float64()),
        ("whole", pa.bool_()),
        ("text", pa.string()),
        ("json", pa.binary()),
        ("unit", _WORD),
        ("kind", pa.int8()),
        ("created", pa.int64()),
        ("modified", pa.int64()),
        ("more", pa.binary()),
    ],
    metadata={
        "sympolis": "history 1",
        "kinds": ",".join(KINDS),
        "created": "microseconds from at",
        "modified": "microseconds from creation",
    },
)
_WORDS: Final = ["entity", "attribute", "dataset", "time", "unit", "text"]
_ENCODINGS: Final = {
    "at": "DELTA_BINARY_PACKED",
    "number": "BYTE_STREAM_SPLIT",
    "created": "DELTA_BINARY_PACKED",
    "modified": "DELTA_BINARY_PACKED",
}
_Identity = tuple[Path, int, int]
"""A file, its number in the file system and when it was made: another tenant's may have had the same name before."""
_VALUES: Final = ["at", "number", "whole", "kind"]
_COLUMNS: Final = ["at", "number", "whole", "text", "json", "unit", "kind", "created", "modified", "more"]


class Writing:
    """A file in the making: series by series, then ``close``, which makes it durable under its name."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._part = path.with_suffix(".part")
        self._writer = pq.ParquetWriter(
            self._part,
            _SCHEMA,
            compression="zstd",
            use_dictionary=_WORDS,
            column_encoding=_ENCODINGS,
            write_statistics=["entity", "at"],
        )
        self._rows: list[tuple[Any, ...]] = []
        self.count = 0

    def add(self, entity_id: str, line: Line, rows: Sequence[Row]) -> int:
        """Append the points of a series; returns the place of the first."""
        start = self.count
        head = (entity_id, line.name, line.dataset or None, TIMES[TIMES.index(line.time)].value)
        self._rows += [(*head, *_spread(row)) for row in rows]
        self.count += len(rows)
        while len(self._rows) >= GROUP:
            self._write(GROUP)
        return start

    def close(self) -> None:
        """Write what is left and make the file durable."""
        if self._rows:
            self._write(GROUP)
        self._writer.close()
        with self._part.open("rb") as file:
            os.fsync(file.fileno())
        self._part.rename(self._path)
        _sync_folder(self._path.parent)

    def give_up(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        self._part.unlink(missing_ok=True)

    def _write(self, most: int) -> None:
        columns = zip(*self._rows[:most], strict=True)
        arrays = [_column(values, kind) for values, kind in zip(columns, _SCHEMA.types, strict=True)]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA), row_group_size=GROUP)
        del self._rows[:most]


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind == _WORD:
        return pa.array(values, pa.string()).dictionary_encode()
    if kind == _INSTANT:
        return pa.array(values, pa.int64()).view(_INSTANT)
    return pa.array(values, kind)


def _spread(row: Row) -> tuple[Any, ...]:
    """A row with its value in the column of its type."""
    at, value, unit, kind, created, modified, more = row
    number = whole = text = json = None
    if isinstance(value, float):
        number, whole = value, False
    elif isinstance(value, int) and -_EXACT <= value <= _EXACT:
        number, whole = float(value), True
    elif isinstance(value, str):
        text = value
    elif isinstance(value, int):
        json = str(value).encode()
        whole = True
    else:
        json = value
    return (at, number, whole, text, json, unit, kind, created, modified, more)


def _gather(columns: Sequence[Any]) -> Row:
    """The row that ``_spread`` took apart."""
    at, number, whole, text, json, unit, kind, created, modified, more = columns
    value: Any = text
    if number is not None:
        value = int(number) if whole else number
    elif json is not None:
        value = int(json) if whole else json
    return (at, value, unit, kind, created, modified, more)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Shelf:
    """Open files and decoded row groups, as many of each as are allowed; used by several threads."""

    def __init__(self, files: int = _MOST_FILES, groups: int = _MOST_GROUPS) -> None:
        self._most = (files, groups)
        self._files: OrderedDict[_Identity, pq.ParquetFile] = OrderedDict()
        self._groups: OrderedDict[tuple[_Identity, int, tuple[str, ...]], pa.Table] = OrderedDict()
        self._lock = threading.Lock()

    def rows(self, path: Path, start: int, count: int) -> list[Row]:
        """Rows of a file as they stood in the table."""
        table = self._read(path, start, count, _COLUMNS)
        columns = [_plain(table.column(name)).to_pylist() for name in _COLUMNS]
        return list(map(_gather, zip(*columns, strict=True)))

    def values(self, path: Path, start: int, count: int) -> tuple[npt.NDArray[np.int64], Any]:
        """The times and the values: an array where all are numbers of one type, else a list."""
        table = self._read(path, start, count, _VALUES)
        times = _plain(table.column("at")).to_numpy()
        number, whole = table.column("number"), table.column("whole")
        if number.null_count == 0 and whole.null_count == 0:
            wholes = whole.to_numpy()
            if not wholes.any():
                return times, number.to_numpy()
            if wholes.all():
                return times, number.to_numpy().astype(np.int64)
        return times, [row[1] for row in self.rows(path, start, count)]

    def kind(self, path: Path, row: int) -> int:
        """The kind of one row, where the values around it have been asked for: from what was decoded for them."""
        found: int = self._read(path, row, 1, _VALUES).column("kind")[0].as_py()
        return found

    def let_go(self, path: Path) -> None:
        """Close a file that is going to be removed."""
        with self._lock:
            for file in [file for file in self._files if file[0] == path]:
                del self._files[file]
            for key in [key for key in self._groups if key[0][0] == path]:
                del self._groups[key]

    def _read(self, path: Path, start: int, count: int, columns: list[str]) -> pa.Table:
        first, last = start // GROUP, (start + count - 1) // GROUP
        found = path.stat()
        file = (path, found.st_ino, found.st_mtime_ns)
        with self._lock:
            pieces = [self._group(file, group, tuple(columns)) for group in range(first, last + 1)]
        table = pieces[0] if len(pieces) == 1 else pa.concat_tables(pieces)
        return table.slice(start - first * GROUP, count)

    def _group(self, file: _Identity, group: int, columns: tuple[str, ...]) -> pa.Table:
        key = (file, group, columns)
        found = self._groups.get(key)
        if found is None:
            found = self._file(file).read_row_group(group, columns=list(columns), use_threads=False)
            self._groups[key] = found
            if len(self._groups) > self._most[1]:
                self._groups.popitem(last=False)
        self._groups.move_to_end(key)
        return found

    def _file(self, file: _Identity) -> pq.ParquetFile:
        found = self._files.get(file)
        if found is None:
            found = self._files[file] = pq.ParquetFile(file[0], memory_map=True)
            if len(self._files) > self._most[0]:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(file)
        return found


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Instants as numbers, the rest as it is."""
    return column.cast(pa.int64()) if column.type == _INSTANT else column
