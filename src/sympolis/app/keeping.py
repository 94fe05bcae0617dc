"""What is done to a store from outside now and then, while no server has it or beside one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sympolis.app.lock import Lock
from sympolis.app.moving import broker_folder, is_broker
from sympolis.app.twin import data_folder
from sympolis.domain import errors
from sympolis.settings import POSTGRESQL, Settings
from sympolis.stores.embedded import EmbeddedStore


async def archive_history(
    settings: Settings, before: datetime, *, city_named: bool = False
) -> list[dict[str, Any]]:
    """Archive every month that ended before a time, in each tenant of an embedded store; what was moved.

    Raises ``Conflict`` where the store is no embedded one, ``StoreUnavailable`` where a server has it open.
    """
    if settings.store != "embedded":
        raise errors.Conflict("only an embedded store has an archive of files", where="store")
    alone = not city_named and is_broker(settings)
    folder = broker_folder(settings) if alone else data_folder(settings)
    if not (folder / "store").exists():
        raise errors.NotFound("there is no store here", where=str(folder), hint="name it with --data")
    lock = Lock(folder)
    lock.acquire()
    try:
        store = EmbeddedStore.open(folder / "store")
        try:
            return [await _archived(store, tenant, before) for tenant in await store.tenants()]
        finally:
            await store.close()
    finally:
        lock.release()


async def _archived(store: EmbeddedStore, tenant: str, before: datetime) -> dict[str, Any]:
    rolled = await store.roll(before, tenant=tenant)
    return {"tenant": tenant, "months": list(rolled.months), "points": rolled.points}


async def finish_upgrade(settings: Settings) -> int:
    """Run the migrations that wait until no older version is at work (PostgreSQL); how many there were.

    Raises ``SettingsInvalid`` for another store.
    """
    if not settings.store.startswith(POSTGRESQL):
        raise errors.SettingsInvalid(
            "an upgrade is finished on PostgreSQL only: other stores are upgraded when they are opened",
            where="store",
            hint=f"name the database with --store {POSTGRESQL}…",
        )
    try:
        from sympolis.stores.postgres import finish_upgrade as finish
    except ImportError as problem:
        raise errors.SettingsInvalid(
            "the driver for PostgreSQL is not installed",
            where="store",
            hint="pip install 'sympolis[postgres]'",
        ) from problem
    return await finish(settings.store)
