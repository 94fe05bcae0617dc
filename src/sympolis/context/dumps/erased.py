"""Erasures that reach dumps: what was erased after a dump was written does not come back when it is restored.

A dump is never rewritten, its checksums stay true. Beside its manifest lies a list, one JSON document a line, of who
was erased since: as a mark that tells nothing about them but whether an id is theirs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from sympolis.domain.errors import DumpInvalid

FILE: Final = "erasures.jsonl"


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """An entity was erased. ``sources``: those whose deliveries and held rows spoke of it."""

    mark: str
    at: datetime
    by: str
    why: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """All that is to be left out of a dump."""

    erasures: tuple[Erasure, ...] = ()

    @property
    def sources(self) -> frozenset[str]:
        """Sources of which raw rows are not put back."""
        return frozenset(source for one in self.erasures for source in one.sources)

    def marks(self) -> frozenset[str]:
        """The marks of everything erased."""
        return frozenset(one.mark for one in self.erasures)


def mark_of(entity_id: str) -> str:
    """The mark of an id: SHA-256 in hexadecimal digits. Whoever has the id can tell it, nobody the other way round."""
    return hashlib.sha256(b"sympolis erasure\0" + entity_id.encode()).hexdigest()


def note(folder: Path, erasures: Iterable[Erasure]) -> None:
    """Add erasures to the list of a dump, durably. Raises ``OSError`` where the dump cannot be reached."""
    with (folder / FILE).open("ab") as file:
        for one in erasures:
            file.write(msgspec.json.encode(one) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> Erased:
    """What is to be left out of a dump. Raises ``DumpInvalid`` where the list cannot be read: nothing is guessed."""
    path = folder / FILE
    if not path.exists():
        return Erased()
    try:
        lines = path.read_bytes().splitlines()
        return Erased(tuple(msgspec.json.decode(line, type=Erasure) for line in lines if line.strip()))
    except (OSError, msgspec.MsgspecError) as problem:
        raise DumpInvalid(
            f"the list of erasures cannot be read: {problem}",
            where=str(path),
            hint="mend the line, keep the rest",
        ) from problem
