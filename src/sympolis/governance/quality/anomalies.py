"""Finds what is odd in series of measurements: gaps, flat lines, outliers, jumps, drift, each with its reason in words.

A value is judged by what is usual at its hour (``baseline``) and, where there are sensors of the same kind, against
what happens at those: a holiday empties every street and is no fault. How often that is wrong is measured
(``trial``) and published with the results. Needs numpy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import numpy as np

from sympolis.governance.quality.baseline import MAD_TO_SIGMA, Baseline, Floats, Series, Whole, baseline
from sympolis.governance.saying import said

OUTLIER: Final = 8.0
"""Spreads from the usual that make a value odd; as many must remain once what the siblings show is taken off."""
_ALIKE: Final = 0.5
"""Sensors that share an event share it by half and more or less, no closer."""
_SHARED: Final = 2.0
"""Siblings that stray less than this are said not to show it."""
INTERVAL: Final = 1.96
"""The interval told with an event: what 95 in 100 values would lie in, were they normal."""
_LEAST_VALUES: Final = 48
_GAP_STEPS: Final = 3
_FLAT_STEPS: Final = 6
_FLAT_CHANGE: Final = 4.0
_FLAT_CHANCE: Final = 0.01
"""A run that a series has less often than this by chance is one of an instrument that hangs."""
_FLAT_ABOVE: Final = 0.25
"""Values of the lowest quarter are left out of that."""
_JUMP: Final = 1.5
"""Spreads of days, the jump taken off, that make one."""
_JUMP_LEAST_CHANGE: Final = 1.0
_JUMP_DAYS: Final = 7
"""So many days at least on either side, and at most ``_JUMP_REACH``."""
_JUMP_REACH: Final = 28
_JUMP_LEAST_DAYS: Final = 21
_WEEK_LEAST: Final = 24
_DRIFT: Final = 1.2
_DRIFT_WEEKS: Final = 5
_DRIFT_SIGNS: Final = 0.9
_LEAST_SIBLINGS: Final = 3
_WEEK_S: Final = 7 * 86_400

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "gap": {
        "it": "Mancano {points} valori.",
        "de": "Es fehlen {points} Werte.",
        "en": "{points} values are missing.",
    },
    "flat": {
        "it": "Per {points} valori di seguito sempre {value:g}, mentre di solito cambia.",
        "de": "{points} Werte hintereinander gleich {value:g}, obwohl er sich sonst ändert.",
        "en": "{points} values in a row are {value:g}, though it usually changes.",
    },
    "outlier": {
        "it": "{value:g} invece di {low:.4g}–{high:.4g}, come è usuale a quest'ora{others}.",
        "de": "{value:g} statt {low:.4g}–{high:.4g}, wie um diese Zeit üblich{others}.",
        "en": "{value:g} instead of {low:.4g}–{high:.4g}, as is usual at this hour{others}.",
    },
    "jump": {
        "it": "Da qui in poi i valori sono in media {change:+.3g} rispetto a prima.",
        "de": "Von hier an liegen die Werte im Mittel um {change:+.3g} anders als davor.",
        "en": "From here on the values are {change:+.3g} on average against before.",
    },
    "drift": {
        "it": "I valori si allontanano poco a poco da quelli dei sensori simili: {change:+.3g} in tutto.",
        "de": "Die Werte entfernen sich nach und nach von denen ähnlicher Sensoren: insgesamt {change:+.3g}.",
        "en": "The values move away little by little from those of similar sensors: {change:+.3g} in all.",
    },
}
_OTHERS: Final = {
    "it": "; i sensori simili non cambiano",
    "de": "; ähnliche Sensoren zeigen das nicht",
    "en": "; similar sensors do not show it",
}
KINDS: Final = tuple(_TEXTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something odd from ``start`` to ``end`` (both the times of values; for a gap, those around it)."""

    kind: str
    feature: str
    start: datetime
    end: datetime
    points: int
    value: float | None = None
    """The value furthest from the usual."""
    low: float | None = None
    high: float | None = None
    """The interval that 95 in 100 values would lie in."""
    score: float | None = None
    """Distance from the usual, in usual spreads."""
    reason: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A series with its baseline; ``apart``: the scores with what happens at the siblings taken off."""

    series: Series
    usual: Baseline
    scores: Floats
    apart: Floats
    compared: bool


class Siblings:
    """The scores of sensors of one kind at all their times, for asking what the others show."""

    def __init__(self, group: Sequence[Series], zone: tzinfo) -> None:
        judged = [one for one in group if is_judged(one)]
        self._rows = {one.feature: row for row, one in enumerate(judged)}
        empty: list[Whole] = [np.array([], dtype=np.int64)]
        self._times = np.unique(np.concatenate([one.times for one in judged] or empty))
        self._scores = np.full((len(judged), self._times.size), np.nan)
        for row, one in enumerate(judged):
            places = np.searchsorted(self._times, one.times)
            self._scores[row, places] = baseline(one, zone).scores(one.values)

    def common(self, series: Series) -> tuple[Floats, bool]:
        """The median score of the others at the series' times (0 where there are too few), and if there are enough."""
        middle = np.zeros(series.times.size)
        if self._times.size == 0:
            return middle, False
        places = np.minimum(np.searchsorted(self._times, series.times), self._times.size - 1)
        others = np.delete(self._scores, self._rows.get(series.feature, []), axis=0)[:, places]
        others[:, self._times[places] != series.times] = np.nan
        known = np.isfinite(others).sum(axis=0) >= _LEAST_SIBLINGS
        if known.any():
            middle[known] = np.nanmedian(others[:, known], axis=0)
        return middle, bool(known.mean() > 0.5)


def is_judged(series: Series) -> bool:
    """Whether there is enough of a series to say what is usual."""
    return series.values.size >= _LEAST_VALUES and series.step_s > 0


def detect(group: Sequence[Series], zone: tzinfo) -> list[Event]:
    """What is odd in sensors of one kind, in order of time. Series of fewer than 48 values are not judged."""
    siblings = Siblings(group, zone)
    found = [event for one in group for event in examine(one, siblings, zone)]
    return sorted(found, key=lambda one: (one.start, one.feature, one.kind))


def examine(series: Series, siblings: Siblings, zone: tzinfo) -> list[Event]:
    """What is odd in one series, given those of its kind."""
    if not is_judged(series):
        return []
    usual = baseline(series, zone)
    scores = usual.scores(series.values)
    common, compared = siblings.common(series)
    judged = _Judged(series, usual, scores, scores - common, compared)
    lasting = [*_flat(judged), *_jumps(judged)]
    return [*_gaps(series), *lasting, *_outliers(judged, lasting), *_drift(judged)]


def _gaps(series: Series) -> Iterator[Event]:
    step = series.step_s
    for index in np.flatnonzero(np.diff(series.times) > _GAP_STEPS * step):
        start, end = series.times[index], series.times[index + 1]
        missing = int((end - start) // step) - 1
        yield _event("gap", series, int(start), int(end), missing)


def _flat(judged: _Judged) -> Iterator[Event]:
    """Runs of one value while the hours they cover usually differ."""
    series = judged.series
    for first, last in _runs(series.values):
        if last - first + 1 < _FLAT_STEPS:
            continue
        usual = judged.usual.expected[first : last + 1]
        spread = float(np.median(judged.usual.scale[first : last + 1]))
        if (
            float(usual.max() - usual.min()) > _FLAT_CHANGE * spread
            or by_chance(series.values, first, last) < _FLAT_CHANCE
        ):
            yield _spanned("flat", judged, first, last)


def by_chance(values: Floats, first: int, last: int) -> float:
    """How many runs as long as this one a series has by chance, were equal neighbours as frequent as beside it.

    1 for low values: what counts nothing at night, or rests at its instrument's lower end, may well stay there.
    """
    ordinary = values[:-1] > np.quantile(values, _FLAT_ABOVE)
    if values[first] <= np.quantile(values, _FLAT_ABOVE):
        return 1.0
    equal = (np.diff(values) == 0) & ordinary
    beside = float(equal.sum() - (last - first))
    share = (beside + 1) / float(ordinary.sum() - (last - first) + 2)
    return float(ordinary.sum() * share ** (last - first))


def _runs(values: Floats) -> Iterator[tuple[int, int]]:
    """(first, last) of each run of equal values."""
    ends = np.flatnonzero(np.diff(values) != 0)
    starts = np.concatenate(([0], ends + 1))
    stops = np.concatenate((ends, [values.size - 1]))
    yield from zip(starts.tolist(), stops.tolist(), strict=True)


def _outliers(judged: _Judged, known: Sequence[Event]) -> Iterator[Event]:
    alone = OUTLIER + np.abs(judged.scores - judged.apart) * _ALIKE
    odd = (np.abs(judged.scores) > OUTLIER) & (np.abs(judged.apart) > alone)
    for event in known:
        inside = (judged.series.times >= event.start.timestamp()) & (
            judged.series.times <= event.end.timestamp()
        )
        odd &= ~inside
    for first, last in _stretches(np.flatnonzero(odd)):
        yield _spanned("outlier", judged, first, last)


def _stretches(places: Whole) -> Iterator[tuple[int, int]]:
    """Neighbouring places taken together, one value in order between them allowed."""
    if places.size == 0:
        return
    for part in np.split(places, np.flatnonzero(np.diff(places) > 2) + 1):
        yield int(part[0]), int(part[-1])


def _jumps(judged: _Judged) -> Iterator[Event]:
    """The one moment between which and its neighbours the days differ by far more than they do on either side of it."""
    series, days = judged.series, _daily(judged)
    if len(days) < _JUMP_LEAST_DAYS:
        return
    middles = np.array([value for _, value in days])
    index, change, spread = _split(middles)
    if abs(change) > max(_JUMP * spread, _JUMP_LEAST_CHANGE):
        moment = days[index][0]
        amount = change * float(np.median(judged.usual.scale))
        yield _event("jump", series, moment, moment, 1, change=amount, score=change)


def _split(middles: Floats) -> tuple[int, float, float]:
    """Where four weeks before and four weeks after differ most, by how much, and how much days differ beside that.

    Of the spread the jump itself is taken off: else a large one hides itself. A short side weighs less, as the median
    of few days says less.
    """
    best = (_JUMP_DAYS, 0.0, 0.0)
    for index in range(_JUMP_DAYS, middles.size - _JUMP_DAYS + 1):
        before, after = middles[max(0, index - _JUMP_REACH) : index], middles[index : index + _JUMP_REACH]
        change = float(np.median(after) - np.median(before))
        weight = np.sqrt(before.size * after.size / (before.size + after.size))
        if abs(change) * weight > best[2]:
            best = (index, change, float(abs(change) * weight))
    index = best[0]
    before, after = middles[max(0, index - _JUMP_REACH) : index], middles[index : index + _JUMP_REACH]
    beside = np.concatenate((before - np.median(before), after - np.median(after)))
    return index, best[1], MAD_TO_SIGMA * float(np.median(np.abs(beside)))


def _daily(judged: _Judged) -> list[tuple[int, float]]:
    """(first time, median score) of each day that has values, hours and weekdays and siblings taken off."""
    apart, days = _seasonless(judged), judged.series.times // 86_400
    return [
        (int(judged.series.times[days == day][0]), float(np.median(apart[days == day])))
        for day in np.unique(days)
    ]


def _seasonless(judged: _Judged) -> Floats:
    """Scores against hour and weekday alone: the slow level would hide a jump. Siblings are taken off."""
    own = (judged.series.values - judged.usual.seasonal) / judged.usual.scale
    common = judged.scores - judged.apart
    found: Floats = own - common
    return found


def _drift(judged: _Judged) -> Iterator[Event]:
    """A steady departure from the siblings over weeks: most pairs of weeks go one way (Theil 1950, Sen 1968)."""
    if not judged.compared:
        return
    series, apart = judged.series, _seasonless(judged)
    weeks = (series.times - series.times[0]) // _WEEK_S
    numbers = [week for week in np.unique(weeks) if int((weeks == week).sum()) >= _WEEK_LEAST]
    if len(numbers) < _DRIFT_WEEKS:
        return
    middles = np.array([np.median(apart[weeks == week]) for week in numbers])
    pairs = [
        (j - i, middles[j] - middles[i]) for i in range(len(numbers)) for j in range(i + 1, len(numbers))
    ]
    slope = float(np.median([change / apart_by for apart_by, change in pairs]))
    same = float(np.mean([np.sign(change) == np.sign(slope) for _, change in pairs]))
    total = slope * (len(numbers) - 1)
    if abs(total) > _DRIFT and same >= _DRIFT_SIGNS:
        change = total * float(np.median(judged.usual.scale))
        ends = int(series.times[0]), int(series.times[-1])
        yield _event("drift", series, *ends, int(series.values.size), change=change, score=total)


def _spanned(kind: str, judged: _Judged, first: int, last: int) -> Event:
    worst = first + int(np.argmax(np.abs(judged.scores[first : last + 1])))
    expected, spread = float(judged.usual.expected[worst]), float(judged.usual.scale[worst])
    least = 0.0 if float(judged.series.values.min()) >= 0 else -np.inf
    return _event(
        kind,
        judged.series,
        int(judged.series.times[first]),
        int(judged.series.times[last]),
        last - first + 1,
        value=float(judged.series.values[worst]),
        low=max(least, expected - INTERVAL * spread),
        high=expected + INTERVAL * spread,
        score=float(judged.scores[worst]),
        compared=judged.compared and abs(float((judged.scores - judged.apart)[worst])) < _SHARED,
    )


def _event(
    kind: str,
    series: Series,
    start: int,
    end: int,
    points: int,
    *,
    compared: bool = False,
    change: float = 0.0,
    **figures: float,
) -> Event:
    rounded = {name: round(value, 4) for name, value in figures.items()}
    others = _OTHERS if compared else ""
    reason = said(_TEXTS[kind], points=points, change=change, others=others, **rounded)
    times = {"start": datetime.fromtimestamp(start, UTC), "end": datetime.fromtimestamp(end, UTC)}
    return Event(kind=kind, feature=series.feature, points=points, reason=reason, **times, **rounded)  # type: ignore[arg-type]
