"""The periods of an aggregated series in columns: a year of hours is nine thousand of them, made and written at once.

To everyone else they are a sequence of ``Bucket``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, overload

from sympolis.context.instants import format_instant, format_regular
from sympolis.context.query import Aggregation
from sympolis.context.store import Bucket
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Instants = npt.NDArray[np.int64]
    """Microseconds since 1970 UTC."""
else:
    np = later("numpy")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000
_DAY_S: Final = 86_400
_SHORTEST_STEP_S: Final = 60
_YEAR_10000_S: Final = 253_402_300_800


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
    """Instants in rising order."""
    if np.any(instants % _SECOND):
        return [format_instant(instant(at)) for at in instants.tolist()]
    seconds = instants // _SECOND
    step = _step(seconds)
    if step:
        places = (seconds - seconds[0]) // step
        texts = format_regular(int(seconds[0]), step, int(places[-1]) + 1)
        return texts if len(texts) == len(seconds) else [texts[place] for place in places.tolist()]
    found: list[str] = np.datetime_as_string(seconds.astype("datetime64[s]"), timezone="UTC").tolist()
    return found


def _step(seconds: Instants) -> int:
    """The seconds from each instant to the next, but for few left out; 0 where a day is not made of such steps."""
    if len(seconds) < 2:
        return 0
    apart = np.diff(seconds)
    step = int(apart.min())
    regular = step >= _SHORTEST_STEP_S and _DAY_S % step == 0 and not np.any(apart % step)
    many = int(seconds[-1] - seconds[0]) > step * 4 * len(seconds) + _DAY_S
    return step if regular and not many and seconds[-1] < _YEAR_10000_S else 0
