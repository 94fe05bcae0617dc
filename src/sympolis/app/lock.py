"""One process at a time holds a data folder; the others find its address there and ask it instead."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO

from sympolis.domain import errors

NAME = "lock"


class Lock:
    """Holds ``folder`` from ``acquire`` to ``release``, or until the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._file: IO[str] | None = None

    def acquire(self, address: str = "") -> None:
        """Take the folder. Raises ``StoreUnavailable`` where another process has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            file.close()
            raise errors.StoreUnavailable(
                "another process holds this data folder",
                where=str(self._path.parent),
                hint="stop it, or give this one a folder of its own with --data",
            ) from problem
        self._file = file
        self.publish(address)

    def publish(self, address: str) -> None:
        """Leave the address at which the holder answers."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
            json.dump({"pid": os.getpid(), "address": address}, self._file)
            self._file.flush()

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self.publish("")
            self._file.close()
            self._file = None


def holder(folder: Path) -> str | None:
    """The address of the server that holds ``folder``; None where nobody does or the holder does not serve."""
    path = folder / NAME
    if not path.exists():
        return None
    with path.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return str(json.loads(file.read() or "{}").get("address") or "") or None
    return None
