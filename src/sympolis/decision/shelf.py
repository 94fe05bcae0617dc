"""Where decision files are kept: one readable JSON file each, written whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Final

import msgspec

from sympolis.decision.dossier import Decision
from sympolis.domain import errors

_ID: Final = re.compile(r"decision-[0-9]{8}-[0-9a-f]{8}", re.ASCII)


class Shelf:
    """The decision files of one twin. ``folder`` is made with the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Decision]:
        """Newest first."""
        found = [self._read(path) for path in sorted(self._folder.glob("decision-*.json"), reverse=True)]
        return sorted(found, key=lambda one: one.created_at, reverse=True)

    def get(self, decision: str) -> Decision:
        """One file. Raises ``NotFound``."""
        path = self._folder / f"{decision}.json"
        if not _ID.fullmatch(decision) or not path.exists():
            raise errors.NotFound(
                f"there is no decision file {decision[:60]}", where="decision", hint="see /api/decisions"
            )
        return self._read(path)

    def keep(self, decision: Decision) -> None:
        """Put a file on the shelf, in place of the same one before; durable when this returns."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{decision.id}.json"
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with part.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(decision)))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def remove(self, decision: Decision) -> None:
        """Take a draft away. Raises ``Conflict`` for one that was decided: that is permanent."""
        if decision.is_sealed:
            raise errors.Conflict("a decision that was taken is permanent", where="decision")
        (self._folder / f"{decision.id}.json").unlink(missing_ok=True)

    def _read(self, path: Path) -> Decision:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Decision)
        except msgspec.MsgspecError as damaged:
            raise errors.StoreUnavailable(
                f"{path.name} cannot be read", where=path.name, hint="take it from a backup"
            ) from damaged
