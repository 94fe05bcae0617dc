"""A circuit breaker: who failed three times is left alone for a while, then tried once.

A partner that stalls must cost a search across cities its time-out a few times, not with every search.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sympolis.domain import errors

FAILURES: Final = 3
FIRST_PAUSE_S: Final = 15.0
LONGEST_PAUSE_S: Final = 600.0


class Breaker:
    """Closed: calls pass. Open: they are refused at once. Half-open: one passes, and decides."""

    def __init__(self, who: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._who = who
        self._monotonic = monotonic
        self._failures = 0
        self._pause_s = 0.0
        self._open_until = 0.0
        self._trying = False

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``."""
        if self._failures < FAILURES:
            return "closed"
        return "open" if self._monotonic() < self._open_until else "half-open"

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Around one call: counts how it went. Raises ``SourceFailed`` where it is open.

        An answer that says no (``Forbidden``) is an answer: its sender is well.
        """
        trial = self._enter()
        try:
            yield
        except errors.SourceFailed:
            self._failed()
            raise
        except errors.Forbidden:
            self._well()
            raise
        else:
            self._well()
        finally:
            if trial:
                self._trying = False

    def reset(self) -> None:
        """Forget what went wrong: somebody says that it is mended."""
        self._well()

    def _enter(self) -> bool:
        """Whether this call is the trial of a half-open breaker."""
        state = self.state
        if state == "closed":
            return False
        if state == "open" or self._trying:
            wait = max(0.0, self._open_until - self._monotonic())
            raise errors.SourceFailed(
                f"failed {self._failures} times and is left alone for {wait:.0f} more seconds",
                where=self._who,
            )
        self._trying = True
        return True

    def _well(self) -> None:
        self._failures, self._pause_s, self._open_until = 0, 0.0, 0.0

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES:
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2 or FIRST_PAUSE_S)
            self._open_until = self._monotonic() + self._pause_s
