"""The one rule by which the twin puts an interval around a model's figure.

An ensemble member is one plausible day under one plausible setting of the uncertain parameters. The interval shown
is the normal-theory **prediction interval for one further member**::

    mean ± t(1 - alpha/2; n - 1) · s · sqrt(1 + 1/n)

read as: *a further plausible day and setting would fall inside with probability ``level``*. It is not the narrower
confidence interval of the mean: averaging an elasticity over its range does not make the one true elasticity known,
so the interval must not shrink to nothing as members are added. It covers what the members vary (seeds, declared
parameter ranges); it does not cover what the model leaves out, which is what the calibration figures are for.

For a change the same formula is applied to the *paired* differences of members that share seed and parameters.

Sources: W. Q. Meeker, G. J. Hahn, L. A. Escobar, *Statistical Intervals*, 2nd ed., Wiley 2017, ch. 4 (prediction
intervals, DOI 10.1002/9781118594841); A. M. Law, *Simulation Modeling and Analysis*, 5th ed., McGraw-Hill 2015,
sections 10.2 and 11.2 (paired-t comparison with common random numbers).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.measure import Interval

LEVEL = 0.9
"""The level of every interval the twin shows."""

MINIMUM_SAMPLE = 2
"""Fewer values than this give no spread, hence no interval."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """Middle and ends of an interval, each shaped like one member's values (NaN: too few members had a value)."""

    mean: Values
    low: Values
    high: Values

    def interval(self, level: float = LEVEL) -> Interval:
        """As one ``Interval``, where the spread is of a single figure."""
        return Interval(float(self.low), float(self.high), level)


def central_probability(t: float, freedom: int) -> float:
    """P(|T| <= t) of Student's t with ``freedom`` degrees of freedom.

    The closed forms for whole degrees of freedom: Abramowitz & Stegun (1964), 26.7.3 and 26.7.4.
    """
    angle = math.atan2(t, math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    if freedom % 2:
        series = sine * _series(cosine, first=cosine, odd=True, freedom=freedom) if freedom > 1 else 0.0
        return 2.0 / math.pi * (angle + series)
    return sine * _series(cosine, first=1.0, odd=False, freedom=freedom)


def _series(cosine: float, *, first: float, odd: bool, freedom: int) -> float:
    total = term = first
    start = 2 if odd else 1
    for numerator in range(start, freedom - 2, 2):
        term *= cosine * cosine * numerator / (numerator + 1)
        total += term
    return total


@lru_cache(maxsize=512)
def student_t(level: float, freedom: int) -> float:
    """The t with P(|T| <= t) = ``level``: 1.895 for 0.9 and 7 degrees of freedom."""
    if not 0.0 < level < 1.0 or freedom < 1:
        raise ValueError(f"level must lie in (0, 1) and freedom be at least 1, not {level} and {freedom}")
    low, high = 0.0, 1.0
    while central_probability(high, freedom) < level:
        high *= 2.0
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if central_probability(middle, freedom) < level else (low, middle)
    return (low + high) / 2.0


WHOLE = 100.0
"""All of them, in per cent."""


def prediction(values: Values, *, level: float = LEVEL) -> Spread:
    """The prediction interval over the first axis (members), cell by cell.

    Parameters
    ----------
    values : shape (members, …); NaN where a member has no value. A cell needs a value in at least half of the
        members, and in two, to get a figure: a street that carries traffic in one member of eight has no mean.
    """
    members = values.shape[0]
    present = np.isfinite(values)
    count = present.sum(axis=0)
    enough = (count >= MINIMUM_SAMPLE) & (2 * count >= members)
    safe = np.where(enough, count, MINIMUM_SAMPLE)
    filled = np.where(present, values, 0.0)
    mean = filled.sum(axis=0) / safe
    deviation = np.where(present, values - mean, 0.0)
    variance = (deviation**2).sum(axis=0) / (safe - 1)
    half = _factors(level, members)[safe] * np.sqrt(variance)
    return _masked(mean, half, enough)


def relative_precision(values: Values, *, level: float = LEVEL) -> float:
    """Half the *confidence* interval of the mean, as a share of the mean's size: how well the centre is known.

    Used to decide whether more members are worth their cost, never shown as the uncertainty of a result.
    A mean of zero with no spread is known perfectly (0); with spread, not at all (infinity).
    """
    count = int(values.size)
    if count < MINIMUM_SAMPLE:
        return math.inf
    half = student_t(level, count - 1) * float(np.std(values, ddof=1)) / math.sqrt(count)
    scale = abs(float(np.mean(values)))
    if half == 0.0:
        return 0.0
    return half / scale if scale > 0.0 else math.inf


def cut_at_zero(spread: Spread, values: Values) -> Spread:
    """End the interval at 0 where no member was negative: half a vehicle may be missing, never minus one."""
    never_negative = bool(np.nanmin(values, initial=0.0) >= 0.0)
    return Spread(spread.mean, np.maximum(spread.low, 0.0), spread.high) if never_negative else spread


def cut_at_whole(spread: Spread, values: Values) -> Spread:
    """End the interval of a share (%) at 100 where no member was above: more than all of them cannot be reached."""
    never_above = bool(np.nanmax(values, initial=0.0) <= WHOLE)
    return Spread(spread.mean, spread.low, np.minimum(spread.high, WHOLE)) if never_above else spread


def _factors(level: float, members: int) -> Values:
    """t · sqrt(1 + 1/n) for every n up to ``members``, to be looked up by a cell's count."""
    largest = max(members, MINIMUM_SAMPLE)
    factors = np.full(largest + 1, math.nan)
    for n in range(MINIMUM_SAMPLE, largest + 1):
        factors[n] = student_t(level, n - 1) * math.sqrt(1.0 + 1.0 / n)
    return factors


def _masked(mean: Values, half: Values, enough: NDArray[np.bool_]) -> Spread:
    return Spread(*(np.where(enough, part, math.nan) for part in (mean, mean - half, mean + half)))
