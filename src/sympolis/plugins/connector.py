"""The connector contract: read rows from somewhere, once, in a known order."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Record:
    """One row as the source gave it.

    ``number`` counts from 1 in the source's own order, so that a person can find the row; ``geometry`` is a
    GeoJSON geometry in the source's CRS, where the format carries one.
    """

    number: int
    fields: Mapping[str, Any]
    geometry: Mapping[str, Any] | None = None
    faults: tuple[str, ...] = ()
    """What is wrong with the row as such (too few columns, not an object): it goes to quarantine with these words."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to read: ``path`` is a local file (a sample or a download), ``url`` the official portal's address."""

    path: Path | None = None
    url: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Connector(Protocol):
    """Reads one kind of source.

    ``settings_type`` is a frozen dataclass; its fields are what a source file may say under ``[settings]``.
    """

    id: ClassVar[str]
    settings_type: ClassVar[type]

    def read(self, origin: Origin, settings: Any) -> Iterator[Record]:
        """Yield every row. Raises ``SourceFailed`` (unreadable) or ``SettingsInvalid`` (wrong option)."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document that a connector wants fetched: where it is, what to ask with, under which file name to keep it."""

    url: str
    name: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A document that was fetched: the file, and the answer's headers (names in lower case)."""

    path: Path
    headers: Mapping[str, str] = field(default_factory=dict)


Pages = Generator[Wanted, Page, None]


@runtime_checkable
class Paging(Protocol):
    """A connector whose source is more than one file to be fetched: it says what it wants next, the platform gets it.

    A plugin never calls out itself: the platform guards, bounds, retries and keeps every delivery. ``read`` then gets
    the folder of the pages as its origin's path.
    """

    def pages(self, origin: Origin, settings: Any) -> Pages:
        """Yield what is wanted next, given the page before. Raises ``SourceFailed`` where an answer makes no sense."""
        ...


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to tell a sender about a row: the field concerned ('' for the row as a whole) and the words."""

    field: str
    text: str


@runtime_checkable
class Annotating(Protocol):
    """A connector that can give a file back with remarks where they belong."""

    def annotate(
        self, origin: Origin, settings: Any, remarks: Mapping[int, tuple[Remark, ...]], to: Path
    ) -> None:
        """Write a copy of the file at ``origin.path`` to ``to``, with the remarks by row number marked in it.

        The original is left alone. Raises ``SourceFailed`` where it cannot be read.
        """
        ...
