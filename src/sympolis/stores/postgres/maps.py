"""Entity maps in the database: any process of a broker answers by a map that another one made."""

from __future__ import annotations

from datetime import datetime

from sympolis.context.map_shelves import KeptMap, MapLimits, decode_map, encode_map
from sympolis.stores import sql
from sympolis.stores.postgres.calls import Calls

_SQL = sql.load("sympolis.stores.postgres", "maps.sql")


class PostgresMapShelf:
    """See ``MapShelf``."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def read(self, tenant: str, map_id: str) -> tuple[KeptMap, int] | None:
        """See ``MapShelf``."""
        row = self._calls.ask(lambda db: db.fetchrow(_SQL["read"], tenant, map_id))
        return None if row is None else (decode_map(row["body"]), row["revision"])

    def revision(self, tenant: str, map_id: str) -> int | None:
        """See ``MapShelf``."""
        found: int | None = self._calls.ask(lambda db: db.fetchval(_SQL["revision"], tenant, map_id))
        return found

    def keep(self, kept: KeptMap) -> int:
        """See ``MapShelf``."""
        body = encode_map(kept)
        values = (kept.tenant, kept.id, kept.expires_at, len(kept.sources), body)
        revision: int = self._calls.ask(lambda db: db.fetchval(_SQL["keep"], *values))
        return revision

    def drop(self, tenant: str, map_id: str) -> None:
        """See ``MapShelf``."""
        self._calls.ask(lambda db: db.execute(_SQL["drop"], tenant, map_id))

    def forget(self, tenant: str) -> None:
        """See ``MapShelf``."""
        self._calls.ask(lambda db: db.execute(_SQL["forget"], tenant))

    def trim(self, now: datetime, limits: MapLimits) -> None:
        """See ``MapShelf``."""
        self._calls.ask(lambda db: db.execute(_SQL["trim"], now, limits.maps, limits.entities))

    def close(self) -> None:
        """See ``MapShelf``: the connection is the store's."""
