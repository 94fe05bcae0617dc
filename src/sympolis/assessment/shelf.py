"""Where an assessment is kept: one JSON file each, written whole or not at all, readable without the twin."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from sympolis.domain import errors

T = TypeVar("T")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}", re.ASCII)


class Shelf:
    """Documents of one kind in one folder, which is made with the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, name: str, kind: type[T]) -> T | None:
        """One document; None where there is none. Raises ``StoreUnavailable`` for a damaged file."""
        path = self._folder / f"{name}.json"
        if not _NAME.fullmatch(name) or not path.exists():
            return None
        return _read(path, kind)

    def all(self, kind: type[T]) -> list[T]:
        """Every document, by name."""
        return [_read(path, kind) for path in sorted(self._folder.glob("*.json"))]

    def keep(self, name: str, document: Any) -> None:
        """Put a document in place of the one before; durable when this returns."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.json"
        part = path.with_name(f".{name}.{secrets.token_hex(4)}.part")
        with part.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(document)))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def remove(self, name: str) -> None:
        """Take a document away, if it is there."""
        if _NAME.fullmatch(name):
            (self._folder / f"{name}.json").unlink(missing_ok=True)


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.MsgspecError as damaged:
        raise errors.StoreUnavailable(
            f"{path.name} cannot be read", where=path.name, hint="take it from a backup"
        ) from damaged
