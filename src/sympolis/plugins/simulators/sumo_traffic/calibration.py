"""Fits the demand to counted traffic and says honestly how well the model then does where it did not look.

What is fitted is one factor per route: non-negative regularised least squares on the loops' mean weekday counts, with
the demand as it came, scaled to the counted total, as prior (a regularised form of origin-destination estimation from
counts: Cascetta 1984, DOI 10.1016/0191-2615(84)90012-2). The prior's covariance lets streams of one origin, of one
destination and along one way stray together, so that a count speaks for its neighbourhood, too. How well it does is
judged by cross-validation over streets: the loops are split into ``FOLDS`` groups, loops of one street always
together; each group is predicted by a simulation whose fit has not seen it. The fit handed back uses all loops.
``training`` are that fit's figures, ``held_out`` the pooled predictions of the unseen groups, ``uncalibrated`` the
demand as it came.

Figures follow the usual traffic definitions: ``r2`` is Pearson's correlation squared, GEH as in the UK's TAG unit
M3.1, ``ratio`` the simulated over the observed total.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from sympolis.domain.errors import ModelFailed
from sympolis.domain.scenario import Window
from sympolis.plugins.simulator import Calibration
from sympolis.plugins.simulators.sumo_traffic import settings
from sympolis.plugins.simulators.sumo_traffic.counts import Counts, day_profile, ordinary_days, read_counts
from sympolis.plugins.simulators.sumo_traffic.demand import Level, Stream, draw_trips, hourly_vehicles
from sympolis.plugins.simulators.sumo_traffic.prepared import Prepared, load
from sympolis.plugins.simulators.sumo_traffic.simulation import Task, simulate

Floats = NDArray[np.float64]

FOLDS = 5
DRAWS = 8
"""Other draws of the folds by which the luck of one is judged."""
REGULARISATION = 0.03
"""Weight of the prior against the counts. Held-out figures move little between 0.003 and 0.1 (model card)."""
END_SPREAD = 0.15
"""Standard deviation of what the factors of all streams of one origin, or of one destination, have in common."""
WAY_SPREAD = 0.2
"""The same for streams along one way. Both set by the linear fit over twelve random splits (model card)."""
COUNT_SPREAD = 30.0
"""Added to a count before weighting by its square root: small counts are not known better than about five vehicles."""
MINIMUM_LOOPS = 6
LEAST_R2, LEAST_GEH, MOST_OFF = 0.90, 0.60, 0.05
"""What the twin set out to reach on held-out loops: R², the share with GEH below 5, how far the total may be off."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The loops used: ``vehicles[i]`` passed loop ``i`` in the window on a mean ordinary working day."""

    loops: tuple[Counts, ...]
    vehicles: Floats
    days: tuple[date, ...]
    left_out_days: tuple[date, ...]
    daily_levels: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """All that the runs of one calibration share."""

    folder: Path
    prepared: Prepared
    window: Window
    seed: int
    by_hour: tuple[float, ...]


def calibrate(
    folder: Path, inputs: Mapping[str, Any], window: Window, seed: int, progress: Callable[[float, str], None]
) -> Calibration:
    """Fit and judge. Raises ``ModelFailed`` where fewer than ``MINIMUM_LOOPS`` loops can be used."""
    prepared = load(folder)
    counts = read_counts(inputs.get("counts", ()), prepared.network, prepared.time_zone)
    observed = observe(counts, window)
    setting = Setting(folder, prepared, window, seed, _profile(prepared, counts))
    matrix = _passages(setting, observed)
    everything = np.ones(len(observed.loops), dtype=bool)
    folds = split_folds([loop.segment for loop in observed.loops], seed)
    steps = _Steps(progress, FOLDS + 2)
    fitted = fit(setting, matrix, observed.vehicles, everything)
    before, cost = steps.run("uncalibrated", lambda: _at_loops(setting, observed, {}))
    after, more = steps.run("training", lambda: _at_loops(setting, observed, _by_stream(prepared, fitted)))
    unseen = np.zeros(len(observed.loops))
    cost += more
    for fold in range(FOLDS):
        factors = fit(setting, matrix, observed.vehicles, folds != fold)
        by_stream = _by_stream(prepared, factors)
        flows, more = steps.run(f"held-out {fold + 1}", lambda f=by_stream: _at_loops(setting, observed, f))  # type: ignore[misc]
        unseen[folds == fold] = flows[folds == fold]
        cost += more
    splits = {"uncalibrated": before, "training": after, "held_out": unseen}
    draws = other_draws(setting, matrix, observed)
    return _verdict(setting, observed, _by_stream(prepared, fitted), splits, cost, draws)


def evaluate(
    folder: Path, inputs: Mapping[str, Any], parameters: Mapping[str, Any], window: Window, seed: int
) -> dict[str, float]:
    """Figures of a fit of before on the counts there are now; every loop counts, whether or not it was fitted to."""
    prepared = load(folder)
    observed = observe(read_counts(inputs.get("counts", ()), prepared.network, prepared.time_zone), window)
    by_hour = tuple(float(factor) for factor in parameters["by_hour"])
    setting = Setting(folder, prepared, window, seed, by_hour)
    flows, _ = _at_loops(setting, observed, parameters["by_stream"])
    hours = window.end_hour - window.start_hour
    return figures(flows / hours, observed.vehicles / hours)


class _Steps:
    """Tells the caller how far the calibration is."""

    def __init__(self, progress: Callable[[float, str], None], total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def run(self, text: str, step: Callable[[], tuple[Floats, float]]) -> tuple[Floats, float]:
        self._progress(self._done / self._total, text)
        result = step()
        self._done += 1
        self._progress(self._done / self._total, text)
        return result


def observe(counts: Sequence[Counts], window: Window) -> Observed:
    """The loops with enough ordinary days in every hour of the window, and their mean counts."""
    hours = range(window.start_hour, window.end_hour)
    days, left_out, levels = ordinary_days(counts, window.start_hour)
    used, vehicles = [], []
    for loop in counts:
        means = [mean for hour in hours if (mean := loop.mean(hour, days)) is not None]
        if len(means) == len(hours):
            used.append(loop)
            vehicles.append(sum(means))
    if len(used) < MINIMUM_LOOPS:
        message = f"{len(used)} loops on the network have enough ordinary days, {MINIMUM_LOOPS} are needed"
        raise ModelFailed(
            message, where="ItemFlowObserved", hint="run the loop source, or use the model uncalibrated"
        )
    return Observed(tuple(used), np.array(vehicles), tuple(days), tuple(left_out), tuple(levels))


def _profile(prepared: Prepared, counts: Sequence[Counts]) -> tuple[float, ...]:
    profile = day_profile(counts, prepared.streams[0].start_minute // 60)
    return Prepared(prepared.network, prepared.streams, prepared.time_zone, profile).hour_factors()


def _passages(setting: Setting, observed: Observed) -> Floats:
    """Vehicles of each stream that pass each loop in the window, by the demand as it came: shape (loops, streams)."""
    streams = setting.prepared.streams
    expected = np.zeros(len(streams))
    for hour in range(setting.window.start_hour, setting.window.end_hour):
        expected += np.array(hourly_vehicles(streams, Level({}, setting.by_hour), hour))
    passes = np.array(
        [[loop.segment in stream.route for stream in streams] for loop in observed.loops], dtype=float
    )
    return passes * expected


def fit(
    setting: Setting, matrix: Floats, vehicles: Floats, seen: NDArray[np.bool_], tie: Floats | None = None
) -> Floats:
    """Factors of the streams from the loops ``seen``: shape (streams,), none negative, timetables 1.

    ``tie`` is what ``tie_to_prior`` gives, for who fits more than once.
    """
    streams = setting.prepared.streams
    scheduled = np.array([stream.scheduled for stream in streams])
    weight = 1 / np.sqrt(vehicles[seen] + COUNT_SPREAD)
    counted = vehicles[seen] - matrix[seen][:, scheduled].sum(axis=1)
    free = matrix[seen][:, ~scheduled]
    scale = max(0.1, counted.sum() / free.sum()) if free.sum() > 0 else 1.0
    tie = tie_to_prior(setting.prepared) if tie is None else tie
    prior = np.full(free.shape[1], scale)
    system = np.vstack([free * weight[:, None], tie])
    target = np.concatenate([counted * weight, tie @ prior])
    factors = np.ones(len(streams))
    factors[~scheduled], _ = nnls(system, target)
    return factors


def tie_to_prior(prepared: Prepared) -> Floats:
    """The whitened prior: its product with a departure of factors from it has unit variance."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(prior_covariance(prepared))))


def other_draws(setting: Setting, matrix: Floats, observed: Observed) -> list[dict[str, float]]:
    """Held-out figures for other draws of the folds, by the fit alone: how much of a figure is the luck of one draw."""
    groups, tie = [loop.segment for loop in observed.loops], tie_to_prior(setting.prepared)
    found = []
    for draw in range(1, DRAWS + 1):
        folds = split_folds(groups, setting.seed + draw)
        unseen = np.zeros(len(groups))
        for fold in range(FOLDS):
            factors = fit(setting, matrix, observed.vehicles, folds != fold, tie)
            unseen[folds == fold] = (matrix @ factors)[folds == fold]
        hours = setting.window.end_hour - setting.window.start_hour
        found.append(figures(unseen / hours, observed.vehicles / hours))
    return found


def prior_covariance(prepared: Prepared) -> Floats:
    """How far the factors of two streams (timetables left out) are expected to stray together: shape (free, free).

    Each strays on its own, less the larger it is; streams from one origin or to one destination share what makes that
    place busier or quieter than the demand says, and streams along the same way what makes that way so.
    """
    streams = [stream for stream in prepared.streams if not stream.scheduled]
    size = np.array([max(1.0, sum(stream.departures)) for stream in streams])
    ends = [np.array([stream.route[end] for stream in streams]) for end in (0, -1)]
    alike = sum(np.equal.outer(end, end).astype(float) for end in ends)
    own = np.diag(1 / (REGULARISATION * size))
    return np.asarray(own + END_SPREAD**2 * alike + WAY_SPREAD**2 * _common_way(prepared, streams))


def _common_way(prepared: Prepared, streams: Sequence[Stream]) -> Floats:
    """The share of their ways that two streams have in common: common length over the geometric mean of both."""
    root = np.sqrt([segment.length_m for segment in prepared.network.segments])
    ways = np.zeros((len(streams), len(root)))
    for row, stream in enumerate(streams):
        ways[row, list(stream.route)] = root[list(stream.route)]
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return np.asarray(ways @ ways.T)


def split_folds(groups: Sequence[int], seed: int, folds: int = FOLDS) -> NDArray[np.int_]:
    """The fold of each loop; loops of one group (street) share it. The same for the same groups and seed."""
    distinct = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(distinct))
    fold = {distinct[place]: turn % folds for turn, place in enumerate(order)}
    return np.array([fold[group] for group in groups])


def _by_stream(prepared: Prepared, factors: Floats) -> dict[str, float]:
    return {
        s.id: round(float(f), 4) for s, f in zip(prepared.streams, factors, strict=True) if not s.scheduled
    }


def _at_loops(setting: Setting, observed: Observed, by_stream: Mapping[str, float]) -> tuple[Floats, float]:
    """Simulated vehicles at each loop over the window (mesoscopic), and the CPU seconds it took."""
    prepared = setting.prepared
    trips = draw_trips(prepared.streams, Level(by_stream, setting.by_hour), setting.window, setting.seed)
    shared = (setting.folder, prepared.network, prepared.streams, trips, setting.window, setting.seed)
    output = simulate(Task(*shared, settings.queues({}), emissions=False))
    flows = np.sum(np.array(output.fields["flow"]), axis=0)
    return np.array([flows[loop.segment] for loop in observed.loops]), output.cost_cpu_s


def figures(simulated: Floats, observed: Floats) -> dict[str, float]:
    """``r2``, ``geh_below_5`` (share), ``ratio`` and ``n`` of hourly flows."""
    total = simulated + observed
    geh = np.sqrt(2 * (simulated - observed) ** 2 / np.where(total > 0, total, 1.0))
    varied = np.ptp(simulated) > 0 and np.ptp(observed) > 0
    return {
        "r2": round(float(np.corrcoef(simulated, observed)[0, 1] ** 2), 4) if varied else 0.0,
        "geh_below_5": round(float(np.mean(geh < 5)), 4),
        "ratio": round(float(simulated.sum() / observed.sum()), 4),
        "n": float(len(observed)),
    }


def _verdict(
    setting: Setting,
    observed: Observed,
    by_stream: Mapping[str, float],
    splits: Mapping[str, Floats],
    cost: float,
    draws: Sequence[Mapping[str, float]],
) -> Calibration:
    hours = setting.window.end_hour - setting.window.start_hour
    points = tuple(
        (loop.id, "held_out", round(float(counted) / hours, 1), round(float(flow) / hours, 1))
        for loop, counted, flow in zip(observed.loops, observed.vehicles, splits["held_out"], strict=True)
    )
    found = {name: figures(flows / hours, observed.vehicles / hours) for name, flows in splits.items()}
    return Calibration(
        parameters={"by_stream": dict(by_stream), "by_hour": list(setting.by_hour)},
        figures=found,
        points=points,
        notes=(against_targets(found["held_out"], draws), *_notes(observed), _luck(draws)),
        cost_cpu_s=round(cost, 2),
    )


def against_targets(held_out: Mapping[str, float], draws: Sequence[Mapping[str, float]]) -> str:
    """Whether streets without a loop are as well predicted as the twin set out to, and in how many draws of them."""
    r2, geh, ratio = held_out["r2"], held_out["geh_below_5"], held_out["ratio"]
    often = sum(one["r2"] >= LEAST_R2 and one["geh_below_5"] >= LEAST_GEH for one in draws)
    met = r2 >= LEAST_R2 and geh >= LEAST_GEH and abs(ratio - 1.0) <= MOST_OFF and 2 * often > len(draws)
    return (
        f"{'Target met' if met else 'Target not met in general'}: for streets without a loop it is R² of at least "
        f"{LEAST_R2:.2f}, GEH < 5 for {LEAST_GEH:.0%} and a total within {MOST_OFF:.0%}; held out are R² {r2:.2f}, "
        f"GEH < 5 for {geh:.0%} and a total of {ratio:.2f}, and of {len(draws)} other draws {often} reach R² and GEH."
    )


def _luck(draws: Sequence[Mapping[str, float]]) -> str:
    r2, geh = ([one[name] for one in draws] for name in ("r2", "geh_below_5"))
    return (
        f"Held-out figures hang on which streets happen to be left out together: for {len(draws)} other draws the fit "
        f"alone (no queues) gives R² {min(r2):.2f} to {max(r2):.2f} and GEH < 5 for {min(geh):.0%} to {max(geh):.0%}."
    )


def _notes(observed: Observed) -> tuple[str, ...]:
    left_out = ", ".join(day.isoformat() for day in observed.left_out_days) or "none"
    low, high = np.percentile(observed.daily_levels or (1.0,), (5, 95))
    return (
        f"{len(observed.loops)} loops on simulated streets with at least ten ordinary working days each, "
        f"{observed.days[0].isoformat()} to {observed.days[-1].isoformat()}.",
        f"Held-out: {FOLDS}-fold cross-validation over streets; each loop is predicted by a fit that did not "
        "see its street. Neighbouring streets share traffic, so this is not proof for streets far from any loop.",
        f"Working days left out because traffic was below 80 % of usual: {left_out}.",
        f"Ordinary days vary between {low:.2f} and {high:.2f} of the median day (5th to 95th percentile).",
    )
