"""The connector contract: read rows from somewhere, once, in a known order."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from sympolis.domain import errors


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
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The package's ``local/secrets.toml``, by name."""
    bookmark: str | None = None
    """Where the delivery before left off; see ``Incremental``."""

    def secret(self, name: str) -> str:
        """A password or key by the name that the settings give it. Raises ``SourceFailed`` where there is none."""
        try:
            return self.secrets[name]
        except KeyError:
            hint = f'write {name} = "…" into local/secrets.toml of the city package'
            raise errors.SourceFailed(
                f"there is no secret {name!r}", where=str(self.url), hint=hint
            ) from None


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
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    version: str = ""
    """What a listing says of its version (an ETag): what the last delivery has of it is not fetched anew."""


@dataclass(frozen=True, slots=True)
class Page:
    """A document that was fetched: the file, and the answer's headers (names in lower case)."""

    path: Path
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a connector wants to keep beside the pages, such as which came from where."""

    name: str
    content: bytes


Pages = Generator[Wanted | Note, Page, None]


@runtime_checkable
class Paging(Protocol):
    """A connector whose source is more than one file to be fetched: it says what it wants next, the platform gets it.

    A plugin never calls out itself: the platform guards, bounds, retries and keeps every delivery. ``read`` then gets
    the folder of the pages as its origin's path.
    """

    def pages(self, origin: Origin, settings: Any) -> Pages:
        """Yield what is wanted next, given the page before. Raises ``SourceFailed`` where an answer makes no sense."""
        ...


@runtime_checkable
class Incremental(Protocol):
    """A connector whose deliveries hold only what is new since the last one that the twin took in."""

    def bookmark(self, origin: Origin, settings: Any) -> str | None:
        """Where the next delivery goes on after the data at ``origin.path``, which began at ``origin.bookmark``.

        None where these settings read the source whole each time.
        """
        ...


@runtime_checkable
class Drawing(Protocol):
    """A connector whose source does not speak HTTP (a database): it draws a file that ``read`` then reads."""

    def host(self, origin: Origin, settings: Any) -> tuple[str, int] | None:
        """Name and port of the server, for the platform's guard; None for a file on this machine."""
        ...

    def draw(self, origin: Origin, settings: Any, to: Path, limits: Limits) -> None:
        """Write what is wanted to ``to``, in a thread. Raises ``SourceFailed``, also beyond a limit."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one delivery may take."""

    most_bytes: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a connector makes of a sample: how sure it is (0 to 1), and the settings it would use."""

    confidence: float
    settings: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@runtime_checkable
class Recognising(Protocol):
    """A connector that can tell by a sample whether it is one of its own, for ``sympolis source new``."""

    def recognise(self, sample: Path) -> Recognised:
        """Look at the beginning of the file; never raises for what is in it."""
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
