"""The pool of worker processes: a few, started when there is work, gone when there is none.

A model runs in a process of its own because its engine may be slow, large, or crash. A crash ends one task with
``ModelFailed``; the pool starts a fresh process for the next. Tasks wait in a bounded queue, interactive ones before
thorough ones.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

from sympolis.domain import errors
from sympolis.orchestration.worker import LENGTH, MEMORY_LIMIT

Progress = Callable[[float, str], None]

_SINGLE_THREADED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Some engines iterate over sets of names: the same seed must give the same order in every process.
    "PYTHONHASHSEED": "0",
}
PROCESSES = "processes"
_LOG_TAIL = 600
_KEPT_LOGS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What a task gave and the CPU seconds it took."""

    result: Any
    cost_cpu_s: float


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Who does the work, in how many processes, how long they may idle or take to stop, how many tasks may wait.

    ``executor``: ``processes``, ``dask`` or the address of a Dask scheduler. ``memory_mb`` is the most that one process
    may hold (0: no limit); beyond it only the model fails.
    """

    executor: str = "processes"
    workers: int = 2
    memory_mb: int = 4096
    idle_s: float = 60.0
    grace_s: float = 5.0
    queue: int = 2000


class Executor(Protocol):
    """Whoever does tasks: the process pool below, or a Dask cluster (``dask_pool``), chosen by one setting."""

    settings: PoolSettings

    @property
    def processes(self) -> int:
        """How many worker processes there are now."""
        ...

    async def run(
        self, task: Mapping[str, Any], *, priority: int = 0, progress: Progress | None = None
    ) -> Answer:
        """Do one task; see ``WorkerPool.run``."""
        ...

    async def close(self) -> None:
        """Stop; tasks still running fail."""
        ...


class WorkerPool:
    """Runs tasks for simulators in worker processes. ``logs`` is the folder for what engines print."""

    def __init__(self, logs: Path, settings: PoolSettings | None = None) -> None:
        self.settings = settings or PoolSettings()
        self._logs = logs
        self._idle: list[_Process] = []
        self._working: set[_Process] = set()
        self._places = self.settings.workers
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._retiring: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def processes(self) -> int:
        """How many worker processes are alive now."""
        return len(self._idle) + len(self._working)

    async def run(
        self, task: Mapping[str, Any], *, priority: int = 0, progress: Progress | None = None
    ) -> Answer:
        """Do one task; lower ``priority`` goes first.

        Cancelling the awaiting asyncio task stops the work. Raises what the simulator raised (``OverrideRefused``,
        ``ModelFailed``), ``ModelFailed`` if its process died, ``Conflict`` if the queue is full.
        """
        await self._take_place(priority)
        process: _Process | None = None
        try:
            process = await self._process()
            return await process.do(task, progress, self.settings.grace_s)
        finally:
            if process is not None:
                self._working.discard(process)
                self._rest(process)
            self._give_place()

    async def close(self) -> None:
        """Stop every process and wait for its end; tasks still running fail."""
        self._closed = True
        for _, _, waiter in self._waiting:
            waiter.cancel()
        everyone = [*self._idle, *self._working]
        self._idle.clear()
        await asyncio.gather(*(process.stop() for process in everyone), *self._retiring)

    async def _take_place(self, priority: int) -> None:
        if self._closed:
            raise errors.ModelFailed("the worker pool is closed")
        if self._places > 0:
            self._places -= 1
            return
        if len(self._waiting) >= self.settings.queue:
            hint = "wait for running work to finish, or cancel some"
            raise errors.Conflict(f"{len(self._waiting)} tasks are waiting already", hint=hint)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._order), waiter))
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._give_place()
            raise

    def _give_place(self) -> None:
        while self._waiting:
            _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done():
                waiter.set_result(None)
                return
        self._places += 1

    async def _process(self) -> _Process:
        while self._idle:
            process = self._idle.pop()
            process.keep()
            if process.alive:
                self._working.add(process)
                return process
        process = await _Process.start(self._logs, self.settings.memory_mb)
        self._working.add(process)
        return process

    def _rest(self, process: _Process) -> None:
        if self._closed or not process.alive:
            return
        self._idle.append(process)
        process.after(self.settings.idle_s, lambda: self._retire(process))

    def _retire(self, process: _Process) -> None:
        if process in self._idle:
            self._idle.remove(process)
            ending = asyncio.create_task(process.stop())
            self._retiring.add(ending)
            ending.add_done_callback(self._retiring.discard)


class _Process:
    """One worker process and the conversation with it. Usable for one task at a time."""

    _numbers = itertools.count(1)

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self._tasks = itertools.count(1)
        self._timer: asyncio.TimerHandle | None = None
        self._broken = False

    @classmethod
    async def start(cls, logs: Path, memory_mb: int) -> _Process:
        log, errors_to = _open_log(logs, next(cls._numbers))
        with errors_to:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "sympolis.orchestration.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors_to,
                env={**os.environ, **_SINGLE_THREADED, MEMORY_LIMIT: str(memory_mb)},
                # A Ctrl-C in the terminal is for the server, which then stops its workers in order.
                start_new_session=True,
            )
        return cls(process, log)

    @property
    def alive(self) -> bool:
        return not self._broken and self._process.returncode is None

    async def do(self, task: Mapping[str, Any], progress: Progress | None, grace_s: float) -> Answer:
        number = next(self._tasks)
        try:
            await self._send({"id": number, **task})
            return judged(await self._answer(number, progress))
        except asyncio.CancelledError:
            await self._cancel(number, grace_s)
            raise
        except (asyncio.IncompleteReadError, ConnectionError) as cause:
            raise await self._death() from cause

    async def stop(self) -> None:
        """Close the pipe (the worker then ends) and wait; kill it if it does not."""
        self.keep()
        self._broken = True
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 2.0)
        except TimeoutError:
            await self._kill()
        self._forget_log()

    def keep(self) -> None:
        """Do not retire it after all."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    async def _send(self, message: Any) -> None:
        content = msgspec.msgpack.encode(message)
        assert self._process.stdin is not None
        self._process.stdin.write(LENGTH.pack(len(content)) + content)
        await self._process.stdin.drain()

    async def _answer(self, number: int, progress: Progress | None) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        while True:
            (length,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
            message = msgspec.msgpack.decode(await self._process.stdout.readexactly(length))
            if message["id"] != number:
                continue
            if "progress" not in message:
                return message  # type: ignore[no-any-return]
            if progress is not None:
                progress(*message["progress"])

    async def _cancel(self, number: int, grace_s: float) -> None:
        """Ask the model to stop; a model that does not listen is killed, so that its place is free again."""
        try:
            await self._send({"cancel": number})
            await asyncio.wait_for(self._answer(number, None), grace_s)
        except (TimeoutError, asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            await self._kill()

    async def _kill(self) -> None:
        self._broken = True
        with suppress(ProcessLookupError, PermissionError):
            # The whole session: an engine may be a program of its own, which would go on without its worker.
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def _death(self) -> errors.ModelFailed:
        code = await self._process.wait()
        await self._kill()  # what a dead worker leaves behind
        tail = (
            self._log.read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip() if self._log.exists() else ""
        )
        hint = f"its last words: {tail}" if tail else "run it again; the pool has recovered"
        return errors.ModelFailed(f"the model's process died ({_cause(code)})", where="worker", hint=hint)

    def _forget_log(self) -> None:
        with suppress(OSError):
            if self._log.stat().st_size == 0:
                self._log.unlink()


def _open_log(folder: Path, number: int) -> tuple[Path, BinaryIO]:
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("worker-*.log"), key=lambda path: path.stat().st_mtime)[:-_KEPT_LOGS]:
        old.unlink(missing_ok=True)
    log = folder / f"worker-{os.getpid()}-{number}.log"
    return log, log.open("wb")


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name
    return f"{name}, perhaps out of memory" if name == "SIGKILL" else name


def judged(message: Mapping[str, Any]) -> Answer:
    """What a worker said: its result, or the error it had, raised here."""
    if "error" not in message:
        return Answer(message["result"], message["cost_cpu_s"])
    kind, text, where, hint = message["error"]
    raise getattr(errors, kind, errors.ModelFailed)(text, where=where, hint=hint)
