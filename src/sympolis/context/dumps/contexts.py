"""The part of a dump with the @contexts that the broker hosts."""

from __future__ import annotations

from typing import Final

import msgspec

from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.context.library import KeptContext, Shelf
from sympolis.domain.errors import DumpInvalid

_FILE: Final = "contexts.jsonl.gz"


class ContextsPart:
    """See the module."""

    name = "hosted @contexts"

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``."""
        with out.lines(_FILE) as file:
            for one in self._shelf.load():
                file.add(msgspec.to_builtins(one))

    async def present(self) -> str:
        """See ``Part.present``."""
        count = sum(1 for _ in self._shelf.load())
        return f"{count} hosted @contexts" if count else ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``."""
        for kept in dump.records(_FILE, KeptContext):
            if not kept.local_id.replace("-", "").isalnum():
                raise DumpInvalid("holds what is no local id", where=_FILE)
            self._shelf.keep(kept)
