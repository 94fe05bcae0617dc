"""How well faults are found: known ones are put into real series, and what is reported is counted. Needs numpy.

What is reported on the untouched series is counted as false alarms, although some of it is real faults: the figures are
on the careful side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import tzinfo
from typing import Any, Final

import numpy as np

from sympolis.governance.quality.anomalies import Event, Siblings, detect, examine
from sympolis.governance.quality.baseline import Floats, Series

_DAY_S: Final = 86_400
_MONTH_S: Final = 30 * _DAY_S
_NEAR_S: Final = 7 * _DAY_S
FAULTS: Final = ("gap", "flat", "outlier", "jump", "drift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one kind of fault: how many were put in, found, reported where there was none; shares in 0..1."""

    kind: str
    injected: int
    found: int
    false_alarms: int
    """Events of this kind on the untouched series."""
    recall: float | None
    precision: float | None
    false_alarms_per_sensor_month: float

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return asdict(self)


def trial(group: Sequence[Series], zone: tzinfo, *, seed: int) -> list[Figures]:
    """Put each kind of fault into every fourth sensor in turn, one sensor at a time among untouched siblings."""
    quiet, siblings = detect(group, zone), Siblings(group, zone)
    months = sum(float(one.times[-1] - one.times[0]) for one in group if one.times.size) / _MONTH_S
    chosen = [index for index, one in enumerate(group) if one.values.size >= 400][::4]
    found = {
        kind: sum(_is_found(kind, group[index], index, siblings, zone, seed) for index in chosen)
        for kind in FAULTS
    }
    return [_figures(kind, found[kind], len(chosen), quiet, months, len(group)) for kind in FAULTS]


def _is_found(kind: str, series: Series, index: int, siblings: Siblings, zone: tzinfo, seed: int) -> bool:
    random = np.random.default_rng([seed, index, FAULTS.index(kind)])
    broken, start, end = _INJECT[kind](series, random)
    return any(_meets(one, start, end) for one in examine(broken, siblings, zone) if one.kind == kind)


def _figures(
    kind: str, found: int, injected: int, quiet: Sequence[Event], months: float, sensors: int
) -> Figures:
    """``precision``: as if every sensor had one fault, against what is reported of the untouched ones."""
    alarms = sum(one.kind == kind for one in quiet)
    share = alarms / max(1, sensors) * injected
    return Figures(
        kind=kind,
        injected=injected,
        found=found,
        false_alarms=alarms,
        recall=round(found / injected, 3) if injected else None,
        precision=round(found / (found + share), 3) if found + share else None,
        false_alarms_per_sensor_month=round(alarms / months, 3) if months else 0.0,
    )


def _meets(event: Event, start: int, end: int) -> bool:
    near = 0 if event.kind in ("gap", "flat", "outlier") else _NEAR_S
    return event.start.timestamp() <= end + near and event.end.timestamp() >= start - near


Injected = tuple[Series, int, int]


def _place(series: Series, random: np.random.Generator, length: int) -> slice:
    """A stretch in the middle half of the series, in the hours when something happens."""
    low, high = series.values.size // 4, series.values.size * 3 // 4 - length
    starts = np.arange(low, max(high, low + 1))
    busy = starts[series.values[starts] >= np.median(series.values)]
    first = int(random.choice(busy if busy.size else starts))
    return slice(first, first + length)


def _with(series: Series, place: slice, values: Floats) -> Injected:
    changed = series.values.copy()
    changed[place] = values
    return replace(series, values=changed), int(series.times[place][0]), int(series.times[place][-1])


def _gap(series: Series, random: np.random.Generator) -> Injected:
    place = _place(series, random, 12)
    kept = np.ones(series.times.size, dtype=bool)
    kept[place] = False
    broken = Series(series.feature, series.times[kept], series.values[kept])
    return broken, int(series.times[place][0]), int(series.times[place][-1])


def _flat(series: Series, random: np.random.Generator) -> Injected:
    place = _place(series, random, 12)
    return _with(series, place, np.full(12, series.values[place][0]))


def _outlier(series: Series, random: np.random.Generator) -> Injected:
    """A tenfold value: a unit slip of one hour."""
    place = _place(series, random, 1)
    return _with(series, place, series.values[place] * 10 + 1)


def _jump(series: Series, random: np.random.Generator) -> Injected:
    """From some moment on, half of everything: one of two lanes is no longer counted."""
    first = _place(series, random, 1).start
    broken, start, _ = _with(series, slice(first, None), series.values[first:] * 0.4)
    return broken, start, start


def _drift(series: Series, random: np.random.Generator) -> Injected:  # noqa: ARG001 - as the others
    """From first to last more and more is missed, in the end six of ten."""
    share = np.linspace(1.0, 0.4, series.values.size)
    return _with(series, slice(None), series.values * share)


_INJECT: Final[Mapping[str, Callable[[Series, np.random.Generator], Injected]]] = {
    "gap": _gap,
    "flat": _flat,
    "outlier": _outlier,
    "jump": _jump,
    "drift": _drift,
}
