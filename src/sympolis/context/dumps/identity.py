"""The part of a dump that says who the broker is to others, where the store keeps that."""

from __future__ import annotations

from typing import Final

from sympolis.context.distributed.relays import SourceBooks
from sympolis.context.dumps.files import DumpReader, DumpWriter

_FILE: Final = "identity/identity"
"""As a broker with files has it."""


class IdentityPart:
    """See the module."""

    name = "identity"

    def __init__(self, books: SourceBooks) -> None:
        self._books = books

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``."""
        identity = self._books.known_identity()
        if identity is not None:
            out.room_for(_FILE).write_text(identity, encoding="ascii")
            out.add(_FILE, 1)

    async def present(self) -> str:
        """See ``Part.present``: a broker that has only been started may be replaced."""
        return ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``."""
        for name in dump.names(f"{self.name}/"):
            self._books.put_identity(dump.path(name).read_text(encoding="ascii").strip())
