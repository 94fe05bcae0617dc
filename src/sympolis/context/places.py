"""Where in the store a request works: a tenant, a snapshot, or what the broker keeps for itself.

To a store all three are tenants. Names that begin with an underscore cannot be given by clients (clause 6.3.14), so
nothing that is kept under one can be reached, changed or guessed from outside.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from sympolis.context import merge
from sympolis.context.query import Query
from sympolis.context.store import Dropping, Retracting, Retraction, Store, Write
from sympolis.domain.errors import NonexistentTenant

_INTERNAL: Final = "_"
_AT_ONCE: Final = 1000

SHELF: Final = "_shelf"
"""Where the broker keeps what it must remember: ends of transient entities, snapshots."""


def snapshot_place(tenant: str, snapshot_id: str) -> str:
    """Where the entities of a tenant's snapshot are (clause 5.5.15)."""
    digest = hashlib.blake2b(f"{tenant}\0{snapshot_id}".encode(), digest_size=16).hexdigest()
    return f"{_INTERNAL}snapshot-{digest}"


def is_internal(place: str) -> bool:
    """Whether no client can name this place."""
    return place.startswith(_INTERNAL)


async def exists(store: Store, place: str) -> bool:
    """Whether anything was ever kept at this place."""
    try:
        await store.get("urn:sympolis:nothing", tenant=place)
    except NonexistentTenant:
        return False
    return True


async def found_place(store: Store, place: str) -> None:
    """See that the place exists."""
    await store.observe((), tenant=place)


async def clear(store: Store, place: str) -> None:
    """Let go of everything at a place; nothing happens where there is none."""
    if isinstance(store, Dropping):
        await store.drop(place)
    elif await exists(store, place):
        await _empty(store, place)


async def _empty(store: Store, place: str) -> None:
    """Entity by entity, for stores that cannot drop a place as a whole."""
    everything = Query(limit=_AT_ONCE)
    while entities := (await store.query(everything, tenant=place)).entities:
        for entity in entities:
            if isinstance(store, Retracting):
                await store.retract(Retraction(entity.id), tenant=place)
        writes = [replace(Write(entity.id, merge.delete), recorded=False) for entity in entities]
        await store.write(writes, tenant=place)


# --- the way back

_SNAPSHOTS: dict[str, tuple[str, str]] = {}
"""Whose snapshot is at which place. A place's name cannot be turned back, so who opens a snapshot says so here."""


def remember(place: str, tenant: str, snapshot_id: str) -> None:
    """Know which snapshot of which tenant is at this place."""
    _SNAPSHOTS[place] = (tenant, snapshot_id)


def address_of(place: str) -> tuple[tuple[str, str], ...]:
    """The headers by which clients name a place (clauses 6.3.14 and 6.3.22)."""
    tenant, snapshot_id = _SNAPSHOTS.get(place, ("" if is_internal(place) else place, ""))
    named = (("NGSILD-Tenant", tenant), ("NGSILD-Snapshot", snapshot_id))
    return tuple((name, value) for name, value in named if value)
