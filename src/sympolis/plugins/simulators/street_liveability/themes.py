"""What each street is like, theme by theme, as a score from 0 (bad) to 100 (good) between declared thresholds.

A score rises linearly between the two thresholds of its theme and stays at 0 or 100 beyond them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sympolis.plugins import cnossos
from sympolis.plugins.simulators.street_liveability.classes import STREETS
from sympolis.plugins.simulators.street_liveability.network import Graph, Values, Walks
from sympolis.plugins.simulators.street_liveability.settings import THEMES
from sympolis.plugins.simulators.street_liveability.state import State
from sympolis.plugins.simulators.street_liveability.town import Town

LIGHT_TRAFFIC, HEAVY_TRAFFIC = 2_000.0, 16_000.0
"""Vehicles a day of the light and the heavy street of Appleyard and Lintell 1972 (J. Am. Inst. Planners 38, 84)."""
WALKING_KMH, FAST_KMH = 10.0, 50.0
"""Walking pace, and the speed at which a pedestrian hit dies more than five times as often as at 30 (Rosén and Sander
2009, DOI 10.1016/j.aap.2009.02.002)."""
QUIET_DB, LOUD_DB = 53.0, 73.0
"""WHO 2018, Environmental noise guidelines for the European Region: below 53 dB Lden; 20 dB more is declared as 0."""
QUIETEST_DB = 40.0
"""Nothing in a town is quieter by day; declared."""
CLEAN_NO2, DIRTY_NO2 = 10.0, 40.0
"""Yearly means [µg/m3]: guideline of the WHO 2021; limit of Directive 2008/50/EC (20 from 2030, Directive (EU)
2024/2881, scores 67)."""
NEAR_GREEN_M, FAR_GREEN_M = 300.0, 900.0
"""WHO Regional Office for Europe 2017, Urban green spaces: a brief for action: within 300 m; 900 is declared."""
NEAR_MIN, REACH_MIN = 5.0, 15.0
"""The 15-minute city (Moreno et al. 2021, DOI 10.3390/smartcities4010006); full marks within 5 are declared."""
FARTHEST_MIN = 60.0
"""What cannot be reached counts as this far in the mean of the minutes."""
CROWDED_SHARE = 0.9
"""Today's street with more walkers per metre than nine in ten scores 0; relative, therefore a proxy."""
STRIP_KM = 2 * (10 + 15) / 1000
"""People live in a strip on both sides: 10 m from the axis to the façade, 15 m deep, as in the noise model."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Lists by section. ``scores`` by theme, NaN where unknown; ``crowded`` is the load that scores 0."""

    scores: Mapping[str, Values]
    total: Values
    noise_db: Values
    traffic_no2: Values
    minutes: Values
    """Mean over the kinds of places of the minutes to the nearest."""
    kinds: Values
    crowded: float


def ramp(values: Values, good: float, bad: float) -> Values:
    """100 at ``good`` and better, 0 at ``bad`` and worse, linear between."""
    return np.asarray(100 * np.clip((bad - values) / (bad - good), 0.0, 1.0) + 0.0)


def judge(town: Town, state: State, given: Mapping[str, float], crowded: float | None = None) -> Judged:
    """Every theme of every section. ``crowded`` is today's, where measures are judged against it."""
    noise, reaching = _noise(town, state, given), _reaching(town, state.flow)
    no2 = reaching * town.per_traffic * given["kerb_no2"]
    graph = Graph(town.starts, town.ends, town.length_m)
    walks = _walks(town, state, graph)
    minutes = np.array([graph.from_middles(one) for one in walks]) / given["walking_speed"] / 60
    load = _load(town, state, graph, walks)
    limit = crowded if crowded is not None else float(np.quantile(load, CROWDED_SHARE))
    unknown = np.full(len(town.ids), np.nan)
    scores = {
        "traffic": _traffic(town, state),
        "noise": ramp(noise, QUIET_DB, LOUD_DB),
        "shade": ramp(state.shade, given["shade_goal"], 0.0),
        "air": unknown if town.background is None else ramp(town.background + no2, CLEAN_NO2, DIRTY_NO2),
        "green": ramp(np.array(town.green_m), NEAR_GREEN_M, FAR_GREEN_M),
        "access": ramp(minutes, NEAR_MIN, REACH_MIN).mean(axis=0) if walks else unknown,
        "crowding": ramp(load, 0.0, limit) if limit > 0 else unknown,
    }
    return Judged(
        scores=scores,
        total=_weighted(scores, given),
        noise_db=noise,
        traffic_no2=no2,
        minutes=np.minimum(minutes, FARTHEST_MIN).mean(axis=0) if walks else np.zeros(len(town.ids)),
        kinds=(minutes <= REACH_MIN).sum(axis=0).astype(float) if walks else np.zeros(len(town.ids)),
        crowded=limit,
    )


def _traffic(town: Town, state: State) -> Values:
    """Mean of the scores for vehicles and for speed on the road beside; 100 where there is none."""
    beside = np.array(town.beside)
    volume, pace = (
        ramp(state.flow, LIGHT_TRAFFIC, HEAVY_TRAFFIC),
        ramp(state.speed_kmh, WALKING_KMH, FAST_KMH),
    )
    both = (volume + np.where(state.flow > 0, pace, 100.0)) / 2
    return np.where(beside >= 0, both[beside], 100.0)


def _reaching(town: Town, strength: Values) -> Values:
    """Sum over the roads near each section of strength times weight."""
    found = np.zeros(len(town.ids))
    if town.near:
        table = np.array(town.near)
        np.add.at(found, table[:, 0].astype(int), strength[table[:, 1].astype(int)] * table[:, 2])
    return found


def _noise(town: Town, state: State, given: Mapping[str, float]) -> Values:
    """Level by day [dB(A)] beside the lane: the CNOSSOS-EU source, straight pieces of road, no screening."""
    hourly, energy = state.flow * given["day_share"], np.zeros(len(town.ids))
    shares = {"1": 1 - given["heavy_share"], "2": given["heavy_share"]}
    for category, share in shares.items():
        power = cnossos.vehicle_power_db(category, state.speed_kmh, cnossos.Conditions())
        line = cnossos.a_weighted_db(cnossos.line_power_db(power, hourly * share, state.speed_kmh))
        energy += 10 ** (line / 10)
    heard = _reaching(town, energy)
    with np.errstate(divide="ignore"):
        return np.asarray(np.maximum(10 * np.log10(heard) + given["canyon"], QUIETEST_DB))


def _walks(town: Town, state: State, graph: Graph) -> list[Walks]:
    places = [*town.places, *state.places]
    return [
        graph.walks([(junction, metres) for kind, junction, metres in places if kind == wanted])
        for wanted in town.kinds
    ]


def _load(town: Town, state: State, graph: Graph, walks: list[Walks]) -> Values:
    """Walkers per metre of width when everybody goes once to the nearest place of every kind."""
    load = np.zeros(len(town.ids))
    for one in walks:
        load += graph.load(one, people(town))
    return np.asarray(load / state.walkable_m)


def people(town: Town) -> Values:
    """People living along each section: the area's density over a strip, where houses have their doors."""
    lived_in = np.array([STREETS[name].lived_in for name in town.classes])
    return np.asarray(np.array(town.per_km2) * STRIP_KM * np.array(town.length_m) / 1000 * lived_in)


def _weighted(scores: Mapping[str, Values], given: Mapping[str, float]) -> Values:
    """Mean of the themes that are known, by their weights."""
    stack = np.array([scores[theme] for theme in THEMES])
    weights = np.array([given[f"weight_{theme}"] for theme in THEMES])[:, None] * np.isfinite(stack)
    total = weights.sum(axis=0)
    summed = (np.nan_to_num(stack) * weights).sum(axis=0)
    found: Values = np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
    return found
