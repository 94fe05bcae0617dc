"""How the embedded store's writer takes what it is given: by turns of the event loop, its statements at hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sympolis.context import merge
from sympolis.context.store import Write
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.embedded import files
from sympolis.stores.embedded.recorder import Recorder
from sympolis.stores.embedded.writer import Writer

AT = datetime(2026, 5, 1, tzinfo=UTC)


def wanted(*_: object) -> bool:
    """Nobody keeps states here."""
    return False


def answered(number: int, recorder: Recorder) -> int:
    """A job that writes nothing."""
    assert recorder.position == 0
    return number


def test_jobs_of_one_turn_are_one_commit(tmp_path: Path) -> None:
    commits: list[None] = []
    writer = Writer(tmp_path / "twin.sqlite", lambda: commits.append(None), wanted)

    async def give() -> list[int]:
        return list(await asyncio.gather(*(writer.do(partial(answered, n)) for n in range(20))))

    try:
        assert asyncio.run(give()) == list(range(20))
        assert len(commits) == 1
    finally:
        writer.close()


def test_what_was_given_in_the_turn_of_closing_is_done(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "twin.sqlite", lambda: None, wanted)

    async def give_and_close() -> list[int]:
        given = [asyncio.ensure_future(writer.do(partial(answered, n))) for n in range(3)]
        await asyncio.sleep(0)  # each has begun, none was handed over yet
        writer.close()
        return list(await asyncio.gather(*given))

    assert asyncio.run(give_and_close()) == [0, 1, 2]


def station(number: int, value: float) -> Entity:
    """Three attributes, one of them a place, so that every table has a row of it."""
    place = {"type": "Point", "coordinates": [11 + value / 1000, 44.5]}
    return Entity(
        f"urn:ngsi-ld:Station:{number}",
        ("urn:type",),
        {
            "urn:value": (Attribute(AttributeKind.PROPERTY, value, AT + timedelta(seconds=value)),),
            "urn:name": (Attribute(AttributeKind.PROPERTY, f"name {value}"),),
            "urn:location": (Attribute(AttributeKind.GEO_PROPERTY, place),),
        },
    )


def test_a_batch_leaves_the_statements_prepared(tmp_path: Path) -> None:
    db = files.open_writer(tmp_path / "twin.sqlite")
    recorder = Recorder(db)

    def batch(value: float) -> int:
        before = db.cache_stats()["misses"]
        writes = [Write(one.id, merge.upsert_replace(one)) for one in (station(n, value) for n in range(250))]
        with db:
            recorder.expect([one.entity_id for one in writes])
            outcomes = recorder.write(writes, AT + timedelta(seconds=value), "test")
            recorder.flush()
        assert all(one.error is None and one.change is not None for one in outcomes)
        return int(db.cache_stats()["misses"]) - before

    for value in (1.0, 2.0):
        batch(value)
    assert batch(3.0) == 0
    db.close()
