"""What a store must be able to do so that it can be written down whole: stand still for a reader while others write."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from sympolis.context.query import HistoryQuery
from sympolis.context.store import History
from sympolis.domain.entity import Entity


class Still(Protocol):
    """One tenant as it was at one moment, however long the reading takes."""

    @property
    def position(self) -> int:
        """The number of the newest change at that moment."""
        ...

    async def entities(self, after: str, limit: int) -> Sequence[Entity]:
        """The next entities after this id ('' for the first), in the order of their ids."""
        ...

    async def subjects(self, after: str, limit: int) -> Sequence[str]:
        """The next ids after this one that have a history, whether or not the entity is still there; in order."""
        ...

    async def history(self, query: HistoryQuery) -> History:
        """See ``Store.history``."""
        ...


@runtime_checkable
class Dumping(Protocol):
    """A store that can be read whole."""

    async def tenants(self) -> Sequence[str]:
        """Every tenant, the default one ('') among them."""
        ...

    def still(self, *, tenant: str = "") -> AbstractAsyncContextManager[Still]:
        """The tenant as it is now. Writers go on. Raises ``NonexistentTenant``."""
        ...
