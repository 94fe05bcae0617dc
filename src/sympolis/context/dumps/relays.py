"""The part of a dump with subscriptions that were passed on to other brokers, which go on telling under these keys."""

from __future__ import annotations

from typing import Final

import msgspec

from sympolis.context.distributed.relays import Relay, RelayBooks
from sympolis.context.dumps.files import DumpReader, DumpWriter

_FILE: Final = "relays.jsonl.gz"


class RelaysPart:
    """See the module."""

    name = "relays"

    def __init__(self, books: RelayBooks) -> None:
        self._books = books

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``."""
        with out.lines(_FILE) as file:
            for one in self._books.relays():
                file.add(msgspec.to_builtins(one))

    async def present(self) -> str:
        """See ``Part.present``."""
        count = len(self._books.relays())
        return f"{count} relays" if count else ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``."""
        for one in dump.records(_FILE, Relay):
            self._books.keep_relay(one)
