"""What waits too long is ended, what does not is left alone, and one timer serves all."""

from __future__ import annotations

import asyncio

import pytest

from sympolis.api.deadlines import Deadlines


def test_what_never_waits_is_not_timed() -> None:
    async def work() -> str:
        return "done"

    coroutine = Deadlines().within(1, work())
    with pytest.raises(StopIteration, match="done"):  # no event loop is running: nobody looked at the clock
        coroutine.send(None)


def test_what_waits_too_long_is_cancelled_and_told_so() -> None:
    async def check() -> None:
        deadlines, ended = Deadlines(), []

        async def work(name: str) -> str:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)
            return name

        late = asyncio.ensure_future(deadlines.within(60, work("late")))
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):  # a nearer end than that of the one before
            await deadlines.within(0.001, work("soon"))
        assert ended == ["soon"] and not late.done()
        task = asyncio.current_task()
        assert task is not None and task.cancelling() == 0
        late.cancel()
        with pytest.raises(asyncio.CancelledError):  # not a timeout: somebody else ended it
            await late
        with pytest.raises(TimeoutError):  # the timer of those that ended does not stand in the way
            await deadlines.within(0.001, work("again"))

    asyncio.run(check())


def test_results_and_errors_come_through() -> None:
    async def check() -> None:
        deadlines = Deadlines()
        gate: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def work() -> int:
            return await gate + 1

        async def failing() -> None:
            await asyncio.sleep(0)
            raise ValueError("ours")

        waiting = asyncio.ensure_future(deadlines.within(60, work()))
        await asyncio.sleep(0)
        gate.set_result(41)
        assert await waiting == 42
        for seconds in (0, 60):
            with pytest.raises(ValueError, match="ours"):
                await deadlines.within(seconds, failing())

    asyncio.run(check())


def test_what_finishes_after_all_is_not_left_half_cancelled() -> None:
    async def check() -> None:
        async def stubborn() -> str:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return "saved"
            return ""

        assert await Deadlines().within(0.001, stubborn()) == "saved"
        task = asyncio.current_task()
        assert task is not None and task.cancelling() == 0

    asyncio.run(check())
