"""What is remembered of @contexts, within bounds: clients name contexts, and must not be able to fill the memory.

Copies of remote contexts are bounded in number, bytes and age; a copy that cannot be renewed serves on, because a
city's data must stay readable while somebody else's web server is down.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is kept of contexts, and for how long. Bytes are those of the documents, not of what they become."""

    most_copies: int = 128
    most_bytes: int = 32 * 1024 * 1024
    age_s: float = 86_400.0
    """After so many seconds a remote context is fetched again when it is next used."""
    retry_s: float = 60.0
    """After a renewal that failed, the next is tried so many seconds later."""
    timeout_s: float = 5.0
    """How long one request may wait for all the contexts that it names."""
    most_resolved: int = 128
    resolved_weight: int = 32 * 1024 * 1024


class Remembered(Generic[K, V]):
    """The most recently used entries, bounded in number and in the sum of their weights."""

    def __init__(self, most: int, most_weight: int) -> None:
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._most = most
        self._most_weight = most_weight
        self.weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The entry, which is now the youngest."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int) -> list[K]:
        """Keep an entry; the keys of those that had to make room, its own where it alone is too heavy."""
        self.drop(key)
        self._entries[key] = (value, weight)
        self.weight += weight
        dropped = []
        while len(self._entries) > self._most or self.weight > self._most_weight:
            oldest, (_, lighter) = self._entries.popitem(last=False)
            self.weight -= lighter
            dropped.append(oldest)
        return dropped

    def drop(self, key: K) -> None:
        """Forget an entry."""
        _, weight = self._entries.pop(key, (None, 0))
        self.weight -= weight

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.weight = 0

    def items(self) -> list[tuple[K, V]]:
        """All entries, the oldest first."""
        return [(key, value) for key, (value, _) in self._entries.items()]


@dataclass(slots=True)
class _Copy:
    document: Any
    renew_at: float


class Copies:
    """Copies of remote contexts by URL. ``clock`` gives seconds that only grow."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds
        self._clock = clock
        self._kept: Remembered[str, _Copy] = Remembered(bounds.most_copies, bounds.most_bytes)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes(self) -> int:
        """The bytes of the documents that are kept."""
        return self._kept.weight

    def get(self, url: str) -> Any:
        """The document; None where there is no copy."""
        found = self._kept.get(url)
        return None if found is None else found.document

    def put(self, url: str, document: Any, size: int) -> list[str]:
        """Keep a fresh copy of so many bytes; the URLs whose copies made room for it."""
        return self._kept.put(url, _Copy(document, self._clock() + self._bounds.age_s), size)

    def is_old(self, url: str) -> bool:
        """Whether it is time to renew the copy."""
        found = self._kept.get(url)
        return found is not None and self._clock() >= found.renew_at

    def postpone(self, url: str) -> None:
        """Renew it later: it could not be had now."""
        found = self._kept.get(url)
        if found is not None:
            found.renew_at = self._clock() + self._bounds.retry_s

    def drop(self, url: str) -> None:
        """Forget a copy."""
        self._kept.drop(url)

    def items(self) -> list[tuple[str, Any]]:
        """Every copy by URL."""
        return [(url, copy.document) for url, copy in self._kept.items()]
