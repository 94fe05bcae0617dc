"""Hosted @contexts as JSON files of one folder: few, small, and readable without us."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sympolis.context.library import KeptContext
from sympolis.domain.errors import StoreUnavailable

_decode = msgspec.json.Decoder(KeptContext).decode


class ContextFiles:
    """A ``Shelf`` in a folder, which is made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> Iterator[KeptContext]:
        """See ``Shelf.load``. Raises ``StoreUnavailable`` where a file cannot be understood."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield _decode(path.read_bytes())
            except (OSError, msgspec.DecodeError) as error:
                raise StoreUnavailable(f"cannot read a hosted @context: {error}", where=str(path)) from error

    def keep(self, kept: KeptContext) -> None:
        """See ``Shelf.keep``: the file appears whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(kept.local_id)
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def drop(self, local_id: str) -> None:
        """See ``Shelf.drop``."""
        self._path(local_id).unlink(missing_ok=True)

    def _path(self, local_id: str) -> Path:
        return self._folder / f"{local_id}.json"
