"""What drivers do when entering an area is charged by emission class or reserved for permit holders.

Five answers: pay, enter earlier or later, take another mode, drive around, give the trip up. The first two follow the
public civic-digital-twins project's mobility example (FBK, Apache-2.0), from its equations: of the vehicles that are
not exempt, ½^(charge/p50) pay whatever the class; of the rest, ½^(Δt/p50) enter before the charge begins or after it
ends. One thing is done better unless ``published`` is asked for: every vehicle that shifts arrives at another time (the
example's sampling loses some 8 % of them). The fleet is followed class by class, outside the charged hours, too.

Time is the day in 288 steps of five minutes; rates are vehicles per step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

STEPS_PER_HOUR = 12
STEPS = 24 * STEPS_PER_HOUR
STEP_H = 1 / STEPS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Charge:
    """Who pays how much when. ``euros``: the price of one entry by class [EUR], infinite where entry is refused."""

    euros: tuple[float, ...]
    start_h: float
    end_h: float
    exempt: float
    """Share of the vehicles entering that need not pay."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How firmly drivers keep to what they do: charge [EUR] and times [h] at which half of them have given in."""

    p50_cost: float
    p50_anticipating: float
    """Time after the start of the charge at which half would still enter before it."""
    p50_anticipation: float
    """How early they then come: half of them at most this long before the start."""
    p50_postponing: float
    p50_postponement: float
    mode_share: float = 0.0
    """Of those who neither pay nor shift: the share that takes another mode."""
    around_share: float = 0.0
    """… and the share that drives around the area; the others give the trip up."""


@dataclass(frozen=True, slots=True)
class Response:
    """The day after the charge, in vehicles per step. Rows of matrices are classes."""

    entering: Values
    """(classes, steps): vehicles that enter."""
    paying: Values
    """(classes, steps): those among them that pay."""
    shifted: Values
    """(steps): those that enter at another time than before."""
    other_mode: Values
    rerouted: Values
    given_up: Values
    burden: Values
    """(steps): what the charge takes from drivers [EUR per step], paid or not: see ``burden``."""

    @property
    def revenue_of(self) -> Values:
        """Vehicles that pay over the day, by class."""
        return np.asarray(self.paying.sum(axis=1))


def rigidity(euros: Values, p50_cost: float) -> Values:
    """Share that pays rather than changing anything: ½^(charge/p50); 0 where entry is refused."""
    return np.asarray(0.5 ** (euros / p50_cost))


def respond(
    inflow: Values, shares: Values, charge: Charge, habits: Habits, *, published: bool = False
) -> Response:
    """What ``inflow`` [veh per step], of which ``shares`` (sum 1) are of each class, makes of ``charge``."""
    rigid = (1 - charge.exempt) * rigidity(np.asarray(charge.euros), habits.p50_cost)
    flexible = shares * (1 - charge.exempt - rigid)
    hours = np.arange(STEPS, dtype=np.float64) * STEP_H
    charged = (hours >= charge.start_h) & (hours <= charge.end_h)
    leaving = np.outer(flexible, inflow)
    earlier, later = _willing(hours, charge, habits, everywhere=published)
    arrivals = _arrivals(leaving @ earlier, leaving @ later, hours, charge, habits, conserve=not published)
    arriving = arrivals * ~charged
    base = np.outer(shares, inflow)
    kept = np.where(charged, np.outer(shares * (charge.exempt + rigid), inflow), base)
    lost = (leaving * charged).sum(axis=0) * (1 - np.minimum(1.0, earlier + later))
    return Response(
        entering=kept + arriving,
        paying=np.outer(shares * rigid, inflow) * charged,
        shifted=arriving.sum(axis=0),
        other_mode=lost * habits.mode_share,
        rerouted=lost * habits.around_share,
        given_up=lost * max(0.0, 1 - habits.mode_share - habits.around_share),
        burden=inflow
        * charged
        * (1 - charge.exempt)
        * float(shares @ burden(np.asarray(charge.euros), habits.p50_cost)),
    )


def burden(euros: Values, p50_cost: float) -> Values:
    """Mean loss of a driver who must pay ``euros`` [EUR]: p50/ln 2·(1 − ½^(charge/p50)), the whole worth if infinite.

    If ½^(c/p50) pay c, entering as before is worth more than c to that share: worths are exponential with mean
    p50/ln 2, and the loss is the area under the curve up to the charge (Marshallian surplus). Who pays loses the
    charge, who does not loses what entering was worth; an upper bound, since coming at another time or by another
    mode is worth something, too.
    """
    return np.asarray(p50_cost / np.log(2) * (1 - rigidity(euros, p50_cost)))


def _willing(hours: Values, charge: Charge, habits: Habits, *, everywhere: bool) -> tuple[Values, Values]:
    """By step, the shares of the flexible that come before the charge and after it.

    Nobody comes at a time that the day does not have. ``everywhere`` counts steps beyond the charged hours, too, as the
    published example does.
    """
    earlier = _half(hours - charge.start_h, habits.p50_anticipating)
    later = _half(charge.end_h - hours, habits.p50_postponing)
    if everywhere:
        return earlier, later
    charged = (hours >= charge.start_h) & (hours <= charge.end_h)
    earlier = earlier * charged * (hours < charge.start_h).any()
    later = later * charged * (hours > charge.end_h).any()
    most = np.maximum(1.0, earlier + later)
    return earlier / most, later / most


def _half(delay_h: Values, p50_h: float) -> Values:
    """½^(delay/p50) from the moment on, nothing before it."""
    return np.where(delay_h >= 0, 0.5 ** (np.maximum(delay_h, 0.0) / p50_h), 0.0)


def _arrivals(
    earlier: Values, later: Values, hours: Values, charge: Charge, habits: Habits, *, conserve: bool
) -> Values:
    """(classes, steps): when those that shift arrive: thinning out with the distance from the charged hours."""
    before = _density(charge.start_h - hours, habits.p50_anticipation, conserve=conserve)
    after = _density(hours - charge.end_h, habits.p50_postponement, conserve=conserve)
    return np.outer(earlier, before) + np.outer(later, after)


def _density(distance_h: Values, p50_h: float, *, conserve: bool) -> Values:
    """Exponential thinning with half-distance ``p50_h``, per step; sums to 1 if ``conserve`` and there is room."""
    away = distance_h > 0
    rates = np.where(away, 0.5 ** (np.maximum(distance_h, 0.0) / p50_h), 0.0) * np.log(2) / p50_h * STEP_H
    total = rates.sum()
    return np.asarray(rates / total if conserve and total > 0 else rates)
