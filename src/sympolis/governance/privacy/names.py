"""Forgetting an account in what people make together, now and in what an old backup brings back.

Dashboards and reviews of scenarios name the accounts of those who worked on them. The work stays where others rely on
it; the name goes. The list of erasures beside a backup keeps marks (``context.dumps.erased``); an account's mark here
is another than that of an entity with the same name.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sympolis.context.dumps.erased import Erasure, mark_of


class Naming(Protocol):
    """A book that names accounts."""

    def people(self) -> Collection[str]:
        """Every account that is named."""
        ...

    def named(self, person: str) -> Collection[str]:
        """The ids of what names an account."""
        ...

    def forget(self, person: str) -> int:
        """Take an account's name out, and remove what was theirs alone; in how many things it was."""
        ...


def account_mark(account: str) -> str:
    """The mark of an account on a list of erasures."""
    return mark_of(f"account\x1f{account}")


def erasure_of(account: str, *, at: datetime, by: str, why: str) -> Erasure:
    """What is noted of an erasure; not of whom."""
    return Erasure(mark=account_mark(account), at=at, by=by, why=why)


def is_marked(account: str, marks: Collection[str]) -> bool:
    """Whether an account, or the name that something has of somebody, is to be forgotten."""
    return account_mark(account) in marks


def erase_marked(book: Naming, marks: Collection[str]) -> int:
    """Take out every account whose mark is among ``marks``; in how many things they were named."""
    return sum(book.forget(one) for one in book.people() if is_marked(one, marks))
