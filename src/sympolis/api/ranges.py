"""Parts of a representation (RFC 9110, section 14): what breaks off is taken up where it broke.

A part only makes sense as a part of the same whole, and data change. So whoever asks for a part gets it from a copy
that was put aside when they first did, for as long as their transfer goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sympolis.api.http import Reply, Stream
from sympolis.domain import errors

MOST_BYTES: Final = 4 << 30
"""Of copies put aside, all together; the oldest go first."""
_CHUNK: Final = 1 << 18
_RANGE: Final = re.compile(r"bytes=(\d{1,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Copy:
    """A representation put aside; ``tag`` is its strong ETag."""

    path: Path
    media: str
    size: int
    tag: str


class PutAside:
    """See the module: copies by transfer and by what was asked for. They do not outlive the server."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most = most_bytes
        self._copies: OrderedDict[tuple[str, str], Copy] = OrderedDict()
        self._numbers = 0

    def find(self, transfer: str, target: str) -> Copy | None:
        """The copy of what was asked for."""
        found = self._copies.get((transfer, target))
        if found is not None:
            self._copies.move_to_end((transfer, target))
        return found

    async def keep(self, transfer: str, target: str, reply: Reply | Stream) -> Copy:
        """Put a whole representation aside. Raises ``TooManyResults`` where it is larger than all of the room."""
        if not self._numbers:
            await asyncio.to_thread(self._empty)
        self._numbers += 1
        path = self._folder / f"{self._numbers}"
        digest, size = hashlib.sha256(), 0
        try:
            with path.open("wb") as out:
                async for chunk in _chunks(reply):
                    size += len(chunk)
                    if size > self._most:
                        raise errors.TooManyResults(
                            "more than can be put aside", where="Range", hint="ask for all"
                        )
                    digest.update(chunk)
                    await asyncio.to_thread(out.write, chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        copy = Copy(path, reply.media, size, f'"{digest.hexdigest()[:32]}"')
        self._drop(transfer, target)
        self._copies[transfer, target] = copy
        self._make_room()
        return copy

    def forget(self, transfer: str) -> None:
        """A transfer has ended."""
        for key in [key for key in self._copies if key[0] == transfer]:
            self._drop(*key)

    def _make_room(self) -> None:
        while sum(one.size for one in self._copies.values()) > self._most:
            self._drop(*next(iter(self._copies)))

    def _drop(self, transfer: str, target: str) -> None:
        found = self._copies.pop((transfer, target), None)
        if found is not None:
            found.path.unlink(missing_ok=True)

    def _empty(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)


async def _chunks(reply: Reply | Stream) -> AsyncGenerator[bytes, None]:
    if isinstance(reply, Reply):
        yield reply.body
        return
    async with aclosing(reply.chunks) as chunks:
        async for chunk in chunks:
            yield chunk


def wanted_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range that is asked for; None for what is ignored (another unit, several ranges).

    Raises ``InvalidRequest`` for a range that lies behind the end.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first = int(found[1])
    last = min(int(found[2]) if found[2] else size - 1, size - 1)
    if first >= size or last < first:
        raise errors.InvalidRequest(f"the representation has {size} bytes", where="Range")
    return first, last


def part_of(copy: Copy, span: tuple[int, int] | None) -> Stream:
    """The copy, or a part of it, as it is sent."""
    first, last = span or (0, copy.size - 1)
    headers = [
        (b"content-length", b"%d" % max(last - first + 1, 0)),
        (b"accept-ranges", b"bytes"),
        (b"etag", copy.tag.encode()),
    ]
    if span is not None:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (first, last, copy.size)))
    return Stream(
        chunks=_read(copy.path, first, last),
        media=copy.media,
        headers=tuple(headers),
        status=200 if span is None else 206,
    )


async def _read(path: Path, first: int, last: int) -> AsyncGenerator[bytes, None]:
    with path.open("rb") as file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (chunk := await asyncio.to_thread(file.read, min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
