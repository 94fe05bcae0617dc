"""Clocks that tests set, so that nothing depends on when it runs."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class SteppingClock:
    """A clock that starts where it is told and moves on by ``step`` each time it is read. Safe between threads."""

    def __init__(
        self,
        start: datetime = datetime(2024, 5, 8, 6, 0, tzinfo=UTC),
        step: timedelta = timedelta(seconds=1),
    ) -> None:
        self._next = start
        self._step = step
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            now = self._next
            self._next += self._step
            return now
