"""The book of erasures: who is erased stays erased, also when a portal delivers them again or a backup comes back.

It keeps marks, not ids (``context.dumps.erased``): a list of those who wanted to be forgotten would be the opposite.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sympolis.context.dumps import erased
from sympolis.context.dumps.erased import Erasure, mark_of

_LOOK_EVERY_S: Final = 1.0


class ErasureKeeping(Protocol):
    """Keeps erasures (see ``identity.directory``); another process may add some at any time."""

    def erasures(self) -> list[Erasure]: ...

    def keep_erasure(self, erasure: Erasure) -> None: ...

    def backups(self) -> list[str]: ...

    def version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Reach:
    """Backups that an erasure was written beside, and in words those that it could not be."""

    backups: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    @classmethod
    def of_all(cls, reaches: Iterable[Reach]) -> Reach:
        """What several erasures reached together."""
        found = list(reaches)
        backups = {one for reach in found for one in reach.backups}
        missed = {one for reach in found for one in reach.missed}
        return cls(tuple(sorted(backups)), tuple(sorted(missed)))


class ErasureBook:
    """See the module."""

    def __init__(self, keeping: ErasureKeeping, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keeping = keeping
        self._monotonic = monotonic
        self._looked = float("-inf")
        self._version = -1
        self._marks: frozenset[str] = frozenset()

    def is_erased(self, entity_id: str) -> bool:
        """Whether this entity must not come back; at most a second old."""
        now = self._monotonic()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            if (version := self._keeping.version()) != self._version:
                self._marks = frozenset(one.mark for one in self._keeping.erasures())
                self._version = version
        return bool(self._marks) and mark_of(entity_id) in self._marks

    def add(self, erasure: Erasure) -> None:
        """Keep one."""
        self._keeping.keep_erasure(erasure)
        self._looked = float("-inf")

    def reach_backups(self, erasure: Erasure) -> Reach:
        """Write it beside every backup that this data folder has made: restored, they leave it out."""
        reached, missed = [], []
        for folder in self._keeping.backups():
            try:
                erased.note(Path(folder), [erasure])
                reached.append(folder)
            except OSError as problem:
                missed.append(f"{folder}: {problem.strerror}; add the erasure there or delete the backup")
        return Reach(tuple(reached), tuple(missed))

    def add_everywhere(self, erasure: Erasure) -> Reach:
        """Keep one here and beside the backups."""
        self.add(erasure)
        return self.reach_backups(erasure)

    def all(self) -> Sequence[Erasure]:
        """Every erasure, newest first."""
        return sorted(self._keeping.erasures(), key=lambda one: one.at, reverse=True)
