"""Expanded names (IRIs) as the small numbers that the tables carry.

Names are never renumbered or dropped and are made in transactions of their own, so what is known here stays true
whatever happens to a write, and in every process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympolis.stores import sql
from sympolis.stores.postgres.server import Server

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
UNKNOWN = 0
"""The number of no name: conditions on it hold for nothing."""


class Names:
    """IRI to number, for one database."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._keys: dict[str, int] = {}

    def __getitem__(self, iri: str) -> int:
        return self._keys.get(iri, UNKNOWN)

    async def look_up(self, iris: Iterable[str]) -> Mapping[str, int]:
        """The numbers of these names; names that nothing bears are left out."""
        wanted = set(iris)
        missing = {iri for iri in wanted if iri not in self._keys}
        if missing:
            async with self._server.side() as connection:
                self._learn(await connection.fetch(_SQL["name_keys"], sorted(missing)))
        return {iri: self._keys[iri] for iri in wanted if iri in self._keys}

    async def make(self, iris: Iterable[str]) -> None:
        """See that all of these have numbers."""
        missing = sorted({iri for iri in iris if iri not in self._keys})
        if not missing:
            return
        async with self._server.side() as connection:
            await connection.execute(_SQL["add_names"], missing)
            self._learn(await connection.fetch(_SQL["name_keys"], missing))

    def _learn(self, rows: Iterable[Mapping[str, object]]) -> None:
        self._keys.update({str(row["iri"]): int(str(row["key"])) for row in rows})
