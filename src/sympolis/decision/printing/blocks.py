"""The parts of an account, without any format: whoever writes one says what is said, not how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``level`` 1 (of a part) to 3."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. ``quiet``: small print such as sources and identifiers."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list of short texts."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under their titles; ``numbers`` are the columns (from 0) that are set flush right."""

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    numbers: frozenset[int] = frozenset()


Block = Heading | Text | Items | Table


@dataclass(frozen=True, slots=True)
class Account:
    """A whole account in one language. ``foot`` ends every printed page: what it is, and where."""

    title: str
    language: str
    blocks: Sequence[Block]
    foot: str = ""
