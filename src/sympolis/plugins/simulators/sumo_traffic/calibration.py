"""Fits the demand to counted traffic and says honestly how well the model then does where it did not look.

What is fitted is one factor per route: non-negative regularised least squares on the loops' mean weekday counts, with
the demand as it came, scaled to the counted total, as prior (a ridge-regularised form of origin-destination estimation
from counts: Cascetta 1984, DOI 10.1016/0191-2615(84)90012-2). How well it does is judged by cross-validation over
streets: the loops are split into ``FOLDS`` groups, loops of one street always together; each group is predicted by a
simulation whose fit has not seen it. The fit handed back uses all loops. ``training`` are that fit's figures,
``held_out`` the pooled predictions of the unseen groups, ``uncalibrated`` the demand as it came.

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
from scipy.optimize import lsq_linear

from sympolis.domain.errors import ModelFailed
from sympolis.domain.scenario import Window
from sympolis.plugins.simulator import Calibration
from sympolis.plugins.simulators.sumo_traffic import settings
from sympolis.plugins.simulators.sumo_traffic.counts import Counts, day_profile, ordinary_days, read_counts
from sympolis.plugins.simulators.sumo_traffic.demand import Level, draw_trips, hourly_vehicles
from sympolis.plugins.simulators.sumo_traffic.prepared import Prepared, load
from sympolis.plugins.simulators.sumo_traffic.simulation import Task, simulate

Floats = NDArray[np.float64]

FOLDS = 5
REGULARISATION = 0.03
"""Weight of the prior against the counts. Held-out figures move little between 0.003 and 0.1 (model card)."""
COUNT_SPREAD = 30.0
"""Added to a count before weighting by its square root: small counts are not known better than about five vehicles."""
MINIMUM_LOOPS = 6
_TIED = 1e4
"""Weight that ties timetabled traffic to its timetable."""


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
    return _verdict(setting, observed, _by_stream(prepared, fitted), splits, cost)


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


def fit(setting: Setting, matrix: Floats, vehicles: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Factors of the streams from the loops ``seen``: shape (streams,), none negative, timetables 1."""
    scheduled = np.array([stream.scheduled for stream in setting.prepared.streams])
    weight = 1 / np.sqrt(vehicles[seen] + COUNT_SPREAD)
    free = matrix[seen][:, ~scheduled].sum()
    scale = max(0.1, (vehicles[seen].sum() - matrix[seen][:, scheduled].sum()) / free) if free > 0 else 1.0
    size = np.array([sum(stream.departures) for stream in setting.prepared.streams])
    tie = np.where(scheduled, _TIED, np.sqrt(REGULARISATION * np.maximum(size, 1.0)))
    prior = np.where(scheduled, 1.0, scale)
    system = np.vstack([matrix[seen] * weight[:, None], np.diag(tie)])
    target = np.concatenate([vehicles[seen] * weight, tie * prior])
    return np.asarray(lsq_linear(system, target, bounds=(0, np.inf)).x)


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
) -> Calibration:
    hours = setting.window.end_hour - setting.window.start_hour
    points = tuple(
        (loop.id, "held_out", round(float(counted) / hours, 1), round(float(flow) / hours, 1))
        for loop, counted, flow in zip(observed.loops, observed.vehicles, splits["held_out"], strict=True)
    )
    return Calibration(
        parameters={"by_stream": dict(by_stream), "by_hour": list(setting.by_hour)},
        figures={name: figures(flows / hours, observed.vehicles / hours) for name, flows in splits.items()},
        points=points,
        notes=_notes(observed),
        cost_cpu_s=round(cost, 2),
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
