"""How many vehicles are under way inside an area at each moment, and what they emit.

A vehicle that enters, or starts inside, stays on the road for μ steps of five minutes on average; the fuller the area,
the longer: μ = 1 + (μ₀ − 1)·S/S₀, where S is the day's traffic (the sum over the steps) and index 0 the base. Each step
the share α = (μ − 1)/μ of the vehicles is still there in the next. This is the mean-field circulation of the public
civic-digital-twins mobility example with its constant explained: with S₀ = μ₀·T₀ (T₀: the base day's vehicles) it is
μ = 1 + (μ₀ − 1)/μ₀·S/T₀. The example writes 1 + 3·S/2,200,368 and iterates 50 times, which has not converged;
here the fixed point is solved. ``iterations`` reproduces the example.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

STEP_MIN = 5.0
MOST_STAY = 48.0
"""Steps; a longer mean stay (4 h) is gridlock, which this model does not describe."""


def mean_stay(vehicles: float, base_vehicles: float, base_stay: float) -> float:
    """μ of the fixed point [steps] for a day of ``vehicles``: 1/(1 − (μ₀ − 1)/μ₀·T/T₀), bounded by ``MOST_STAY``."""
    crowding = (base_stay - 1) / base_stay * vehicles / base_vehicles
    return 1 / (1 - crowding) if crowding < 1 - 1 / MOST_STAY else MOST_STAY


def circulate(starting: Values, stay: float) -> Values:
    """Vehicles under way by step, for a day that follows one like it: x_t = s_t + α·x_{t−1}, periodic."""
    alpha = (stay - 1) / stay
    frequencies = np.fft.rfftfreq(starting.size)
    spectrum = np.fft.rfft(starting) / (1 - alpha * np.exp(-2j * np.pi * frequencies))
    return np.asarray(np.fft.irfft(spectrum, n=starting.size))


def iterate(starting: Values, capacity: float, base_stay: float, iterations: int) -> Values:
    """The published iteration, stopped after ``iterations``; ``capacity`` is the base day's S₀."""
    series = starting
    for _ in range(iterations):
        stay = 1 + (base_stay - 1) * series.sum() / capacity
        series = starting + np.roll(series, 1) * (stay - 1) / stay
    return series


def by_step(hourly: Values, *, rates: bool) -> Values:
    """24 hourly figures as 288 steps of five minutes [per step].

    ``rates``: flows at the full hours, joined by a quadratic spline over the day's end, as the published inflow is.
    Else: amounts of each hour, spread evenly.
    """
    if not rates:
        return np.repeat(hourly, 12) / 12
    return np.maximum(_quadratic(np.append(hourly, hourly[0])), 0.0) / 12


def _quadratic(values: Values) -> Values:
    """Interpolating quadratic spline through values an hour apart, knots half way between (de Boor 2001, ch. XIII)."""
    count = values.size
    knots = np.concatenate([[0.0] * 3, np.arange(1, count - 2) + 0.5, [count - 1.0] * 3])
    matrix = _basis(np.arange(count, dtype=float), knots, count)
    weights = np.linalg.solve(matrix, values)
    return np.asarray(_basis(np.arange(12 * (count - 1)) / 12, knots, count) @ weights)


def _basis(at: Values, knots: Values, count: int) -> Values:
    """Quadratic B-splines at the points ``at``: (points, splines), by the Cox–de Boor recursion."""
    last = knots[-1]
    inside = (at[:, None] >= knots[None, :-1]) & (at[:, None] < knots[None, 1:])
    inside[at == last, count - 1] = True
    basis = inside.astype(float)
    for degree in (1, 2):
        basis = _raised(basis, at, knots, degree)
    return basis


def _raised(basis: Values, at: Values, knots: Values, degree: int) -> Values:
    left, right = knots[: -degree - 1], knots[degree + 1 :]
    rise = _ratio(at[:, None] - left, knots[degree:-1] - left)
    fall = _ratio(right - at[:, None], right - knots[1:-degree])
    return np.asarray(rise * basis[:, :-1] + fall * basis[:, 1:])


def _ratio(above: Values, below: Values) -> Values:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
