"""The child of ``test_killed``: writes batches, or is in the middle of a migration, until it is killed."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import apsw

from sympolis.context import merge
from sympolis.context.store import Write
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores import sql
from sympolis.stores.embedded import EmbeddedStore

SIZE = 25
VALUE = "https://example.org/value"


def entity(number: int, value: int) -> Entity:
    """One of a batch; all of a batch have the same value."""
    return Entity(
        f"urn:batch:{number}",
        ("https://example.org/T",),
        {VALUE: (Attribute(AttributeKind.PROPERTY, value),)},
    )


def say(words: str) -> None:
    """Tell the parent."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


async def write_batches(folder: Path) -> None:
    """Batch after batch, for ever; the number of each is said when it is acknowledged."""
    store = EmbeddedStore.open(folder)
    value = max([0, *[one.value(VALUE) for one in [await store.get("urn:batch:0")] if one is not None]])
    while True:
        value += 1
        batch = [entity(number, value) for number in range(SIZE)]
        await store.write([Write(one.id, merge.upsert_replace(one)) for one in batch])
        say(str(value))


def migrate(folder: Path) -> None:
    """Open the store with one migration more than there is, and stop inside of it."""

    def stop(*_: Any) -> None:
        say("inside")
        time.sleep(3600)

    def with_stop(connection: apsw.Connection) -> None:
        connection.create_scalar_function("stop_here", stop, 0)

    known = sql.migrations

    def one_more(package: str) -> Any:
        scripts = list(known(package))
        script = (
            "CREATE TABLE half (x); UPDATE entity SET body = x'00'; DELETE FROM subject; SELECT stop_here();"
        )
        return [*scripts, (scripts[-1][0] + 1, script)]

    apsw.connection_hooks.append(with_stop)
    sql.migrations = one_more
    EmbeddedStore.open(folder)


if __name__ == "__main__":
    if sys.argv[1] == "batches":
        asyncio.run(write_batches(Path(sys.argv[2])))
    else:
        migrate(Path(sys.argv[2]))
