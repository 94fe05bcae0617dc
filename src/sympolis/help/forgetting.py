"""Forgetting what somebody asked and learned, now and in what an old backup brings back.

The list of erasures beside a backup keeps marks (``context.dumps.erased``); an account's mark here is another than
that of an entity with the same name.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sympolis.context.dumps.erased import Erasure, mark_of


class Kept(Protocol):
    """A book that knows of whom it keeps anything."""

    def askers(self) -> list[str]:
        """Everybody of whom anything is kept."""
        ...

    def forget(self, person: str) -> int:
        """Remove everything of somebody; how much it was."""
        ...


def help_mark(account: str) -> str:
    """The mark of an account on a list of erasures."""
    return mark_of(f"help\x1f{account}")


def erasure_of(account: str, *, at: datetime, by: str, why: str) -> Erasure:
    """What is noted of an erasure; not of whom."""
    return Erasure(mark=help_mark(account), at=at, by=by, why=why)


def erase_marked(book: Kept, marks: Collection[str]) -> int:
    """Erase everybody whose mark is among ``marks``; how much it was."""
    return sum(book.forget(one) for one in book.askers() if help_mark(one) in marks)
