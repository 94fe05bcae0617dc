"""How often somebody may try: failed attempts by name and by address, forgotten after a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from sympolis.domain import errors

_MOST = 10
_WINDOW_S = 300.0
_MOST_KEPT = 10_000


class Attempts:
    """Counts failures; more than ten within five minutes, by one name or from one address, have to wait."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, *names: str) -> None:
        """Raise ``TooManyAttempts`` where any of these has failed too often."""
        if any(len(self._recent(name)) >= _MOST for name in names):
            raise errors.TooManyAttempts("too many attempts failed", hint="wait five minutes")

    def failed(self, *names: str) -> None:
        """Count a failure."""
        now = self._monotonic()
        for name in names:
            self._failed[name] = [*self._recent(name), now][-_MOST:]
            self._failed.move_to_end(name)
        while len(self._failed) > _MOST_KEPT:
            self._failed.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name; those of an address stay, or whoever has one account could try others."""
        self._failed.pop(name, None)

    def _recent(self, name: str) -> list[float]:
        since = self._monotonic() - _WINDOW_S
        return [at for at in self._failed.get(name, ()) if at > since]
