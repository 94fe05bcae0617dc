"""A store around a store that shows whoever asks what they may see, and nothing else.

Every interface reads through the broker, and the broker through its store: so this is the one place that release and
policies cannot be passed by, whichever standard a request speaks. Who asks is said once per request (``reading``);
reading without having said it is a defect, and fails. Only servers that ask who somebody is put it there: elsewhere
it costs nothing, because it is not there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from sympolis.context.allowance import UNLIMITED, Allowance
from sympolis.context.documents import DocumentForm, DocumentPage, Documents
from sympolis.context.dumps.port import Dumping, Still
from sympolis.context.patches import Patches, Patchwork
from sympolis.context.profiles import Profile
from sympolis.context.query import AllOf, AnyOf, HistoryQuery, NoneOf, Query, TypeIs
from sympolis.context.store import (
    Dropping,
    History,
    Interest,
    Page,
    Profiling,
    Retracting,
    Retraction,
    Store,
    StoreStatus,
    Trimming,
    Write,
)
from sympolis.context.terms import Terms
from sympolis.domain.changes import Change, Observation, Outcome
from sympolis.domain.entity import Entity

TypeExpression = AnyOf | AllOf | TypeIs | NoneOf


class Reading(Protocol):
    """What somebody may see, by the types of entities (expanded)."""

    @property
    def mark(self) -> object:
        """Equal for all who may see the same: under it, what was made of entities may be kept between requests."""
        ...

    def within(self, tenant: str) -> Reading:
        """The same for a tenant: datasets are those of the default one."""
        ...

    def narrowed(self, types: Any) -> Any:
        """The type expression for what they may see of what ``types`` (None: anything) selects.

        Raises ``Unauthenticated`` or ``Forbidden``, with the reason, where all of it is kept from them and they may
        know that.
        """
        ...

    def admit(self, types: Sequence[str]) -> bool:
        """Whether they may see an entity of these types that they name; raises like ``narrowed``."""
        ...

    def shows(self, types: Sequence[str]) -> bool:
        """Whether they may see entities of these types, asked quietly."""
        ...

    def use(self, kind: str, name: str) -> None:
        """Make use of a ``service`` or a ``model`` once. Raises like ``narrowed``, with the reason."""
        ...

    @property
    def allowance(self) -> Allowance:
        """How much they may have computed."""
        ...


class _Everything:
    """For what the server itself has to know of all entities."""

    mark: object = None

    def within(self, tenant: str) -> Reading:  # noqa: ARG002
        return self

    def narrowed(self, types: Any) -> Any:
        return types

    def admit(self, types: Sequence[str]) -> bool:  # noqa: ARG002
        return True

    def shows(self, types: Sequence[str]) -> bool:  # noqa: ARG002
        return True

    def use(self, kind: str, name: str) -> None:  # noqa: ARG002
        return None

    @property
    def allowance(self) -> Allowance:
        return UNLIMITED


EVERYTHING: Reading = _Everything()
_reading: ContextVar[Reading] = ContextVar("sympolis_reading")


def read_as(reading: Reading) -> None:
    """From here on, this task reads on behalf of somebody."""
    _reading.set(reading)


def reader() -> Reading:
    """On whose behalf this task reads. ``LookupError`` where nobody has said it."""
    return _reading.get()


def current() -> Reading:
    """On whose behalf this task reads; of everything, where nobody has said it."""
    return _reading.get(EVERYTHING)


def shows(types: Sequence[str]) -> bool:
    """Whether whoever asks may see entities of these types; everybody may where nobody is asked who they are."""
    return _reading.get(EVERYTHING).shows(types)


def mark() -> object:
    """``Reading.mark`` of whoever asks."""
    return _reading.get(EVERYTHING).mark


def ask_for(type_name: str) -> None:
    """Say that a type is asked for by name. Raises like ``Reading.narrowed``."""
    _reading.get(EVERYTHING).narrowed(TypeIs(type_name))


def use_model(model: str) -> None:
    """Say that a model is about to be run, once. Raises like ``Reading.use``; the server itself may run all."""
    _reading.get(EVERYTHING).use("model", model)


def use_service(service: str) -> None:
    """The same for a service that answers a question with models."""
    _reading.get(EVERYTHING).use("service", service)


def allowance() -> Allowance:
    """How much whoever asks may have computed; the server itself has no limit."""
    return _reading.get(EVERYTHING).allowance


@contextmanager
def everything() -> Iterator[None]:
    """Read everything for a while: for what is remembered between requests and shown to nobody as it is."""
    token = _reading.set(EVERYTHING)
    try:
        yield
    finally:
        _reading.reset(token)


def gated(store: Store) -> Store:
    """``store``, asked on behalf of ``reader``; it offers what the store offers, as far as that can be gated."""
    kinds = [kind for port, kind in _PORTS.items() if isinstance(store, port)]
    made = type("GatedStore", (*kinds, GatedStore), {})
    return cast("Store", made(store))


class GatedStore:
    """See the module. Writes pass: whether somebody may write at all is decided before."""

    def __init__(self, store: Store) -> None:
        self.inner: Any = store

    async def write(self, writes: Sequence[Write], *, tenant: str = "", cause: str = "") -> list[Outcome]:
        """See ``Store``."""
        return cast("list[Outcome]", await self.inner.write(writes, tenant=tenant, cause=cause))

    async def observe(self, observations: Sequence[Observation], *, tenant: str = "", cause: str = "") -> int:
        """See ``Store``."""
        return cast("int", await self.inner.observe(observations, tenant=tenant, cause=cause))

    async def get(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """The entity, if there is one for whoever asks."""
        found: Entity | None = await self.inner.get(entity_id, tenant=tenant)
        return found if found is not None and reader().within(tenant).admit(found.types) else None

    async def query(self, query: Query, *, tenant: str = "") -> Page:
        """What of it may be seen: pages are full, numbers are those of what is shown."""
        return cast("Page", await self.inner.query(_narrowed(query, tenant), tenant=tenant))

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """Likewise."""
        narrowed = replace(query, entities=_narrowed(query.entities, tenant))
        return cast("History", await self.inner.history(narrowed, tenant=tenant))

    async def changes(
        self, after: int, *, limit: int = 1000, states: bool = False, tenant: str = ""
    ) -> list[Change]:
        """The log with its numbers; of what may not be seen there is nothing but the number."""
        found = await self.inner.changes(after, limit=limit, states=states, tenant=tenant)
        own = reader().within(tenant)
        return [one if own.shows(one.types) else _blank(one) for one in found]

    def keep_states(self, interest: Interest | None) -> None:
        """See ``Store``."""
        self.inner.keep_states(interest)

    async def forget_states(self, up_to: int, *, tenant: str = "") -> None:
        """See ``Store``."""
        await self.inner.forget_states(up_to, tenant=tenant)

    async def follow(self, after: int, *, tenant: str = "") -> AsyncIterator[Change]:
        """Changes of what may be seen, asked anew for each: rights may end while somebody listens."""
        own = reader().within(tenant)
        async for change in self.inner.follow(after, tenant=tenant):
            if own.shows(change.types):
                yield change

    async def status(self, *, tenant: str = "") -> StoreStatus:
        """See ``Store``."""
        return cast("StoreStatus", await self.inner.status(tenant=tenant))

    async def close(self) -> None:
        """See ``Store``."""
        await self.inner.close()


class _GatedDocuments(GatedStore):
    async def document(
        self, entity_id: str, terms: Terms, form: DocumentForm, *, tenant: str = ""
    ) -> bytes | None:
        if reader() is not EVERYTHING and await self.get(entity_id, tenant=tenant) is None:
            return None
        return cast("bytes | None", await self.inner.document(entity_id, terms, form, tenant=tenant))

    async def documents(
        self, query: Query, terms: Terms, form: DocumentForm, *, tenant: str = ""
    ) -> DocumentPage:
        return cast(
            "DocumentPage", await self.inner.documents(_narrowed(query, tenant), terms, form, tenant=tenant)
        )


class _GatedPatches(GatedStore):
    async def patches(self, query: Query, terms: Terms, *, tenant: str = "") -> Patchwork | None:
        narrowed = _narrowed(query, tenant)
        return cast("Patchwork | None", await self.inner.patches(narrowed, terms, tenant=tenant))


class _GatedProfiling(GatedStore):
    async def profiles(self, *, tenant: str = "") -> Sequence[Profile]:
        own = reader().within(tenant)
        return [one for one in await self.inner.profiles(tenant=tenant) if own.shows(one.types)]


class _GatedRetracting(GatedStore):
    async def retract(self, retraction: Retraction, *, tenant: str = "", cause: str = "") -> int:
        return cast("int", await self.inner.retract(retraction, tenant=tenant, cause=cause))


class _GatedTrimming(GatedStore):
    async def trim(self, types: Sequence[str], before: datetime, *, tenant: str = "", cause: str = "") -> int:
        return cast("int", await self.inner.trim(types, before, tenant=tenant, cause=cause))


class _GatedDropping(GatedStore):
    async def drop(self, tenant: str) -> None:
        await self.inner.drop(tenant)


class _GatedDumping(GatedStore):
    async def tenants(self) -> Sequence[str]:
        return cast("Sequence[str]", await self.inner.tenants())

    def still(self, *, tenant: str = "") -> AbstractAsyncContextManager[Still]:
        raise NotImplementedError("a dump is made of the store itself")


_PORTS: Mapping[Any, type[GatedStore]] = {
    Documents: _GatedDocuments,
    Patches: _GatedPatches,
    Profiling: _GatedProfiling,
    Retracting: _GatedRetracting,
    Trimming: _GatedTrimming,
    Dropping: _GatedDropping,
    Dumping: _GatedDumping,
}
"""What a store may offer besides, and how that is gated. What is not here, whoever is gated goes without."""


def _narrowed(query: Query, tenant: str) -> Query:
    types = reader().within(tenant).narrowed(query.types)
    return query if types is query.types else replace(query, types=types)


def _blank(change: Change) -> Change:
    return Change(change.number, datetime.fromtimestamp(0, UTC), change.kind, "", (), (), "")


def named_types(expression: Any) -> frozenset[str]:
    """The types that an expression names; those that it keeps out are not among them."""
    if isinstance(expression, TypeIs):
        return frozenset({expression.name})
    if expression is None or isinstance(expression, NoneOf):
        return frozenset()
    return frozenset().union(*map(named_types, expression.parts))
