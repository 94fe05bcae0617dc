"""From rows to a file that is sent: rows are put aside on disk, a process of its own makes the file of them.

Nothing is sent before the file is whole, so that nobody takes half of it for all. Memory stays the same however many
rows there are. And pyarrow, which takes its time to load and does not get on with some engines, stays outside.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from sympolis.api.exporting.formats import Format
from sympolis.api.http import Stream
from sympolis.domain import errors

WRITER: Final = "sympolis.api.exporting.writer"
_CHUNK: Final = 1 << 18
_MOST_AT_ONCE: Final = 2
_MOST_BYTES: Final = 8 << 30
"""Of rows put aside for one file: some twenty million features."""


class FileMaker:
    """Makes files of rows, a few at a time."""

    def __init__(self) -> None:
        self._at_work = 0

    async def make(
        self, pages: AsyncIterator[Sequence[bytes]], form: Format, *, name: str, facts: Mapping[str, Any]
    ) -> Stream:
        """The file of these rows (JSON), named ``name``; ``facts`` say what they are (see ``writer``).

        Raises ``TooManyAttempts`` where as many files are being made as may be.
        """
        form.check()
        if self._at_work >= _MOST_AT_ONCE:
            raise errors.TooManyAttempts(
                "other files are being made", where="path", hint="try again in a minute"
            )
        self._at_work += 1
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="sympolis-download-"))
        try:
            made = await _made(pages, form, folder, facts)
            size = made.stat().st_size
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        finally:
            self._at_work -= 1
        headers = (
            (b"content-length", b"%d" % size),
            (b"content-disposition", f'attachment; filename="{name}.{form.name}"'.encode("ascii", "replace")),
        )
        chunks = _chunks(made, folder)
        # Chunks that nobody reads (HEAD, or who left before the first) never come to their end.
        weakref.finalize(chunks, shutil.rmtree, folder, ignore_errors=True)
        return Stream(chunks=chunks, media=form.media, headers=headers)


async def _made(
    pages: AsyncIterator[Sequence[bytes]], form: Format, folder: Path, facts: Mapping[str, Any]
) -> Path:
    rows, made = folder / "rows", folder / "made"
    size = 0
    with rows.open("wb") as out:
        async for page in pages:
            size += sum(map(len, page))
            if size > _MOST_BYTES:
                raise errors.TooManyResults("more than fits into one file", where="f", hint="ask for a part")
            await asyncio.to_thread(out.writelines, [one + b"\n" for one in page])
    command = [sys.executable, "-m", WRITER, form.name, str(rows), str(made)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, told = await process.communicate(msgspec.json.encode(facts))
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise RuntimeError(f"the file could not be written: {told.decode(errors='replace')[-500:]}")
    return made


async def _chunks(path: Path, folder: Path) -> AsyncGenerator[bytes, None]:
    try:
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
    finally:
        shutil.rmtree(folder, ignore_errors=True)
