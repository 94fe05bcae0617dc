"""The mark of a restore under way: a data folder that has one is not whole, and nobody may serve from it."""

from __future__ import annotations

import json
from pathlib import Path

from sympolis.context.dumps.files import Manifest
from sympolis.domain import errors

NAME = "restoring.json"


def begin(folder: Path, manifest: Manifest) -> bool:
    """Mark the folder; whether it was marked for this very dump already, by a restore that was not finished.

    Raises ``Conflict`` where that was another dump.
    """
    mark = {"at": manifest.at, "files": {one.file: one.sha256 for one in manifest.files}}
    path = folder / NAME
    if path.exists():
        if json.loads(path.read_text(encoding="utf-8")) == mark:
            return True
        raise errors.Conflict(
            "a restore of another dump into this folder was not finished", where=str(folder)
        )
    path.write_text(json.dumps(mark), encoding="utf-8")
    return False


def end(folder: Path) -> None:
    """Take the mark away."""
    (folder / NAME).unlink(missing_ok=True)


def check(folder: Path) -> None:
    """Raise ``StoreUnavailable`` where a restore into this data folder was begun and not finished."""
    if (folder / NAME).exists():
        raise errors.StoreUnavailable(
            "a restore into this folder was not finished",
            where=str(folder),
            hint="run the same `sympolis restore` again",
        )
