"""Who is represented by a dataset: the share of residents within reach of what it measures, for all and for each group.

Residents are taken to live evenly over their statistical area, which is not so; and areas are few. The interval around
each figure is that of a bootstrap over areas (Efron 1979, doi:10.1214/aos/1176344552): what would be found in a city
with other areas like these. A group is said to be under-represented only where the whole interval lies below the
threshold, and perhaps so where the figure alone does. Needs numpy and shapely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]

THRESHOLD: Final = 0.8
"""A group reached less than this, against all, is under-represented: the four-fifths rule of 29 CFR 1607.4 (D), taken
over as a convention; it is a reason to look, not a verdict."""
LEVEL: Final = 0.9
_DRAWS: Final = 1000
_SEED: Final = 20240601
_FRAGILE_QUARTILE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Area:
    """A statistical area: its shape in metres, its residents, residents of each group, and how fragile it is."""

    id: str
    name: str
    shape: BaseGeometry
    residents: float
    groups: Mapping[str, float]
    fragility: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of residents. ``value``: their share within reach (or their mean amount); ``ratio``: to that of all."""

    id: str
    residents: float
    value: float
    low: float
    high: float
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    verdict: str = "represented"
    """``represented``, ``perhaps under-represented`` or ``under-represented``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The coverage of a city. ``measure``: ``reach`` (a share) or ``per_1000`` (an amount per 1,000 residents)."""

    measure: str
    groups: tuple[Group, ...]
    """All residents first."""
    areas: tuple[dict[str, Any], ...]
    """Each area with its value, the least covered first."""

    @property
    def flagged(self) -> list[str]:
        """Ids of the groups that are under-represented, perhaps so included."""
        return [one.id for one in self.groups if one.verdict != "represented"]

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        shown = {**asdict(self), "flagged": self.flagged, "threshold": THRESHOLD, "level": LEVEL}
        return {**shown, "assumption": "residents live evenly over their statistical area"}


def reach(areas: Sequence[Area], things: Sequence[BaseGeometry], radius_m: float) -> Coverage:
    """The share of residents who live within ``radius_m`` of one of ``things`` (shapes in metres)."""
    near = shapely.union_all(shapely.buffer(np.array(things, dtype=object), radius_m)) if things else None
    values = [0.0 if near is None else _share(area.shape, near) for area in areas]
    return _coverage("reach", areas, np.array(values))


def _share(shape: BaseGeometry, near: BaseGeometry) -> float:
    return float(shape.intersection(near).area / shape.area) if shape.area else 0.0


def per_resident(areas: Sequence[Area], amounts: Mapping[str, float]) -> Coverage:
    """What there is in an area (by its id), such as trees, for every 1,000 of its residents."""
    values = [1000 * amounts.get(area.id, 0.0) / area.residents if area.residents else 0.0 for area in areas]
    return _coverage("per_1000", areas, np.array(values))


def _coverage(measure: str, areas: Sequence[Area], values: Floats) -> Coverage:
    weights = {"all": np.array([area.residents for area in areas]), **_groups(areas)}
    draws = np.random.default_rng(_SEED).integers(0, len(areas), (_DRAWS, len(areas)))
    everybody = weights["all"]
    mean = float((everybody * values).sum() / everybody.sum()) if everybody.sum() else 0.0
    means = _drawn(everybody, values, draws)
    groups = tuple(
        _group(name, own, values, draws, mean, means) for name, own in weights.items() if own.sum()
    )
    rows = sorted(
        (
            {"id": area.id, "name": area.name, "residents": area.residents, "value": round(float(value), 4)}
            for area, value in zip(areas, values, strict=True)
        ),
        key=lambda one: (one["value"], one["id"]),
    )
    return Coverage(measure=measure, groups=groups, areas=tuple(rows))


def _groups(areas: Sequence[Area]) -> dict[str, Floats]:
    """Residents of each group by area; those of the most fragile quarter of areas are a group of their own."""
    names = sorted({name for area in areas for name in area.groups})
    found = {name: np.array([area.groups.get(name, 0.0) for area in areas]) for name in names}
    known = [area.fragility for area in areas if area.fragility is not None]
    if known:
        limit = float(np.quantile(known, _FRAGILE_QUARTILE))
        found["most-fragile-areas"] = np.array(
            [
                area.residents if area.fragility is not None and area.fragility >= limit else 0.0
                for area in areas
            ]
        )
    return found


def _drawn(weights: Floats, values: Floats, draws: npt.NDArray[np.int64]) -> Floats:
    total = weights[draws].sum(axis=1)
    found: Floats = np.divide(
        (weights * values)[draws].sum(axis=1), total, out=np.full(total.size, np.nan), where=total > 0
    )
    return found


def _group(
    name: str,
    weights: Floats,
    values: Floats,
    draws: npt.NDArray[np.int64],
    mean: float,
    means: Floats,
) -> Group:
    """``mean``: the value of all residents; ``means``: the same in each draw."""
    value = float((weights * values).sum() / weights.sum())
    drawn = _drawn(weights, values, draws)
    low, high = _interval(drawn)
    figures = {
        "id": name,
        "residents": float(weights.sum()),
        "value": round(value, 4),
        "low": low,
        "high": high,
    }
    if name == "all" or mean == 0:
        return Group(**figures)  # type: ignore[arg-type]
    ratio = value / mean
    ratio_low, ratio_high = _interval(
        np.divide(drawn, means, out=np.full(drawn.size, np.nan), where=means > 0)
    )
    verdict = "represented"
    if ratio < THRESHOLD:
        verdict = "under-represented" if ratio_high < THRESHOLD else "perhaps under-represented"
    return Group(
        **figures,  # type: ignore[arg-type]
        ratio=round(ratio, 4),
        ratio_low=ratio_low,
        ratio_high=ratio_high,
        verdict=verdict,
    )


def _interval(drawn: Floats) -> tuple[float, float]:
    known = drawn[np.isfinite(drawn)]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(known, (tail, 1 - tail)) if known.size else (0.0, 0.0)
    return round(float(low), 4), round(float(high), 4)
