"""Why a file could not be read, judged from what it looks like: a web page, half a file, another delimiter.

Only asked once reading has failed, so that it can never refuse a file that is in order; the connector's own words are
the answer where nothing better is seen.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sympolis.acquisition.findings import DeliveryUnfit, Finding
from sympolis.acquisition.mapping import column_fields
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.acquisition.ingest import PlannedSource

_HEAD: Final = 65_536
_TAIL: Final = 4_096
_TITLE: Final = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
_KINDS: Final = (
    (b"PK\x03\x04", ".zip"),
    (b"\x1f\x8b", ".gz"),
    (b"%PDF-", ".pdf"),
    (b"PAR1", ".parquet"),
    (b"SQLite format 3\0", ".gpkg"),
    (b"\x89PNG", ".png"),
    (b"\xd0\xcf\x11\xe0", ".xls"),
)
"""What files of a kind begin with."""
_OF_SUFFIX: Final = {".xlsx": ".zip", ".parquet": ".parquet", ".gpkg": ".gpkg"}
_DELIMITERS: Final = {
    ";": {"it": "punto e virgola", "de": "Strichpunkte", "en": "semicolons"},
    ",": {"it": "virgole", "de": "Kommas", "en": "commas"},
    "\t": {"it": "tabulazioni", "de": "Tabulatoren", "en": "tabs"},
    "|": {"it": "barre verticali", "de": "senkrechte Striche", "en": "vertical bars"},
}
_MOST_NAMES: Final = 12


def diagnose(planned: PlannedSource, cause: errors.SympolisError) -> Finding:
    """The best explanation of why the source's file could not be read."""
    if isinstance(cause, DeliveryUnfit):
        return cause.finding
    file = _first_file(planned.path)
    try:
        head, tail, size = _ends(file)
    except OSError:
        return Finding("unreadable", {"detail": cause.message})
    if size == 0 or not head.strip():
        return Finding("empty")
    return (
        _web_page(head)
        or _other_kind(head, file.suffix)
        or _cut_off(head, tail, planned.path.suffix or file.suffix, cause)
        or _table(planned, head, cause)
        or Finding("unreadable", {"detail": cause.message})
    )


def is_cut_off(planned: PlannedSource) -> bool:
    """Whether a table of text ends within a line: no line end, fewer fields than the header and the line before.

    Such a file reads without an error, its last row only lacks values.
    """
    encoding = getattr(planned.settings, "encoding", None)
    delimiter = getattr(planned.settings, "delimiter", None)
    if encoding is None or delimiter is None:
        return False
    try:
        head, tail, _ = _ends(_first_file(planned.path))
    except OSError:
        return False
    if tail.endswith((b"\n", b"\r")):
        return False
    *_, before, last = ["", "", *tail.decode(encoding, "replace").splitlines()]
    width = len(_header(head.decode(encoding, "replace"), planned.settings, delimiter))
    fields = [len(next(csv.reader([line], delimiter=delimiter), [])) for line in (before, last)]
    return fields[1] < fields[0] == width


def _first_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    return next(iter(sorted(one for one in path.iterdir() if one.is_file())), path)


def _ends(file: Path) -> tuple[bytes, bytes, int]:
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
        stream.seek(max(0, size - _TAIL))
        return head, stream.read(), size


def _web_page(head: bytes) -> Finding | None:
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:200].lower()
    if not start.startswith((b"<!doctype html", b"<html")):
        return None
    title = _TITLE.search(head.decode("utf-8", "replace"))
    return Finding("html", {"title": " ".join(title[1].split())[:80] if title else "HTML"})


def _other_kind(head: bytes, suffix: str) -> Finding | None:
    found = next((kind for magic, kind in _KINDS if head.startswith(magic)), None)
    if found is None or found == _OF_SUFFIX.get(suffix, suffix):
        return None
    return Finding("kind", {"found": f"{found}"})


def _cut_off(head: bytes, tail: bytes, suffix: str, cause: errors.SympolisError) -> Finding | None:
    """Whether the file begins as it should and lacks its end."""
    end = tail.rstrip()
    cut = {
        ".parquet": head.startswith(b"PAR1") and not tail.endswith(b"PAR1"),
        ".xlsx": head.startswith(b"PK\x03\x04") and b"PK\x05\x06" not in tail,
        ".zip": head.startswith(b"PK\x03\x04") and b"PK\x05\x06" not in tail,
        ".json": head.lstrip()[:1] in (b"{", b"[") and end[-1:] not in (b"}", b"]"),
        ".geojson": head.lstrip()[:1] == b"{" and (end[-1:] != b"}" or "truncated" in cause.message),
        ".gpkg": head.startswith(b"SQLite format 3\0"),
    }
    return Finding("truncated", {"detail": cause.message}) if cut.get(suffix, False) else None


def _table(planned: PlannedSource, head: bytes, cause: errors.SympolisError) -> Finding | None:
    encoding = getattr(planned.settings, "encoding", None)
    delimiter = getattr(planned.settings, "delimiter", None)
    if encoding is None or delimiter is None:
        return _columns(planned, cause)
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as problem:
        if problem.end < len(head) - 4:
            return Finding("encoding", {"expected": encoding, "found": _encoding(head)})
        text = head.decode(encoding, "replace")
    if isinstance(cause.__cause__, UnicodeDecodeError):
        return Finding("encoding", {"expected": encoding, "found": _encoding(head)})
    names = _header(text, planned.settings, delimiter)
    other = next((one for one in _DELIMITERS if one != delimiter and one in names[0]), None)
    if len(names) == 1 and other is not None and delimiter in _DELIMITERS:
        return Finding("delimiter", {"found": _DELIMITERS[other], "expected": _DELIMITERS[delimiter]})
    return _columns(planned, cause, names)


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as problem:
        return "utf-8" if problem.start > len(head) - 4 else "cp1252"
    return "cp1252" if head.isascii() else "utf-8"


def _header(text: str, settings: object, delimiter: str) -> list[str]:
    lines = text.splitlines()[getattr(settings, "skip_lines", 0) :]
    return next(csv.reader(lines, delimiter=delimiter), [""]) or [""]


def _columns(
    planned: PlannedSource, cause: errors.SympolisError, names: list[str] | None = None
) -> Finding | None:
    """A column that the mapping needs is not there; the connector's settings may be in order."""
    if not isinstance(cause, errors.MappingInvalid):
        return None
    there = [name.strip() for name in names or ()]
    missing = [name for name in column_fields(planned.mapping) if name not in there] if there else []
    return Finding(
        "columns",
        {
            "missing": ", ".join(missing[:_MOST_NAMES]) or cause.message,
            "found": ", ".join(there[:_MOST_NAMES]) or "–",
        },
    )
