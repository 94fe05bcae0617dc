"""Vehicles a day on every stretch: counted where the twin counts, by the street's name or class elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sympolis.plugins.simulators.street_liveability.classes import STREETS

NEAR_M = 15.0
"""A counter belongs to the nearest road within this distance."""
LEAST_HOURS = 24 * 7
LEAST_COUNTED = 3
"""Stretches with counts from which a class takes its median from them."""


def flows(
    names: Sequence[str],
    classes: Sequence[str],
    lines: Sequence[BaseGeometry],
    counters: Sequence[Mapping[str, Any]],
    metres: Callable[[Mapping[str, Any]], BaseGeometry],
) -> tuple[list[float], list[bool], list[str]]:
    """Vehicles a day by section, whether they follow from counts there, and what must be said.

    Counters of one stretch are summed (lanes and directions); other stretches of that name and class take the mean.
    """
    counted = _counted(classes, lines, counters, metres)
    streets: dict[tuple[str, str], list[float]] = defaultdict(list)
    by_class: dict[str, list[float]] = defaultdict(list)
    for number, vehicles in counted.items():
        by_class[classes[number]].append(vehicles)
        if names[number]:
            streets[names[number], classes[number]].append(vehicles)
    typical = {name: street.vehicles for name, street in STREETS.items()}
    typical |= {name: median(found) for name, found in by_class.items() if len(found) >= LEAST_COUNTED}
    found, known = [], []
    for number, key in enumerate(zip(names, classes, strict=True)):
        same = [counted[number]] if number in counted else streets.get(key)
        found.append(float(np.mean(same)) if same else float(typical[key[1]]))
        known.append(bool(same))
    return found, known, [_said(known, classes, len(counted))]


def _said(known: Sequence[bool], classes: Sequence[str], stretches: int) -> str:
    roads = sum(STREETS[name].vehicles > 0 for name in classes)
    return f"traffic was counted on {stretches} stretches and follows from that on {sum(known)} of {roads} with cars"


def _counted(
    classes: Sequence[str],
    lines: Sequence[BaseGeometry],
    counters: Sequence[Mapping[str, Any]],
    metres: Callable[[Mapping[str, Any]], BaseGeometry],
) -> dict[int, float]:
    roads = [i for i, name in enumerate(classes) if STREETS[name].vehicles > 0]
    if not roads:
        return {}
    tree = shapely.STRtree([lines[i] for i in roads])
    found: dict[int, float] = defaultdict(float)
    for counter in counters:
        values = counter.get("series", {}).get("intensity", {}).get("values", ())
        if len(values) < LEAST_HOURS or "location" not in counter:
            continue
        near = tree.query_nearest(metres(counter["location"]), max_distance=NEAR_M, all_matches=False)
        for one in near[:1]:
            found[roads[int(one)]] += 24 * float(np.mean(np.asarray(values, dtype=float)))
    return dict(found)
