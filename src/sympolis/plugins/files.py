"""Deliveries of several files, each in a format that another connector reads: what stores of files have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from sympolis.domain import errors, reading
from sympolis.plugins import loader
from sympolis.plugins.connector import Note, Origin, Record

NOTES: Final = "files.json"


class Kept(msgspec.Struct, frozen=True):
    """A file of a delivery, and what it is called at the source."""

    file: str
    name: str


def file_name(name: str) -> str:
    """A name for a file in a delivery: the same each time, another for a file of the same name elsewhere."""
    return f"{sha256(name.encode()).hexdigest()[:12]}-{name.rstrip('/').rpartition('/')[2][-100:]}"


def note(files: list[Kept]) -> Note:
    """Which file is what, in the order they are to be read."""
    return Note(NOTES, msgspec.json.encode(files))


def read_files(origin: Origin, form: str, settings: Mapping[str, Any]) -> Iterator[Record]:
    """The rows of all files, numbered through, each with its ``file_name``; of one file where there is but one.

    Raises ``SettingsInvalid`` for the format, ``SourceFailed`` naming the file.
    """
    connector, chosen = _reader(form, settings)
    number = 0
    for path, name in _files(origin):
        try:
            for record in connector.read(Origin(path, origin.url), chosen):
                number += 1
                yield replace(record, number=number, fields={**record.fields, "file_name": name})
        except errors.SourceFailed as cause:
            message = cause.message if path == origin.path else f"{name}: {cause.message}"
            raise errors.SourceFailed(message, where=str(origin.path), hint=cause.hint) from cause


def _reader(form: str, settings: Mapping[str, Any]) -> tuple[Any, Any]:
    known = loader.connectors()
    if form not in known:
        hint = reading.did_you_mean(form, known)
        raise errors.SettingsInvalid(f"there is no connector {form!r}", where="settings.format", hint=hint)
    connector = known[form]
    findings: list[reading.Finding] = []
    chosen = reading.read(connector.settings_type, settings, "settings.format_settings", findings)
    if chosen is None:
        first = findings[0]
        raise errors.SettingsInvalid(first.message, where=first.where, hint=first.hint)
    return connector, chosen


def _files(origin: Origin) -> Iterator[tuple[Path, str]]:
    if origin.path is None:
        raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
    if not origin.path.is_dir():
        yield origin.path, origin.path.name
        return
    try:
        kept = msgspec.json.decode((origin.path / NOTES).read_bytes(), type=list[Kept])
    except (OSError, msgspec.DecodeError) as cause:
        raise errors.SourceFailed(f"has no usable {NOTES}: {cause}", where=str(origin.path)) from cause
    for one in kept:
        yield origin.path / one.file, one.name
