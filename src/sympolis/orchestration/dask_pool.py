"""The same tasks on a Dask cluster: more cores than one machine has, by one setting, with the same results.

``executor = "dask"`` starts a local cluster of single-threaded worker processes; ``executor = "tcp://host:8786"``
uses a scheduler that runs already, whose workers have Sympolis and the model's engine installed and see the twin's
data folder under the same path: inputs and results are files there. A member belongs to its seed, not to the process
that computes it, so the results are those of the process pool to the last bit. A worker that dies takes nothing along:
Dask gives its task to another, and only a task that has cost several workers their life is given up.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from sympolis.domain import errors
from sympolis.orchestration.worker import REPORT_EVERY_S, Hands, cpu_seconds
from sympolis.orchestration.workers import Answer, PoolSettings, Progress, judged

LOCAL = "dask"
_LOCAL: Mapping[str, Any] = {
    "threads_per_worker": 1,
    "processes": True,
    "asynchronous": True,
    "host": "127.0.0.1",
    "dashboard_address": "127.0.0.1:0",
}
_QUIET: Mapping[str, Any] = {
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "2s",
    "distributed.worker.profile.enabled": False,
}
"""How often a cluster started here looks at itself: Dask's own 20 ms cost the twin a tenth of a core at rest."""
_PATIENT: Mapping[str, Any] = {"distributed.deploy.lost-worker-timeout": "1d"}
"""A worker that died is started anew by its nanny. The cluster would drop both for good where the worker is not back
after 15 s: on a busy machine, or where one task kills it several times, none would be left, and the rest wait for ever.
"""
PROGRESS = "sympolis-progress"
"""The topic that workers tell their progress under."""


class DaskPool:
    """Runs tasks on a Dask cluster. ``folder`` is where requests to stop are left: every worker must see it."""

    connect_s: ClassVar[float] = 10.0
    """Seconds to wait for a scheduler to answer."""

    def __init__(self, address: str, folder: Path, settings: PoolSettings | None = None) -> None:
        self.settings = settings or PoolSettings()
        self._address = address
        self._folder = folder
        self._numbers = itertools.count(1)
        self._name = secrets.token_hex(4)
        self._connecting = asyncio.Lock()
        self._client: Any = None
        self._cluster: Any = None
        self._listeners: dict[str, Progress] = {}
        self._active = 0
        self._closed = False

    @property
    def processes(self) -> int:
        """How many worker processes the cluster has, as far as is known here."""
        if self._cluster is not None:
            return len(self._cluster.workers)
        return len(self._client.scheduler_info(n_workers=-1)["workers"]) if self._client else 0

    async def run(
        self, task: Mapping[str, Any], *, priority: int = 0, progress: Progress | None = None
    ) -> Answer:
        """Do one task; lower ``priority`` goes first. Raises as ``WorkerPool.run`` does."""
        if self._active >= self.settings.queue:
            hint = "wait for running work to finish, or cancel some"
            raise errors.Conflict(f"{self._active} tasks are waiting already", hint=hint)
        self._active += 1
        try:
            return await self._submitted(await self._connected(), task, priority, progress)
        finally:
            self._active -= 1

    async def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self._closed = True
        if self._client is not None:
            await self._client.close()
        if self._cluster is not None:
            await self._cluster.close()

    async def _submitted(
        self, client: Any, task: Mapping[str, Any], priority: int, progress: Progress | None
    ) -> Answer:
        name = f"{self._name}-{next(self._numbers)}"
        stop = self._folder / f"{name}.stop"
        if progress is not None:
            self._listeners[name] = progress
        content = msgspec.msgpack.encode(task)
        future = client.submit(
            work, content, name, str(stop), key=f"sympolis-{name}", pure=False, priority=-priority
        )
        try:
            return judged(await future)
        except asyncio.CancelledError:
            await self._stop(future, stop)
            raise
        except errors.SympolisError:
            raise
        except Exception as cause:  # whatever Dask says of a task it had to give up
            text = f"the cluster gave the task up ({type(cause).__name__}: {str(cause)[:300]})"
            raise errors.ModelFailed(text, where=self._address, hint="see the workers' logs") from cause
        finally:
            self._listeners.pop(name, None)
            stop.unlink(missing_ok=True)

    async def _stop(self, future: Any, stop: Path) -> None:
        """Ask the model to stop, and wait a little: what waits is forgotten, what runs looks for the file."""
        await asyncio.to_thread(_touch, stop)
        with suppress(Exception):
            await asyncio.wait_for(asyncio.shield(future), self.settings.grace_s)
        with suppress(Exception):
            await future.cancel()

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._closed:
                raise errors.ModelFailed("the worker pool is closed")
            if self._client is None:
                self._client = await self._connect()
                self._client.subscribe_topic(PROGRESS, self._hear)
            return self._client

    async def _connect(self) -> Any:
        try:
            import dask
            import distributed
        except ImportError as cause:
            hint = "install the extra dask: pip install sympolis[dask]"
            raise errors.SettingsInvalid("Dask is not installed", where="executor", hint=hint) from cause
        cluster: Any = distributed.LocalCluster
        join: Any = functools.partial(distributed.Client, asynchronous=True, timeout=self.connect_s)
        try:
            if self._address == LOCAL:
                dask.config.set(_PATIENT)  # read whenever a worker is lost, so it has to stay set
                with dask.config.set(_QUIET):
                    self._cluster = await cluster(**_LOCAL, n_workers=self.settings.workers)
            return await join(self._cluster or self._address, set_as_default=False)
        except (OSError, TimeoutError) as cause:
            text = f"no Dask cluster answers: {cause}"
            hint = "is the scheduler running, and reachable from here?"
            raise errors.ModelFailed(text, where=self._address, hint=hint) from cause

    def _hear(self, event: tuple[float, Any]) -> None:
        name, share, text = event[1]
        if name in self._listeners:
            self._listeners[name](share, text)


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


# --- in the worker ----------------------------------------------------------------------------------------------------


@functools.cache
def _hands() -> Hands:
    """One per worker process: simulators are made once."""
    return Hands()


def work(content: bytes, name: str, stop: str) -> Mapping[str, Any]:
    """Do one encoded task where Dask put it. A reason not to is an answer: it must not be tried elsewhere."""
    before = cpu_seconds()
    result = _hands().do(msgspec.msgpack.decode(content), _reporter(name, Path(stop)))
    return {"cost_cpu_s": cpu_seconds() - before, **msgspec.to_builtins(result)}


def _reporter(name: str, stop: Path) -> Progress:
    from distributed import get_worker

    worker, reported, said = get_worker(), 0.0, ""

    def report(share: float, text: str) -> None:
        nonlocal reported, said
        now = time.monotonic()
        if text == said and now - reported < REPORT_EVERY_S:
            return
        if os.path.exists(stop):  # noqa: PTH110 - ten times a second, on a network drive perhaps
            raise errors.Cancelled("the run was cancelled")
        reported, said = now, text
        worker.log_event(PROGRESS, [name, min(max(share, 0.0), 1.0), text])

    return report
