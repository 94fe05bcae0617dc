"""Every run there is: in memory for the API, on disk for the next start, and announced to whoever follows one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path

from sympolis.domain import errors
from sympolis.domain.scenario import RunStatus
from sympolis.orchestration import files
from sympolis.orchestration.run import Run, from_builtins, interrupted, to_builtins


class RunBoard:
    """Keeps runs under ``folder``, one file each. A change of status is durable before it is announced."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now
        self._runs: dict[str, Run] = {}
        self._followers: dict[str, set[asyncio.Event]] = {}
        self._closed = False

    def open(self) -> list[Run]:
        """Read what was kept; runs that were under way are now failed and returned."""
        lost = []
        for path in sorted(self._folder.glob("run-*.json")):
            run = from_builtins(files.find_json(path))
            if run is None:
                continue
            if not run.finished:
                run = interrupted(run, self._now())
                lost.append(run)
                self._keep(run)
            self._runs[run.id] = run
        return lost

    def post(self, run: Run) -> Run:
        """Take the run's new state: written if more than its progress changed, then announced."""
        before = self._runs.get(run.id)
        if before is None or before.status is not run.status:
            self._keep(run)
        self._runs[run.id] = run
        for event in self._followers.get(run.id, ()):
            event.set()
        return run

    def get(self, run_id: str) -> Run:
        """The run. Raises ``NotFound``."""
        try:
            return self._runs[run_id]
        except KeyError:
            raise errors.NotFound(f"there is no run {run_id}", where="run") from None

    def list_runs(self, scenario: str | None = None) -> list[Run]:
        """Newest first."""
        found = [run for run in self._runs.values() if scenario in (None, run.scenario)]
        return sorted(found, key=lambda run: (run.queued_at, run.id), reverse=True)

    def latest(self, scenario: str, *, plain: bool = False, **like: object) -> Run | None:
        """The newest finished run of a scenario whose attributes are as in ``like``, if there is one.

        ``plain``: only one of the world as it is, not one whose model was fed by another's what-if.
        """
        for run in self.list_runs(scenario):
            same = all(getattr(run, name) == value for name, value in like.items())
            itself = not plain or run.baseline in ("", run.id)
            if same and itself and run.status is RunStatus.DONE:
                return run
        return None

    def active(self) -> list[Run]:
        """Queued and running, oldest first."""
        return [run for run in reversed(self.list_runs()) if not run.finished]

    def close(self) -> None:
        """Let everyone who follows a run go, wherever the run stands."""
        self._closed = True
        for events in self._followers.values():
            for event in events:
                event.set()

    async def follow(self, run_id: str) -> AsyncIterator[Run]:
        """The run as it is now and after each change (the latest where several come at once), to its end or ours."""
        with self._following(run_id) as changed:
            while True:
                changed.clear()
                run = self.get(run_id)
                yield run
                if run.finished or self._closed:
                    return
                await changed.wait()

    @contextlib.contextmanager
    def _following(self, run_id: str) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._followers.setdefault(run_id, set()).add(event)
        try:
            yield event
        finally:
            self._followers[run_id].discard(event)
            if not self._followers[run_id]:
                del self._followers[run_id]

    def _keep(self, run: Run) -> None:
        files.write_json(self._folder / f"{run.id}.json", to_builtins(run))
