"""The port behind which every store stands: memory, embedded (SQLite), PostgreSQL.

Small on purpose. NGSI-LD's merge rules are pure functions from an entity's present state to its next one
(``context.merge``); a store only has to read, call them, and write the result with its history and its place in the
change log as one durable transaction. The contract suite ships in ``sympolis.testing``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from sympolis.context.profiles import Profile
from sympolis.context.query import Aggregation, HistoryQuery, Query
from sympolis.domain.changes import Change, Observation, Outcome, TimeKind
from sympolis.domain.entity import AttributeKind, Entity
from sympolis.domain.records import Record

Decision = Callable[[Entity | None, datetime], Entity | None]
"""From (state before, time of acceptance) to the state after: the same object = nothing changes, None = delete.

Pure and quick: it runs inside the writer. It refuses by raising a ``SympolisError``, which reaches the caller in
that write's ``Outcome`` and undoes nothing else.
"""


@runtime_checkable
class Telling(Protocol):
    """A ``Decision`` that knows what it did, so that nobody need compare the states again."""

    changed: Sequence[str] | None
    """What ``effects.changed_names`` finds in the states of the last call; None: it has not looked."""


Interest = Callable[[str, Change], bool]
"""Whether anyone wants the states around a tenant's change. The change has them.

Quick, and callable in the writer's thread."""


class Write(Record, frozen=True):
    """One entity to change, and the rule that says how."""

    entity_id: str
    decide: Decision
    recorded: bool = True
    """Whether it adds to the history; False where the history comes on its own (a dump that is restored)."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the entities a query selects, ordered by id, and their total number where it was asked for."""

    entities: tuple[Entity, ...]
    total: int | None = None


class Bucket(Record, frozen=True):
    """One period of an aggregated series: [start, end) and the figure for each method."""

    start: datetime
    end: datetime
    figures: Mapping[Aggregation, float | int | str | None]


class Series(Record, frozen=True):
    """One attribute's history: its observations in time order, or its buckets where aggregation was asked for.

    ``kind`` is that of the newest instance found; ``types`` are those that the entity had when it was last written.
    """

    entity_id: str
    types: tuple[str, ...]
    name: str
    dataset_id: str | None
    observations: tuple[Observation, ...] = ()
    buckets: Sequence[Bucket] = ()
    kind: AttributeKind = AttributeKind.PROPERTY


class History(Record, frozen=True):
    """The series found, grouped by entity id, then name, then dataset.

    ``complete`` is False where ``max_instances`` cut them.
    """

    series: tuple[Series, ...]
    total: int | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """How a store is: for /health and the management page."""

    kind: str
    position: int
    """The newest change number of the tenant."""
    entities: int
    observations: int
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retraction:
    """Points of an entity's history to delete: all of them, those of an attribute, of one series, or a single one.

    ``every`` means all datasets of ``name``; otherwise ``dataset_id`` says which (None: the default one). ``at`` is the
    time of kind ``time`` of a single one.
    """

    entity_id: str
    name: str | None = None
    dataset_id: str | None = None
    every: bool = False
    at: datetime | None = None
    time: TimeKind = TimeKind.OBSERVED


class Store(Protocol):
    """Keeps entities, their history and the change log, per tenant ('' is the default tenant).

    An ``await`` on a write returns only when what it acknowledges is durable. Every method raises
    ``StoreUnavailable`` after ``close``.
    """

    async def write(self, writes: Sequence[Write], *, tenant: str = "", cause: str = "") -> list[Outcome]:
        """Apply the writes in order as one transaction; one Outcome each, in order.

        An attribute instance that is new or changed also joins the history, and so does that one was deleted, and
        the scope (``context.effects.history_of``).
        """
        ...

    async def observe(self, observations: Sequence[Observation], *, tenant: str = "", cause: str = "") -> int:
        """Add points to the history (idempotent per entity, name, dataset and time: the newest wins).

        A point keeps the ``created_at`` it comes with; one that replaces another takes over that one's.
        The entity's current value is left alone; returns how many points were new or different.
        """
        ...

    async def get(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """The entity, if there is one."""
        ...

    async def query(self, query: Query, *, tenant: str = "") -> Page:
        """One page of the entities that the query selects."""
        ...

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """The selected observations or aggregates."""
        ...

    async def changes(
        self, after: int, *, limit: int = 1000, states: bool = False, tenant: str = ""
    ) -> list[Change]:
        """The next changes after this number, oldest first; with ``states`` as far as they were kept."""
        ...

    def keep_states(self, interest: Interest | None) -> None:
        """From now on, keep the states around each change that ``interest`` wants, in the change's transaction."""
        ...

    async def forget_states(self, up_to: int, *, tenant: str = "") -> None:
        """Let go of the states kept for changes up to this number."""
        ...

    def follow(self, after: int, *, tenant: str = "") -> AsyncIterator[Change]:
        """Every change after this number, then each new one as it is accepted; ends when the store closes."""
        ...

    async def status(self, *, tenant: str = "") -> StoreStatus:
        """Counts and position."""
        ...

    async def close(self) -> None:
        """Finish what was acknowledged and let go of the files."""
        ...


@runtime_checkable
class Profiling(Protocol):
    """A store that can tell what kinds of entities it holds without reading them."""

    async def profiles(self, *, tenant: str = "") -> Sequence[Profile]:
        """The profiles of all entities that are there, in no order."""
        ...


@runtime_checkable
class Retracting(Protocol):
    """A store that can take points of the history back."""

    async def retract(self, retraction: Retraction, *, tenant: str = "", cause: str = "") -> int:
        """Delete the points; one change for the entity where there were any. Returns how many there were."""
        ...


@runtime_checkable
class Trimming(Protocol):
    """A store that can let go of what was observed long ago."""

    async def trim(self, types: Sequence[str], before: datetime, *, tenant: str = "", cause: str = "") -> int:
        """Delete what was observed (``observedAt``) before a time of entities that have one of these types.

        In portions, between which others read and write: who reads meanwhile may find a part of it. Changes are logged
        for the entities concerned; their present state is left alone. Returns how many observations there were.
        """
        ...


@runtime_checkable
class Dropping(Protocol):
    """A store that can let go of a tenant as a whole."""

    async def drop(self, tenant: str) -> None:
        """Forget the tenant with its entities, its history and its change log; nothing where there is none.

        Not the default tenant: that one is always there.
        """
        ...
