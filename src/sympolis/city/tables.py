"""Reads the tables that entities of a city name instead of holding: an Apache Parquet file in the city package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sympolis.domain import errors

_MOST_BYTES: Final = 64 * 2**20
FILE: Final = "file"
"""Short name of the attribute that names the file, relative to the package."""


def read(folder: Path, described: Mapping[str, Any]) -> bytes:
    """The table that an entity with these attributes (by short name) names.

    Raises ``SourceFailed`` where the file is missing, lies outside the package or is too large.
    """
    file = described.get(FILE)
    if not isinstance(file, str):
        raise errors.SourceFailed("the table does not say its file", where="table")
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise errors.SourceFailed("lies outside the city package", where=file)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise errors.SourceFailed(f"is larger than {_MOST_BYTES >> 20} MB", where=file)
        return path.read_bytes()
    except OSError as cause:
        hint = "build the samples anew"
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=file, hint=hint) from cause
