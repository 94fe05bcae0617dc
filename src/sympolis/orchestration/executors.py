"""Which executor does the work: chosen by its settings, loaded only when it is chosen."""

from __future__ import annotations

from pathlib import Path

from sympolis.orchestration.workers import PROCESSES, Executor, PoolSettings, WorkerPool


def executor(settings: PoolSettings, folder: Path) -> Executor:
    """The executor that ``settings.executor`` names; ``folder`` is for logs and for requests to stop."""
    if settings.executor == PROCESSES:
        return WorkerPool(folder / "logs", settings)
    from sympolis.orchestration.dask_pool import DaskPool

    return DaskPool(settings.executor, folder / "stopping", settings)
