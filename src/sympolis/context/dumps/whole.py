"""A dump of everything: parts that each know how to write themselves down, to see what is there, and to come back.

A subsystem that keeps something beside the store adds a part; nothing else has to know of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from sympolis.context.dumps.files import DumpReader, DumpWriter, Manifest
from sympolis.domain.errors import Conflict, InvalidRequest


class Part(Protocol):
    """Something that is kept."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    async def dump(self, out: DumpWriter) -> None:
        """Write it into files of the dump."""
        ...

    async def present(self) -> str:
        """What is there already, in words; '' where there is nothing."""
        ...

    async def restore(self, dump: DumpReader) -> None:
        """Put back what the dump has, if anything. Done twice it is as done once. Raises ``DumpInvalid``."""
        ...


async def dump(parts: Sequence[Part], out: DumpWriter, *, version: str, of: dict[str, str]) -> Manifest:
    """Write all parts into ``out``; the manifest comes last and makes the dump a whole one."""
    for part in parts:
        await part.dump(out)
    return out.finish(version, of, datetime.now(UTC).isoformat(timespec="seconds"))


async def restore(parts: Sequence[Part], source: DumpReader, *, begun: bool = False) -> None:
    """Put all parts back, in order, into what is empty; ``begun``: this dump's restore was started here before.

    Raises ``Conflict`` where there is something already, ``DumpInvalid``.
    """
    if not begun:
        for part in parts:
            if found := await part.present():
                raise Conflict(
                    f"there are {found} already: a dump is restored into an empty store only",
                    where=part.name,
                    hint="name a new --data folder (and an empty database)",
                )
    for part in parts:
        await part.restore(source)


def empty_folder(folder: Path) -> Path:
    """The folder, made where there is none. Raises ``InvalidRequest`` where it holds anything."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidRequest("exists and is not an empty folder", where=str(folder), hint="name a new one")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
