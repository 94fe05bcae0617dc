"""The periods of an aggregated series in columns: a year of hours is nine thousand of them, made and written at once.

To everyone else they are a sequence of ``Bucket``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt

from sympolis.context.instants import format_instant
from sympolis.context.query import Aggregation
from sympolis.context.store import Bucket

Instants = npt.NDArray[np.int64]
"""Microseconds since 1970 UTC."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """The time of so many microseconds."""
    return _EPOCH + timedelta(0, 0, stored)


class Buckets(Sequence[Bucket]):
    """Periods [opened, closed) with the figures of each method, one for each period."""

    __slots__ = ("_closed", "_opened", "figures")
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, opened: Instants, closed: Instants, figures: Mapping[Aggregation, Sequence[Any]]
    ) -> None:
        self._opened = opened
        self._closed = closed
        self.figures = figures

    def __len__(self) -> int:
        return len(self._opened)

    @overload
    def __getitem__(self, place: int) -> Bucket: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Bucket]: ...

    def __getitem__(self, place: int | slice) -> Bucket | Sequence[Bucket]:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        figures = {method: column[place] for method, column in self.figures.items()}
        return Bucket(instant(int(self._opened[place])), instant(int(self._closed[place])), figures)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and list(self) == list(other)

    def __repr__(self) -> str:
        return f"Buckets({list(self)!r})"

    def spelled(self) -> tuple[list[str], list[str]]:
        """The times at which the periods open and close, as they are written."""
        if len(self) and np.array_equal(self._opened[1:], self._closed[:-1]):  # no gaps: each is written once
            texts = _spelled(np.append(self._opened, self._closed[-1]))
            return texts[:-1], texts[1:]
        return _spelled(self._opened), _spelled(self._closed)


def _spelled(instants: Instants) -> list[str]:
    if np.any(instants % _SECOND):
        return [format_instant(instant(at)) for at in instants.tolist()]
    texts = np.datetime_as_string((instants // _SECOND).astype("datetime64[s]"), timezone="UTC")
    found: list[str] = texts.tolist()
    return found
