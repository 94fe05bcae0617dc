"""Reads units of Germany's energy register, whichever of its two exports they come in (Marktstammdatenregister).

The website exports CSV with long German headings, decimal commas and dates like 6.2.2018; the bulk export is XML in
UTF-16 with code numbers. Both become the same rows: the bulk export's names, numbers, ISO dates, and words for codes.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, ClassVar, Final

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Recognised, Record
from sympolis.plugins.connectors.mastr import table
from sympolis.plugins.connectors.mastr.settings import MastrSettings
from sympolis.plugins.connectors.mastr.wording import CODED, Words
from sympolis.plugins.xml import elements, text

_ZIP: Final = b"PK\x03\x04"
_CATALOGUE: Final = "Katalogwerte"
_ITEM: Final = "Katalogwert"
_KEY: Final = "Gemeindeschluessel"


class MastrConnector:
    """Units, numbered from 1 in the export's order (those of the municipality counted only)."""

    id: ClassVar[str] = "mastr"
    settings_type: ClassVar[type] = MastrSettings

    def read(self, origin: Origin, settings: MastrSettings) -> Iterator[Record]:
        """Yield every unit. Raises ``SourceFailed`` naming what is missing or broken."""
        if origin.path is None:
            raise errors.SourceFailed("the mastr connector reads files", where=str(origin.url))
        number = 0
        for words, faults in _units(origin.path, settings):
            if str(words.fields.get(_KEY) or "").startswith(settings.municipality):
                number += 1
                yield Record(number, words.fields, words.point(), (*faults, *words.faults))

    def recognise(self, sample: Path) -> Recognised:
        """By the heading of the first column."""
        try:
            with sample.open("rb") as stream:
                head = stream.read(200)
        except OSError:
            return Recognised(0.0)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip(b'"').startswith(b"MaStR-Nr. der Einheit"):
            return Recognised(1.0, {}, "the first column is the unit's MaStR number")
        return Recognised(0.0)


def _units(path: Path, settings: MastrSettings) -> Iterator[tuple[Words, tuple[str, ...]]]:
    try:
        with path.open("rb") as stream:
            magic = stream.read(64)
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=str(path)) from cause
    if magic.startswith(_ZIP):
        yield from _packed(path, settings)
    elif _is_xml(magic):
        yield from _document(lambda: path.open("rb"), path.name, path, settings, {})
    else:
        yield from table.units(path, settings)


def _is_xml(magic: bytes) -> bool:
    return any(
        magic.decode(code, "replace").lstrip("\ufeff \r\n").startswith("<") for code in ("utf-8", "utf-16")
    )


def _packed(path: Path, settings: MastrSettings) -> Iterator[tuple[Words, tuple[str, ...]]]:
    """The files of the kind wanted, in the zip of the bulk export, with the words for its codes."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".xml"))
            wanted = [name for name in names if Path(name).stem.rstrip("_0123456789") == settings.units]
            if not wanted:
                hint = f"it holds: {', '.join(Path(name).stem for name in names)[:300] or 'no XML'}"
                raise errors.SourceFailed(f"has no {settings.units}", where=str(path), hint=hint)
            codes = _codes(archive, names, path, settings)
            for name in wanted:
                yield from _document(partial(archive.open, name), name, path, settings, codes)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as cause:
        raise errors.SourceFailed(
            f"cannot be unpacked: {cause}", where=str(path), hint="is it cut off?"
        ) from cause


def _codes(archive: zipfile.ZipFile, names: list[str], path: Path, settings: MastrSettings) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        if Path(name).stem.rstrip("_0123456789") == _CATALOGUE:
            with archive.open(name) as stream:
                for item in elements(stream, (_ITEM,), str(path), most_bytes=settings.most_mb * 1_000_000):
                    found[text(item, "Id") or ""] = text(item, "Wert") or ""
    return found


def _document(
    opened: Callable[[], IO[bytes]], name: str, path: Path, settings: MastrSettings, codes: dict[str, str]
) -> Iterator[tuple[Words, tuple[str, ...]]]:
    kinds = _singular(Path(name).stem.rstrip("_0123456789"), settings)
    with opened() as stream:
        for unit in elements(stream, kinds, str(path), most_bytes=settings.most_mb * 1_000_000):
            cells: dict[str, Any] = {child.tag: (child.text or "").strip() or None for child in unit}
            for field in CODED & cells.keys():
                cells[field] = codes.get(str(cells[field]), cells[field])
            yield Words(cells, comma=False), ()


def _singular(name: str, settings: MastrSettings) -> tuple[str, ...]:
    """``EinheitSolar`` for ``EinheitenSolar``, of the file's name and of the setting."""
    return tuple({one.replace("Einheiten", "Einheit", 1) for one in (name, settings.units)})
