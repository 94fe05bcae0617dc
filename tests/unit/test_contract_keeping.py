"""Negotiations and transfers that ended long ago are let go, a portion at a time; what was agreed on stays."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from sympolis.dataspace.contracts import keeping
from sympolis.dataspace.contracts.book import MemoryBook
from sympolis.dataspace.contracts.keeping import Keeping
from sympolis.dataspace.dsp.processes import Agreement, Negotiation, Transfer
from sympolis.domain import errors
from sympolis.testing.contracts import START, a_negotiation, a_transfer, a_use, an_agreement


def book() -> MemoryBook:
    found = MemoryBook()
    for number in range(1, 8):
        found.add(a_negotiation(number, state="FINALIZED"))
        found.add(a_transfer(number, state="COMPLETED"))
    found.add(a_negotiation(9))
    found.add(an_agreement())
    found.use(a_use())
    return found


def swept(found: MemoryBook, days: int, *, after: int) -> int:
    return asyncio.run(Keeping(found, days, clock=lambda: START + timedelta(days=after)).sweep())


def test_what_ended_long_ago_goes_and_what_was_agreed_on_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_AT_ONCE", 2)
    found = book()
    assert swept(found, 30, after=20) == 0
    assert swept(found, 30, after=40) == 14
    assert [one.id for one in found.page(Negotiation)] == ["urn:n:9"]
    assert found.page(Transfer) == []
    assert found.find(Agreement, "urn:a:1") is not None and len(found.uses()) == 1


def test_nothing_goes_where_everything_is_kept() -> None:
    assert swept(book(), 0, after=40_000) == 0


def test_it_is_looked_again_until_the_twin_stops() -> None:
    class Failing(MemoryBook):
        looks = 0

        async def durable(self) -> None:
            self.looks += 1
            raise errors.StoreUnavailable("the disk is full", where="contracts")

    async def work() -> int:
        found, stopped = Failing(), asyncio.Event()
        for number in range(1, 4):
            found.add(a_negotiation(number, state="TERMINATED"))
        at_work = Keeping(found, 1, clock=lambda: START + timedelta(days=9), most=2)
        task = asyncio.create_task(at_work.run(stopped, every_s=0.0))
        while not found.looks:
            await asyncio.sleep(0)
        stopped.set()
        await task
        return found.looks

    assert asyncio.run(work()) >= 1
