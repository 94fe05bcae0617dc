"""Finds out what a file is, with which settings a connector reads it, and takes rows from it.

A connector that can tell its own files (``plugins.connector.Recognising``) is asked first; the formats that cities send
most are recognised here, by their content and not by their names.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from sympolis.domain import errors, reading
from sympolis.plugins import loader
from sympolis.plugins.connector import Origin, Recognising, Record

MOST_ROWS: Final = 5_000
"""Rows that are looked at; more tell little more."""
_HEAD: Final = 256 * 1024
_ENCODINGS: Final = ("utf-8-sig", "cp1252")
_DELIMITERS: Final = ",;\t|"
_MOST_JSON: Final = 64 * 1024 * 1024
SUFFIXES: Final = {
    "csv": ".csv",
    "json": ".json",
    "geojson": ".geojson",
    "excel": ".xlsx",
    "geopackage": ".gpkg",
    "parquet": ".parquet",
}


@dataclass(frozen=True, slots=True)
class Recognition:
    """How a file or an address is read, how sure that is (0 to 1) and why."""

    connector: str
    settings: Mapping[str, Any]
    confidence: float
    reason: str
    crs: str = ""
    """The reference system that the file itself names; empty where it names none."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a file and how they were read. ``whole``: these are all its rows."""

    recognition: Recognition
    records: tuple[Record, ...]
    whole: bool

    @property
    def names(self) -> list[str]:
        """The names of all columns, in order."""
        return list(dict.fromkeys(name for record in self.records for name in record.fields))


def sample(path: Path, recognition: Recognition | None = None) -> Sample:
    """The first rows of a file. Raises ``SourceFailed`` where nothing can read it or there are none."""
    known = recognition or recognise(path)
    connector = loader.connectors()[known.connector]
    findings: list[reading.Finding] = []
    settings = reading.read(connector.settings_type, known.settings, "settings", findings)
    if settings is None:
        raise errors.SourceFailed(str(findings[0]), where=str(path))
    rows = connector.read(Origin(path), settings)
    try:
        records = tuple(islice(rows, MOST_ROWS + 1))
    finally:
        with suppress(AttributeError, ValueError):
            rows.close()
    if not records:
        raise errors.SourceFailed("has no rows to look at", where=path.name, hint="give a sample with data")
    whole = len(records) <= MOST_ROWS
    return Sample(known, _sound(records[:MOST_ROWS], path.name), whole)


def _sound(records: tuple[Record, ...], name: str) -> tuple[Record, ...]:
    """The rows that are complete: what a shifted one has in a column is another column's."""
    sound = tuple(record for record in records if not record.faults)
    if not sound:
        hint = "put texts that hold the delimiter between quotes, or use another delimiter"
        raise errors.SourceFailed(f"every row {records[0].faults[0]}", where=name, hint=hint)
    return sound


def recognise(path: Path) -> Recognition:
    """What a file is. Raises ``SourceFailed`` where nobody knows it."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=str(path)) from cause
    found = [*_asked(path), *(guess for look in _LOOKS if (guess := look(path, head)) is not None)]
    if not found:
        hint = f"known formats: {', '.join(SUFFIXES)}; or write the source's two files by hand"
        raise errors.SourceFailed("is in a format that nothing here recognises", where=path.name, hint=hint)
    return max(found, key=lambda one: one.confidence)


def _asked(path: Path) -> Iterator[Recognition]:
    registry = loader.connectors()
    for name in registry:
        with suppress(errors.SettingsInvalid):
            connector = registry[name]
            if isinstance(connector, Recognising):
                told = connector.recognise(path)
                if told.confidence > 0:
                    yield Recognition(name, told.settings, told.confidence, told.reason)


def _excel(path: Path, head: bytes) -> Recognition | None:
    if not head.startswith(b"PK") or not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return None
    return Recognition("excel", _header_row(path), 0.95, "a ZIP archive with a workbook in it")


def _header_row(path: Path) -> dict[str, Any]:
    """The first row that names as many columns as the widest of the first rows: titles stand above it."""
    if path.stat().st_size > _MOST_JSON:
        return {}
    import openpyxl

    workbook = openpyxl.load_workbook(path, read_only=True)
    try:
        sheet = workbook.worksheets[0]
        rows = list(sheet.iter_rows(min_row=1, max_row=20, max_col=200, values_only=True))
    finally:
        workbook.close()
    widths = [sum(cell is not None for cell in row) for row in rows]
    header = next((index for index, width in enumerate(widths) if width and width == max(widths)), 0)
    return {"header_row": header + 1} if header else {}


def _geopackage(path: Path, head: bytes) -> Recognition | None:
    if not head.startswith(b"SQLite format 3\0"):
        return None
    ask = """SELECT table_name, organization, organization_coordsys_id FROM gpkg_geometry_columns
             JOIN gpkg_spatial_ref_sys USING (srs_id) ORDER BY table_name"""
    try:
        with closing(sqlite3.connect(f"file:{path.absolute()}?mode=ro&immutable=1", uri=True)) as database:
            layers = database.execute(ask).fetchall()
    except sqlite3.Error:
        return None
    if not layers:
        return None
    name, organization, code = layers[0]
    crs = f"EPSG:{code}" if str(organization).upper() == "EPSG" else ""
    reason = f"a GeoPackage; its layers: {', '.join(str(one[0]) for one in layers[:5])}"
    return Recognition("geopackage", {"layer": name} if len(layers) > 1 else {}, 0.95, reason, crs)


def _parquet(path: Path, head: bytes) -> Recognition | None:
    if not head.startswith(b"PAR1"):
        return None
    plain = Recognition("parquet", {}, 0.95, "begins and ends as Parquet does")
    first = sample(path, plain).records[0].fields
    for name, value in first.items():
        if isinstance(value, bytes) and re.search("geom|wkb|shape", name, re.IGNORECASE):
            reason = f"Parquet with well-known binary in {name}"
            return Recognition("parquet", {"geometry_column": name}, 0.95, reason)
    return plain


def _json(path: Path, head: bytes) -> Recognition | None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] not in (b"{", b"["):
        return None
    if path.stat().st_size > _MOST_JSON:
        return Recognition("json", {"lines": True}, 0.5, "JSON too large to look at whole: read by lines")
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _lines(text)
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        return Recognition("geojson", {}, 0.98, "a FeatureCollection", _named_crs(document))
    pointer, size = max(_lists(document, ""), key=lambda one: one[1], default=("", 0))
    if not size:
        return None
    reason = f"JSON; the rows are the {size} objects at {pointer or 'the top'}"
    return Recognition("json", {"rows": pointer} if pointer else {}, 0.9, reason)


def _named_crs(document: Mapping[str, Any]) -> str:
    member = document.get("crs")
    name = member.get("properties", {}).get("name", "") if isinstance(member, dict) else ""
    found = re.search(r"EPSG:+(?:[\d.]*:)?(\d+)$", str(name))
    return f"EPSG:{found[1]}" if found else ""


def _lists(value: Any, pointer: str, depth: int = 0) -> Iterator[tuple[str, int]]:
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value[:50]):
        yield pointer, len(value)
    elif isinstance(value, dict) and depth < 4:
        for key, inner in value.items():
            yield from _lists(inner, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", depth + 1)


def _lines(text: bytes) -> Recognition | None:
    lines = [line for line in text.split(b"\n")[:5] if line.strip()][:3]
    try:
        if lines and all(isinstance(json.loads(line), dict) for line in lines):
            return Recognition("json", {"lines": True}, 0.9, "one JSON object per line")
    except ValueError:
        pass
    return None


def _csv(_: Path, head: bytes) -> Recognition | None:
    if b"\0" in head:
        return None
    encoding, text = _decoded(head)
    lines = text.splitlines()[:200]
    if len(lines) < 2:
        return None
    delimiter, start, width = max((_table(lines, sign) for sign in _DELIMITERS), key=lambda one: one[2])
    if width < 2:
        return None
    settings: dict[str, Any] = {}
    settings |= {"delimiter": delimiter} if delimiter != "," else {}
    settings |= {"encoding": encoding} if encoding != "utf-8-sig" else {}
    settings |= {"skip_lines": start} if start else {}
    missing = _missing(lines[start + 1 :], delimiter)
    settings |= {"missing": ["", *missing]} if missing else {}
    shown = {"\t": "tabs"}.get(delimiter, repr(delimiter))
    reason = f"text ({encoding}) with {width} columns between {shown}"
    return Recognition("csv", settings, 0.8, reason)


_NOTHING: Final = ("-", "--", "n/a", "N/A", "NA", "n.d.", "nd", "NULL", "null", "NaN", "nan", "k.A.")


def _missing(lines: list[str], delimiter: str) -> list[str]:
    """Texts that stand where there is no value."""
    cells = {cell.strip() for row in csv.reader(lines[:-1], delimiter=delimiter) for cell in row}
    return [word for word in _NOTHING if word in cells]


def _decoded(head: bytes) -> tuple[str, str]:
    for encoding in _ENCODINGS:
        try:
            return encoding, head.decode(encoding)
        except UnicodeDecodeError as cause:
            if encoding == "utf-8-sig" and cause.start > len(head) - 4 and len(head) == _HEAD:
                return encoding, head[: cause.start].decode(encoding)
    return "iso-8859-1", head.decode("iso-8859-1")


def _table(lines: list[str], delimiter: str) -> tuple[str, int, int]:
    """(delimiter, lines before the header, columns); no columns where the lines do not agree."""
    with suppress(csv.Error):
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        widths = [len(row) for row in rows]
        common = max(set(widths), key=widths.count)
        if common > 1 and widths.count(common) >= 0.8 * len(widths) - 10:
            names = [index for index, row in enumerate(rows) if len(set(row)) == common and all(row[1:])]
            start = names[0] if names else widths.index(common)
            return (delimiter, start, common) if not _heads(rows, start) else (delimiter, 0, len(rows[0]))
    return delimiter, 0, 0


_WORD: Final = re.compile(r"(?!\s)[^\d.,;:!?][^,;:!?]*(?<!\s)")
_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def _heads(rows: list[list[str]], start: int) -> bool:
    """Whether the first line names the columns although most rows have more cells, divided by signs within texts.

    A title over the table does not: it leaves blanks after its commas, and names follow it, not numbers.
    """
    first = rows[0]
    named = len(first) > 1 and len(set(first)) == len(first) and all(map(_WORD.fullmatch, first))
    numbers = sum(_NUMBER.fullmatch(cell.strip()) is not None for cell in rows[start])
    return start == 1 and len(first) < len(rows[start]) and named and numbers > 0


_LOOKS: Final[tuple[Callable[[Path, bytes], Recognition | None], ...]] = (
    _excel,
    _geopackage,
    _parquet,
    _json,
    _csv,
)


def recognise_address(url: str) -> tuple[Recognition, str] | None:
    """(how a portal's dataset is read, the address at which its connector begins); None for a plain download."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    for pattern, connector, setting in _PORTALS:
        found = re.search(pattern, parts.path)
        if found:
            reason = f"the address looks like a {connector} portal"
            begin = root + parts.path[: found.start()] if connector == "ogc_features" else root
            return Recognition(connector, {setting: unquote(found[1])}, 0.8, reason), begin
    query = {key.lower(): value[0] for key, value in parse_qs(parts.query).items()}
    kind = query.get("typenames") or query.get("typename")
    if query.get("service", "").upper() == "WFS" and kind:
        return Recognition("wfs", {"type_name": kind}, 0.8, "the address asks a WFS"), root + parts.path
    found = re.search(r"/v1\.[01]/((?:Datastreams|Observations|Things|Locations)[^?]*)$", parts.path)
    if found:
        service = root + parts.path[: found.start() + 5]
        return Recognition("sensorthings", {"resource": found[1]}, 0.8, "a SensorThings service"), service
    return None


_PORTALS: Final = (
    (r"/explore/dataset/([A-Za-z0-9_\-]+)", "opendatasoft", "dataset"),
    (r"/api/explore/v2\.[01]/catalog/datasets/([A-Za-z0-9_\-]+)", "opendatasoft", "dataset"),
    (r"/resource/([0-9a-f]{8}-[0-9a-f-]{27})", "ckan", "resource"),
    (r"/collections/([^/?#]+)(?:/items)?/?$", "ogc_features", "collection"),
)
