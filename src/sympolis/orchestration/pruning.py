"""Keeps the library of ensemble members within bounds: what was used longest ago goes first, what a run rests on stays.

Every member ever computed is kept because asking again should cost nothing. Analyses and searches leave thousands that
nobody will ask for again; this lets go of those, and only of those.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 4 * 2**30
"""Of all members together; beyond it the library is brought down to ``TARGET`` of it, so that this is seldom done."""
TARGET = 0.9


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much the library held, and how much of it was let go."""

    held_bytes: int
    members: int
    freed_bytes: int


@dataclass(frozen=True, slots=True)
class _Kept:
    stem: Path
    used_at: float
    size: int


def prune(folder: Path, protected: Collection[str], *, since: float, most_bytes: int = MOST_BYTES) -> Pruned:
    """Delete members until the library is within its bound, the one unused for longest first.

    ``protected`` are keys of members that kept runs rest on; ``since`` (seconds since the epoch) spares what was used
    later, because a run under way may rest on it. Where these alone exceed the bound, they stay all the same.
    """
    members = sorted(_members(folder), key=lambda one: one.used_at)
    held = sum(one.size for one in members)
    freed = count = 0
    for one in members if held > most_bytes else ():
        if held - freed <= most_bytes * TARGET or one.used_at >= since:
            break
        if one.stem.name not in protected:
            # The facts first: without them the member does not count as kept, whatever interrupts this.
            one.stem.with_suffix(".json").unlink(missing_ok=True)
            one.stem.with_suffix(".npz").unlink(missing_ok=True)
            freed, count = freed + one.size, count + 1
    return Pruned(held, count, freed)


def _members(folder: Path) -> list[_Kept]:
    found = []
    for facts in folder.glob("??/*.json"):
        stem = facts.with_suffix("")
        try:
            stat, numbers = facts.stat(), stem.with_suffix(".npz").stat()
        except FileNotFoundError:
            continue  # being written, or damaged: it is then run again
        used_at = max(stat.st_atime, stat.st_mtime)
        found.append(_Kept(stem, used_at, stat.st_size + numbers.st_size))
    return found
