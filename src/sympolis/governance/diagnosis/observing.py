"""What can be seen around one value: how odd it is, whether neighbours show it, what the weather was. Needs numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

import numpy as np

from sympolis.governance.quality.anomalies import Event, Siblings, examine, is_judged
from sympolis.governance.quality.baseline import Series, baseline

Position = tuple[float, float]
"""Longitude and latitude in degrees."""

ODD: Final = 3.0
"""Usual spreads from the usual that make a value worth explaining."""
ALIKE: Final = 2.0
"""Neighbours that stray this far to the same side show it, too."""
NEAREST: Final = 5
_LEAST_ASKED: Final = 2
_AROUND_S: Final = 3 * 86_400
_EARTH_M: Final = 6_371_008.8
_RARE: Final = 0.02
"""Days that are among the two in a hundred most extreme of a weather series."""
_LEAST_DAYS: Final = 120
_SAME_DAY_S: Final = 7_200
"""A day's value bears the time at which the day begins, by one clock or another."""
INTERVAL: Final = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another sensor of the kind at the same time; ``score`` None: it has no value there."""

    feature: str
    distance_m: float | None
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RareDay:
    """A weather attribute that was extreme that day: ``share`` of days as extreme or more, to that side."""

    attribute: str
    value: float
    high: bool
    share: float
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that was seen."""

    feature: str
    at: datetime
    value: float | None
    expected: float | None
    low: float | None
    high: float | None
    score: float | None
    neighbours: tuple[Neighbour, ...]
    """Nearest first; without positions in order of id."""
    events: tuple[Event, ...]
    """Other oddities of this sensor within three days: gaps, flat lines, jumps."""
    weather: tuple[RareDay, ...]

    @property
    def judged(self) -> tuple[Neighbour, ...]:
        """Neighbours with a value at that time."""
        return tuple(one for one in self.neighbours if one.score is not None)

    @property
    def share_alike(self) -> float | None:
        """The share of neighbours that stray to the same side; None where fewer than two say anything."""
        known = [one.score for one in self.judged if one.score is not None]
        if len(known) < _LEAST_ASKED or self.score is None:
            return None
        sign = math.copysign(1.0, self.score)
        return sum(one * sign >= ALIKE for one in known) / len(known)


def seen(
    group: Sequence[Series],
    feature: str,
    at: datetime,
    zone: tzinfo,
    *,
    positions: Mapping[str, Position],
    weather: Mapping[str, Series],
) -> Sight:
    """Look at ``feature`` at a time; ``group`` are the sensors of its kind with it, ``weather`` daily series by name.

    Raises ``StopIteration`` where the group does not hold it.
    """
    looked = {one.feature: _look(one, at, zone) for one in group}
    own = next(one for one in group if one.feature == feature)
    floor = 0.0 if own.values.size and float(own.values.min()) >= 0 else -math.inf
    mine = looked[feature]
    return Sight(
        feature=feature,
        at=at,
        value=mine.value,
        expected=mine.expected,
        low=None if mine.expected is None else max(floor, mine.expected - INTERVAL * mine.spread),
        high=None if mine.expected is None else mine.expected + INTERVAL * mine.spread,
        score=mine.score,
        neighbours=_neighbours(looked, feature, positions),
        events=tuple(_events_near(own, at, zone)),
        weather=tuple(
            found for name, one in weather.items() if (found := _rare(name, one, at, zone)) is not None
        ),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One sensor at the step that holds a time: nothing is known where it has no value there."""

    value: float | None = None
    expected: float | None = None
    spread: float = 1.0

    @property
    def score(self) -> float | None:
        return (
            None
            if self.value is None or self.expected is None
            else (self.value - self.expected) / self.spread
        )


def _look(series: Series, at: datetime, zone: tzinfo) -> _Look:
    if not is_judged(series):
        return _Look()
    place = int(np.searchsorted(series.times, int(at.timestamp()), side="right")) - 1
    if place < 0 or at.timestamp() - int(series.times[place]) >= series.step_s:
        return _Look()
    usual = baseline(series, zone)
    return _Look(float(series.values[place]), float(usual.expected[place]), float(usual.scale[place]))


def _neighbours(
    looked: Mapping[str, _Look], feature: str, positions: Mapping[str, Position]
) -> tuple[Neighbour, ...]:
    found = [
        Neighbour(feature=other, distance_m=_distance(positions, feature, other), score=one.score)
        for other, one in looked.items()
        if other != feature
    ]
    return tuple(
        sorted(found, key=lambda one: (math.inf if one.distance_m is None else one.distance_m, one.feature))
    )


def _distance(positions: Mapping[str, Position], one: str, other: str) -> float | None:
    """Great-circle distance [m] on a sphere (haversine); a few tenths of a per cent off are no matter here."""
    if one not in positions or other not in positions:
        return None
    (x0, y0), (x1, y1) = positions[one], positions[other]
    a, b = math.radians(y0), math.radians(y1)
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(x1 - x0) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(h))


def _events_near(own: Series, at: datetime, zone: tzinfo) -> list[Event]:
    moment = at.timestamp()
    return [
        one
        for one in examine(own, Siblings((), zone), zone)
        if one.kind in ("gap", "flat", "jump")
        and one.start.timestamp() - _AROUND_S <= moment <= one.end.timestamp() + _AROUND_S
    ]


def _rare(name: str, series: Series, at: datetime, zone: tzinfo) -> RareDay | None:
    """The local day of ``at`` in a daily series, where it is among the most extreme."""
    day = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    place = int(np.argmin(np.abs(series.times - day))) if series.values.size else 0
    if series.values.size < _LEAST_DAYS or abs(int(series.times[place]) - day) > _SAME_DAY_S:
        return None
    value, everything = float(series.values[place]), series.values
    above, below = float(np.mean(everything >= value)), float(np.mean(everything <= value))
    if min(above, below) > _RARE:
        return None
    return RareDay(
        attribute=name, value=value, high=above <= below, share=min(above, below), days=int(everything.size)
    )


def as_json(sight: Sight) -> dict[str, Any]:
    """The form of docs/reference/twin-api.md: the nearest neighbours only, numbers short."""
    return {
        "value": sight.value,
        "expected": _short(sight.expected),
        "low": _short(sight.low),
        "high": _short(sight.high),
        "score": _short(sight.score),
        "odd": sight.score is not None and abs(sight.score) >= ODD,
        "share_alike": _short(sight.share_alike),
        "neighbours": [
            {"feature": one.feature, "distance_m": _short(one.distance_m, 0), "score": _short(one.score)}
            for one in sight.neighbours[:NEAREST]
        ],
    }


def _short(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
