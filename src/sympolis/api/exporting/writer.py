"""The process that makes a file of rows: ``python -m … FORMAT ROWS FILE``, with the facts as JSON on standard input.

Rows are GeoJSON features, or flat objects where ``facts["kind"]`` is ``history``; one a line. They are read twice:
first for what types the columns have, then to write them, some thousand at a time. GeoParquet 1.1: WKB, a column
``bbox`` as covering, the reference system as PROJJSON; units and lineage stand in the metadata under ``sympolis``.
"""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from sympolis.api.cells import harmless

_AT_ONCE: Final = 10_000
_LARGEST: Final = 2**63
Row = dict[str, Any]


def main(form: str, rows: str, target: str) -> int:
    """Write the file; the exit code."""
    facts = msgspec.json.decode(sys.stdin.buffer.read())
    if form == "geojson":
        _write_geojson(Path(rows), Path(target), facts)
        return 0
    flat = _Flat(Path(rows), is_history=facts.get("kind") == "history")
    if form == "csv":
        _write_csv(flat, Path(target))
    else:
        _write_arrow(flat, Path(target), facts, parquet=form == "parquet")
    return 0


class _Flat:
    """Rows without anything inside them, and the columns that they have."""

    def __init__(self, path: Path, *, is_history: bool) -> None:
        self._path = path
        self.placed = not is_history
        self.columns: dict[str, type] = {}
        self.shapes: set[str] = set()
        for row in self:
            if self.placed and row["geometry"] is not None:
                self.shapes.add(row["geometry"]["type"])
            for name, value in row.items():
                if name != "geometry" and value is not None:
                    self.columns[name] = _wider(self.columns.get(name), _type(value))

    def __iter__(self) -> Iterator[Row]:
        decode = msgspec.json.Decoder().decode
        with self._path.open("rb") as lines:
            for line in lines:
                row = decode(line)
                yield _feature(row) if self.placed else {name: _plain(value) for name, value in row.items()}


def _feature(feature: Mapping[str, Any]) -> Row:
    row = {"id": feature["id"]}
    for name, value in feature["properties"].items():
        if name not in ("location", "id", "geometry", "bbox"):
            row[name] = _plain(value)
    return {**row, "geometry": feature["geometry"]}


def _plain(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else value


def _type(value: Any) -> type:
    return float if isinstance(value, int) and not -_LARGEST <= value < _LARGEST else type(value)


def _wider(known: type | None, found: type) -> type:
    """What holds both; a column of several kinds is text."""
    if known is None or known is found:
        return found
    return float if {known, found} == {int, float} else str


# --- GeoJSON


def _write_geojson(rows: Path, target: Path, facts: Mapping[str, Any]) -> None:
    """The rows are features already: a collection is made of them as they are, the facts beside them."""
    head = {"type": "FeatureCollection", "sympolis": facts}
    with rows.open("rb") as lines, target.open("wb") as out:
        out.write(msgspec.json.encode(head)[:-1] + b',"features":[')
        for number, line in enumerate(lines):
            out.write((b",\n" if number else b"\n") + line.rstrip(b"\n"))
        out.write(b"\n]}\n")


# --- CSV


def _write_csv(rows: _Flat, target: Path) -> None:
    columns = [*rows.columns, *(("geometry",) if rows.placed and rows.shapes else ())]
    with target.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow([harmless(name) for name in columns])
        for row in rows:
            out.writerow([_cell(name, row.get(name)) for name in columns])


def _cell(name: str, value: Any) -> Any:
    if name == "geometry" and value is not None:
        import shapely
        from shapely.geometry import shape

        return shapely.to_wkt(shape(value), rounding_precision=-1)
    return ("true" if value else "false") if isinstance(value, bool) else harmless(value)


# --- Arrow and Parquet


def _write_arrow(rows: _Flat, target: Path, facts: Mapping[str, Any], *, parquet: bool) -> None:
    import pyarrow
    import pyarrow.parquet

    schema = _schema(pyarrow, rows, facts)
    with target.open("wb") as file:
        if parquet:
            out = pyarrow.parquet.ParquetWriter(file, schema, compression="zstd")
        else:
            out = pyarrow.ipc.new_stream(file, schema)
        with out:
            for batch in _batched(rows):
                out.write_batch(_batch(pyarrow, schema, batch, rows))


def _batched(rows: _Flat) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while batch := list(itertools.islice(remaining, _AT_ONCE)):
        yield batch


def _schema(pyarrow: Any, rows: _Flat, facts: Mapping[str, Any]) -> Any:
    types = {bool: pyarrow.bool_(), int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
    fields = [pyarrow.field(name, types[kind]) for name, kind in rows.columns.items() if name != "time"]
    if "time" in rows.columns and not rows.placed:
        fields.append(pyarrow.field("time", pyarrow.timestamp("us", tz="UTC")))
    metadata = {"sympolis": msgspec.json.encode(facts).decode()}
    if rows.placed:
        corner = pyarrow.float64()
        fields.append(pyarrow.field("geometry", pyarrow.binary(), metadata=_EXTENSION))
        fields.append(pyarrow.field("bbox", pyarrow.struct([(name, corner) for name in _CORNERS])))
        metadata["geo"] = msgspec.json.encode(_geo(rows)).decode()
    return pyarrow.schema(fields, metadata=metadata)


_CORNERS: Final = ("xmin", "ymin", "xmax", "ymax")
_EXTENSION: Final = {
    "ARROW:extension:name": "geoarrow.wkb",
    "ARROW:extension:metadata": '{"crs":"OGC:CRS84"}',
}


def _geo(rows: _Flat) -> dict[str, Any]:
    """The metadata that make it GeoParquet (version 1.1.0)."""
    from pyproj import CRS

    column = {
        "encoding": "WKB",
        "geometry_types": sorted(rows.shapes),
        "crs": CRS("OGC:CRS84").to_json_dict(),
        "covering": {"bbox": {name: ["bbox", name] for name in _CORNERS}},
    }
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


def _batch(pyarrow: Any, schema: Any, batch: Any, rows: _Flat) -> Any:
    arrays = []
    for field in schema:
        if field.name == "geometry" and rows.placed:
            arrays += _places(pyarrow, field, schema.field("bbox"), batch)
        elif field.name != "bbox" or not rows.placed:
            values = [row.get(field.name) for row in batch]
            arrays.append(_array(pyarrow, field, values, rows.columns[field.name]))
    return pyarrow.record_batch(arrays, schema=schema)


def _array(pyarrow: Any, field: Any, values: list[Any], kind: type) -> Any:
    if pyarrow.types.is_timestamp(field.type):
        from datetime import datetime

        return pyarrow.array([datetime.fromisoformat(one) for one in values], field.type)
    if kind is str:
        values = [
            one if one is None or isinstance(one, str) else msgspec.json.encode(one).decode()
            for one in values
        ]
    return pyarrow.array(values, field.type)


def _places(pyarrow: Any, field: Any, box: Any, batch: Any) -> list[Any]:
    import shapely
    from shapely.geometry import shape

    shapes = [None if row["geometry"] is None else shape(row["geometry"]) for row in batch]
    bounds = [None if one is None else dict(zip(_CORNERS, one.bounds, strict=True)) for one in shapes]
    return [pyarrow.array(list(shapely.to_wkb(shapes)), field.type), pyarrow.array(bounds, box.type)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
