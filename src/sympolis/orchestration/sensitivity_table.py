"""The record of an analysis, and its table: what each input explains, and what would be left if it were known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sympolis.domain.scenario import RunStatus
from sympolis.orchestration.chain_points import Unknown
from sympolis.orchestration.run import Problem

CHANCE_TITLE = {
    "it": "Il caso (giorni diversi a parità di tutto)",
    "de": "Zufall (verschiedene Tage bei sonst Gleichem)",
    "en": "Chance (different days, all else equal)",
}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis from its start to its table. ``inputs`` are (name, low, high); chance comes last, from 0 to 1."""

    run: str
    points: int
    members: int
    inputs: tuple[tuple[str, float, float], ...]
    started_at: datetime
    status: RunStatus = RunStatus.RUNNING
    share: float = 0.0
    finished_at: datetime | None = None
    cost_cpu_s: float = 0.0
    error: Problem | None = None
    indicators: tuple[Json, ...] = ()
    change: bool = False
    """Whether the change against the world as it is was analysed; records of before chains say so by their run."""
    estimate_cpu_s: float = 0.0
    """What it was expected to cost before it began."""


def outcomes_of(
    own: Sequence[Mapping[str, float]], without: Sequence[Mapping[str, float]]
) -> Mapping[str, list[float]]:
    """Each indicator's value at every point, minus the world as it is at that point where it was run, too."""
    return {
        name: [one[name] - (without[place][name] if without else 0.0) for place, one in enumerate(own)]
        for name in own[0]
    }


def indicator(
    name: str,
    outcomes: Sequence[float],
    table: Sequence[Mapping[str, float]],
    analysis: Analysis,
    described: Mapping[str, Unknown],
) -> Json:
    """The table of one indicator from its values at the design's points and the indices of its inputs."""
    independent = sorted(
        outcomes[: 2 * analysis.points]
    )  # the samples A and B: drawn as an ensemble would be
    half = (_quantile(independent, 0.95) - _quantile(independent, 0.05)) / 2
    inputs = [
        _input(bounds, indices, half, described)
        for bounds, indices in zip(analysis.inputs, table, strict=False)
    ]
    inputs.sort(key=lambda one: -float(one["first"]))
    return {"name": name, "half_width": float(f"{half:.4g}"), "varies": bool(table), "inputs": inputs}


def _input(
    bounds: tuple[str, float, float],
    indices: Mapping[str, float],
    half: float,
    described: Mapping[str, Unknown],
) -> Json:
    name, low, high = bounds
    unknown = described.get(name)
    known = unknown.described if unknown else None
    return {
        "name": name,
        "model": unknown.model if unknown else "",
        "title": dict(known.title) if known else CHANCE_TITLE,
        "unit": known.unit if known else "",
        "range": [low, high] if known else None,
        "source": known.source if known else "",
        "knowable": known is not None,
        **{key: round(value, 4) for key, value in indices.items()},
        "half_width_if_known": float(f"{narrowed(half, indices['first']):.4g}"),
    }


def narrowed(half_width: float, first: float) -> float:
    """Half the width of an interval once an input with this first-order index is known.

    The variance left is ``1 - first`` of what it was, on average over what the input may turn out to be; an interval's
    width goes with its root. Estimates outside [0, 1] are noise and cut off.
    """
    return half_width * math.sqrt(1.0 - min(max(first, 0.0), 1.0))


def _quantile(values: Sequence[float], share: float) -> float:
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])
