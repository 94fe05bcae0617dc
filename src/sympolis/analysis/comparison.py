"""What changes if…: one scenario against another, member by member, with an honest word for each change.

Members with the same index share seed and uncertain parameters, so their difference is the measure's effect on one
plausible day; the interval is that of ``intervals.prediction`` over these differences. A change is called *clear* only
where its whole interval lies on one side of zero. The rule is strict on purpose: with eight members pure noise passes
it in less than 1 case of 1,000 (|t| > 5.6 with 7 degrees of freedom), so that a map of a thousand streets does not
fill with changes that are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sympolis.analysis.intervals import LEVEL, Spread, cut_at_whole, cut_at_zero, prediction
from sympolis.domain import errors
from sympolis.domain.measure import Direction, Estimate, Interval, Verdict, verdict
from sympolis.plugins.simulator import IndicatorSpec, MemberResult

Values = NDArray[np.float64]

ROUNDING = 1e-9
"""Differences below this share of the values compared are floating-point dust, hence no change."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The members' results as arrays.

    ``fields[name]`` has shape (members, hours, features); ``indicators[name]`` shape (members,).
    """

    features: tuple[str, ...]
    start_hour: int
    fields: Mapping[str, Values]
    indicators: Mapping[str, Values]

    @property
    def members(self) -> int:
        """How many members there are."""
        return next(iter(self.indicators.values())).size if self.indicators else 0

    @property
    def hours(self) -> tuple[int, ...]:
        """The hours of the day that the fields are for."""
        count = next(iter(self.fields.values())).shape[1] if self.fields else 0
        return tuple(range(self.start_hour, self.start_hour + count))


@dataclass(frozen=True, slots=True)
class IndicatorChange:
    """An indicator before and after; ``percent`` relates the change to the base's mean (None where that is 0)."""

    spec: IndicatorSpec
    base: Estimate
    other: Estimate
    change: Estimate
    percent: Estimate | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class FieldChange:
    """Per hour and feature: the change with its interval, and whether it is clear."""

    change: Spread
    clear: NDArray[np.bool_]


def stack(results: Sequence[MemberResult], *, start_hour: int) -> Ensemble:
    """Line up members. Raises ``ModelFailed`` if they disagree about features, fields or indicators."""
    first = results[0]
    for index, result in enumerate(results[1:], start=1):
        same = (
            result.features == first.features
            and result.fields.keys() == first.fields.keys()
            and result.indicators.keys() == first.indicators.keys()
        )
        if not same:
            raise errors.ModelFailed(
                "the members of one ensemble differ in features, fields or indicators",
                where=f"member {index}",
            )
    return Ensemble(
        features=first.features,
        start_hour=start_hour,
        fields={name: np.array([r.fields[name] for r in results], dtype=np.float64) for name in first.fields},
        indicators={name: np.array([r.indicators[name] for r in results]) for name in first.indicators},
    )


def paired(base: Ensemble, other: Ensemble) -> tuple[Ensemble, Ensemble]:
    """Both cut to the members they share (the shorter's number). Raises ``Conflict`` where they cannot be paired."""
    if base.features != other.features or base.hours != other.hours:
        raise errors.Conflict(
            "the two runs are not about the same features and hours", hint="run both for the same window"
        )
    count = min(base.members, other.members)
    return _first(base, count), _first(other, count)


def _first(ensemble: Ensemble, count: int) -> Ensemble:
    return Ensemble(
        features=ensemble.features,
        start_hour=ensemble.start_hour,
        fields={name: values[:count] for name, values in ensemble.fields.items()},
        indicators={name: values[:count] for name, values in ensemble.indicators.items()},
    )


def estimate(values: Values, unit: str) -> Estimate:
    """An indicator's middle value and interval over its members, shape (members,)."""
    spread = cut_at_zero(prediction(values), values)
    if unit == "%":
        spread = cut_at_whole(spread, values)
    return Estimate(float(spread.mean), unit, spread.interval())


def differences(base: Values, other: Values) -> Values:
    """``other - base`` with floating-point dust swept to exactly 0."""
    found = other - base
    scale = np.maximum(np.abs(base), np.abs(other))
    return np.where(np.abs(found) <= ROUNDING * scale, 0.0, found)


def indicator_change(spec: IndicatorSpec, base: Values, other: Values) -> IndicatorChange:
    """One indicator of paired members, each array of shape (members,)."""
    spread = prediction(differences(base, other))
    change = Estimate(float(spread.mean), spec.unit, spread.interval())
    before = estimate(base, spec.unit)
    share = percent(change, before.value)
    nothing = written_as_nothing(change, share, spec.decimals)
    return IndicatorChange(
        spec=spec,
        base=before,
        other=estimate(other, spec.unit),
        change=change,
        percent=share,
        verdict=Verdict.NO_CLEAR_CHANGE if nothing else verdict(change.interval, spec.direction),
    )


PERCENT_DECIMALS = 1
"""With how many decimals a change in percent is written, in sentences and in tiles."""


def written_as_nothing(change: Estimate, share: Estimate | None, decimals: int) -> bool:
    """Whether people read 0: in percent where there is a share, else in the figure's own decimals.

    However narrow its interval, "0.0, likely better" tells nobody anything: a change below the precision that the
    model declares is no clear change.
    """
    shown, digits = (change, decimals) if share is None else (share, PERCENT_DECIMALS)
    return round(shown.value, digits) == 0.0


NO_SHARES = frozenset({"°C", "dB", "dB(A)", "dB(A)/m", "%"})
"""Units whose nought is arbitrary: differences mean something there, ratios do not (Stevens 1946,
DOI 10.1126/science.103.2684.677). And shares themselves: from 40 % to 50 % are ten points to everybody but the one who
reads "+25 %"."""


def percent(change: Estimate, base: float) -> Estimate | None:
    """The change in % of the base's mean, both ends scaled alike so that the sign stays what it was.

    Nothing can fall by more than all of it: the symmetric interval is cut at -100 %. None where there is no share to
    speak of: 40 °C is not twice 20 °C, nor are 60 dB twice the noise of 30.
    """
    if change.unit in NO_SHARES or base <= 0.0 or not np.isfinite(base):
        return None
    scale = 100.0 / base
    low, high = (max(end * scale, -100.0) for end in (change.interval.low, change.interval.high))
    interval = Interval(low, high, change.interval.level)
    return Estimate(change.value * scale, "%", interval)


def field_change(base: Values, other: Values) -> FieldChange:
    """One field of paired members, each array of shape (members, hours, features)."""
    spread = prediction(differences(base, other), level=LEVEL)
    return FieldChange(spread, is_clear(spread))


def is_clear(spread: Spread) -> NDArray[np.bool_]:
    """Where the interval excludes zero (a missing value is never clear)."""
    return np.logical_or(spread.low > 0.0, spread.high < 0.0)


def word(change: Estimate | None, direction: Direction) -> Verdict:
    """The verdict of a change that may be missing."""
    return verdict(change.interval, direction) if change is not None else Verdict.NO_CLEAR_CHANGE
