"""Bringing the schema up to date, with servers of two versions running side by side.

``migrations/pre`` only adds (tables, nullable columns, indexes): it runs when a newer Sympolis first opens the
store, while older ones may still be at work. ``migrations/post`` cleans up what only older ones needed:
``finish_upgrade`` runs it when the last of them has stopped. ``post/0007`` belongs to ``pre/0007``. Every
script runs in one transaction with its entry in ``schema_version``: killed half-way, it has not happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import resources
from typing import Final

import asyncpg

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores import sql
from sympolis.stores.postgres import troubles
from sympolis.stores.postgres.address import Address, parse
from sympolis.stores.postgres.server import Connection, connect_once, examine

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
PHASES: Final = ("pre", "post")

Scripts = Mapping[str, Sequence[tuple[int, str]]]
"""By phase: (number, script), in order."""


def scripts() -> Scripts:
    """The migrations of this version."""
    return {phase: _scripts(phase) for phase in PHASES}


def _scripts(phase: str) -> list[tuple[int, str]]:
    folder = resources.files("sympolis.stores.postgres").joinpath("migrations", phase)
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")] if folder.is_dir() else []
    return sorted((int(entry.name.split("_")[0]), entry.read_text("utf-8")) for entry in found)


async def prepare(connection: Connection, address: Address, known: Scripts | None = None) -> None:
    """Make the schema if there is none and run the ``pre`` migrations it has not seen.

    Raises ``StoreUnavailable`` where a newer Sympolis has cleaned up what this one needs, or where migrations
    wait and ``migrate=no``.
    """
    known = known or scripts()
    with suppress(asyncpg.PostgresError):  # not every server's system can tell
        await connection.execute(_SQL["notice_the_end"])
    if address.migrate and not await connection.fetchval(_SQL["has_schema"], address.schema):
        with suppress(
            asyncpg.UniqueViolationError, asyncpg.DuplicateSchemaError
        ):  # another process was quicker
            await connection.execute(f'CREATE SCHEMA "{address.schema}"')
    await _run(connection, address, known, ["pre"] if address.migrate else [])


async def finish_upgrade(url: str) -> int:
    """Run what cleans up after older versions; how many scripts. Only when none of them is at work any more."""
    address = parse(url)
    connection = await connect_once(address)
    try:
        about = await examine(connection, address)
        await connection.execute("SELECT set_config('search_path', $1, false)", about.search_path)
        return await _run(connection, address, scripts(), PHASES)
    except troubles.ANY as error:
        raise troubles.translated(error, str(address), doing="migrate") from error
    finally:
        await connection.close()


async def _run(connection: Connection, address: Address, known: Scripts, phases: Sequence[str]) -> int:
    done = 0
    while await _next(connection, address, known, phases):
        done += 1
    return done


async def _next(connection: Connection, address: Address, known: Scripts, phases: Sequence[str]) -> bool:
    """Run one migration in a transaction of its own; False where none is left."""
    async with connection.transaction():
        await connection.execute(_SQL["lock_schema"])
        await connection.execute(_SQL["create_schema_version"])
        applied = {
            (row["phase"], row["number"]) for row in await connection.fetch(_SQL["applied_migrations"])
        }
        _check(applied, known, address, phases)
        for phase in phases:
            for number, script in known[phase]:
                if (phase, number) not in applied:
                    await connection.execute(script)
                    await connection.execute(_SQL["add_migration"], phase, number)
                    return True
    return False


def _check(applied: set[tuple[str, int]], known: Scripts, address: Address, phases: Sequence[str]) -> None:
    newest = max((number for number, _ in known["pre"]), default=0)
    cleaned = max((number for phase, number in applied if phase == "post"), default=0)
    if cleaned > newest:
        raise StoreUnavailable(
            f"this database has schema {cleaned}, this Sympolis knows up to {newest}",
            where=str(address),
            hint="start the newer Sympolis that upgraded it",
        )
    waiting = [number for number, _ in known["pre"] if ("pre", number) not in applied]
    if waiting and not phases:
        raise StoreUnavailable(
            f"migrations wait to be run, from {waiting[0]} on",
            where=str(address),
            hint="open it once without migrate=no",
        )
