"""Entity maps in a SQLite file of their own beside the store: pages stay the same through a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sympolis.context.map_shelves import KeptMap, MapLimits, decode_map, encode_map
from sympolis.stores.embedded.book import Book

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class EmbeddedMapShelf(Book):
    """See ``MapShelf``."""

    FILE = "entity-maps.sqlite"
    STATEMENTS = "maps.sql"
    MEND = "the file holds nothing that cannot be asked for again: delete it"

    def read(self, tenant: str, map_id: str) -> tuple[KeptMap, int] | None:
        """See ``MapShelf``."""
        rows = self._rows("read", tenant=tenant, id=map_id)
        return (decode_map(rows[0][0]), rows[0][1]) if rows else None

    def revision(self, tenant: str, map_id: str) -> int | None:
        """See ``MapShelf``."""
        rows = self._rows("revision", tenant=tenant, id=map_id)
        return rows[0][0] if rows else None

    def keep(self, kept: KeptMap) -> int:
        """See ``MapShelf``."""
        [(revision,)] = self._rows(
            "keep",
            tenant=kept.tenant,
            id=kept.id,
            expires_at=_number(kept.expires_at),
            entities=len(kept.sources),
            body=encode_map(kept),
        )
        return int(revision)

    def drop(self, tenant: str, map_id: str) -> None:
        """See ``MapShelf``."""
        self._rows("drop_map", tenant=tenant, id=map_id)

    def forget(self, tenant: str) -> None:
        """See ``MapShelf``."""
        self._rows("forget", tenant=tenant)

    def trim(self, now: datetime, limits: MapLimits) -> None:
        """See ``MapShelf``."""
        self._rows("trim", now=_number(now), maps=limits.maps, entities=limits.entities)


def _number(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
