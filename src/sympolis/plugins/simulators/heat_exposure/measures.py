"""What a measure does to the ground, the shade, the air and the people of each area, and what it costs; what is
refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.scenario import Override
from sympolis.plugins.simulators.heat_exposure import cells, ground, offer, settings
from sympolis.plugins.simulators.heat_exposure.prepared import Prepared

Values = NDArray[np.float64]

MOST_TREES_PER_HA = 150.0
"""Of the target's public ground: closer they do not grow to the crowns assumed."""
LEAST_SUN = 0.05
"""Some sun is left however much is planted."""
AT_HOME = 0.3
"""Share of an area's people over 65 who could be in a shelter at once."""


@dataclass(slots=True)
class Effect:
    """What all measures of a member do together; arrays have one entry an area."""

    surface_k: Values
    cell_k: Values | None
    shade: Values
    """Share of the public ground newly shaded, and the sun that still arrives there."""
    transmitted: Values
    cooler_air_k: Values
    misted: Values
    misted_k: Values
    sheltered_h: Values
    """Person-hours a day."""
    moved: Values
    investment_eur: float = 0.0
    yearly_eur: float = 0.0


@dataclass(frozen=True, slots=True)
class Where:
    """The cells of one override, each area's share of them, and the share of each area that they are."""

    mask: NDArray[np.bool_]
    of_target: Values
    of_area: Values


def no_effect(prepared: Prepared) -> Effect:
    """The world as it is."""

    def nothing() -> Values:
        return np.zeros(len(prepared.areas.ids))

    return Effect(
        surface_k=nothing(), cell_k=None, shade=nothing(), transmitted=nothing(), cooler_air_k=nothing(),
        misted=nothing(), misted_k=nothing(), sheltered_h=nothing(), moved=nothing(),
    )  # fmt: skip


def target(prepared: Prepared, override: Override) -> Where:
    """Where an override applies."""
    if "features" in override.where:
        wanted = set(override.where["features"])
        numbers = [n for n, name in enumerate(prepared.areas.ids) if name in wanted]
        mask = np.isin(prepared.area_of, numbers)
    else:
        mask = cells.inside(override.where["polygon"], prepared.longitude, prepared.latitude)
        mask &= prepared.area_of >= 0
    count = np.bincount(prepared.area_of[mask], minlength=len(prepared.areas.ids)).astype(float)
    return Where(mask, count / max(count.sum(), 1.0), count / np.maximum(prepared.areas.cells, 1.0))


def refusals(prepared: Prepared, overrides: Sequence[Override]) -> list[str]:
    """Reasons, in plain words, why these overrides are not allowed."""
    found = []
    for override in overrides:
        where = target(prepared, override)
        if not where.mask.any():
            found.append(f"{override.measure}: no part of the modelled areas lies in the place named")
        elif override.measure == offer.PLANT_TREES.name:
            hectares = where.mask.sum() * prepared.frame.cell_m2 / 1e4 * settings.value_of("public_space", {})
            trees = float(override.parameters.get("trees", offer.PLANT_TREES.parameters[0].default))
            if trees > MOST_TREES_PER_HA * hectares:
                found.append(
                    f"plant_trees: {trees:.0f} trees do not fit on some {hectares:.1f} ha of public ground: "
                    f"at most {MOST_TREES_PER_HA * hectares:.0f}"
                )
    return found


def carry_out(
    prepared: Prepared, overrides: Sequence[Override], parameters: Mapping[str, Any], draw: int
) -> Effect:
    """All measures together. ``draw`` picks a refit of the surface model."""
    effect = no_effect(prepared)
    planted = np.zeros(prepared.frame.shape)
    for override in overrides:
        where = target(prepared, override)
        given = _complete(override)
        context = _Context(prepared, _public_m2(prepared, parameters), parameters)
        _ACTS[override.measure](effect, where, given, context)
        if override.measure == offer.PLANT_TREES.name:
            planted[where.mask] += given["trees"] / where.mask.sum()
    if planted.any() and "trees" in prepared.layers:
        effect.cell_k = _planted_k(prepared, planted, draw)
        effect.surface_k = area_means(prepared, effect.cell_k)
    effect.shade = np.minimum(effect.shade, np.maximum(1 - LEAST_SUN - prepared.areas.shade, 0.0))
    return effect


def _complete(override: Override) -> dict[str, float]:
    measure = next(m for m in offer.MEASURES if m.name == override.measure)
    return {p.name: float(override.parameters.get(p.name, p.default)) for p in measure.parameters}


def _public_m2(prepared: Prepared, parameters: Mapping[str, Any]) -> Values:
    area: Values = (
        prepared.areas.cells * prepared.frame.cell_m2 * settings.value_of("public_space", parameters)
    )
    return np.maximum(area, 1.0)


def _planted_k(prepared: Prepared, planted: Values, draw: int) -> Values:
    """Change of surface temperature [K] by cell, from the fitted model with more trees."""
    before = ground.predictors({"trees": prepared.layers["trees"]}, prepared.frame)
    after = ground.predictors({"trees": prepared.layers["trees"] + planted}, prepared.frame)
    change = np.zeros(prepared.frame.shape)
    for name in ("trees_near", "trees_wide"):
        change += prepared.model.part(name, after[name], draw) - prepared.model.part(name, before[name], draw)
    return np.where(prepared.usable, change, 0.0)


def area_means(prepared: Prepared, values: Values) -> Values:
    """Mean over each area's usable cells; 0 where it has none."""
    inside = (prepared.area_of >= 0) & prepared.usable
    count = np.bincount(prepared.area_of[inside], minlength=len(prepared.areas.ids))
    total = np.bincount(prepared.area_of[inside], weights=values[inside], minlength=len(prepared.areas.ids))
    return np.asarray(total / np.maximum(count, 1))


@dataclass(frozen=True, slots=True)
class _Context:
    prepared: Prepared
    public_m2: Values
    parameters: Mapping[str, Any]


def _shade(effect: Effect, where: Where, square_metres: float, transmitted: float, context: _Context) -> None:
    added = where.of_target * square_metres / context.public_m2
    total = effect.shade + added
    mixed = effect.shade * effect.transmitted + added * transmitted
    effect.transmitted = np.where(total > 0, mixed / np.maximum(total, 1e-12), effect.transmitted)
    effect.shade = total


def _pay(effect: Effect, context: _Context, investment: float, lifetime: float, upkeep: float) -> None:
    effect.investment_eur += investment
    effect.yearly_eur += (
        investment * annuity(settings.value_of("interest", context.parameters), lifetime) + upkeep
    )


def annuity(interest: float, years: float) -> float:
    """Yearly payment per euro invested, over ``years`` at ``interest``."""
    return interest / (1 - (1 + interest) ** -years) if interest > 0 else 1.0 / years


def _plant(effect: Effect, where: Where, given: Mapping[str, float], context: _Context) -> None:
    _shade(effect, where, given["trees"] * given["crown"], given["transmitted"], context)
    _pay(
        effect, context, given["trees"] * given["price"], given["lifetime"], given["trees"] * given["upkeep"]
    )


def _sails(effect: Effect, where: Where, given: Mapping[str, float], context: _Context) -> None:
    size = given["square_metres"]
    _shade(effect, where, size, given["transmitted"], context)
    _pay(effect, context, size * given["price"], given["lifetime"], size * given["upkeep"])


def _roofs(effect: Effect, where: Where, given: Mapping[str, float], context: _Context) -> None:
    treated = given["roof_share"] * given["built"]
    effect.cooler_air_k += where.of_area * treated * given["brighter"] / 0.1 * given["cooling"]
    size = float(where.mask.sum()) * context.prepared.frame.cell_m2 * treated
    _pay(effect, context, size * given["price"], given["lifetime"], 0.0)


def _mist(effect: Effect, where: Where, given: Mapping[str, float], context: _Context) -> None:
    added = np.minimum(where.of_target * given["points"] * given["reach"] / context.public_m2, 1.0)
    effect.misted_k = np.maximum(effect.misted_k, np.where(added > 0, given["cooling"], 0.0))
    effect.misted = np.minimum(effect.misted + added, 1.0)
    points = given["points"]
    _pay(effect, context, points * given["price"], given["lifetime"], points * given["upkeep"])


def _shelter(effect: Effect, where: Where, given: Mapping[str, float], context: _Context) -> None:
    days = context.prepared.weather.hot_days_a_year
    inside = where.of_target * given["shelters"] * given["places"] * given["used"]
    effect.sheltered_h += np.minimum(inside, AT_HOME * context.prepared.areas.old) * given["hours"]
    effect.yearly_eur += given["shelters"] * given["hours"] * given["hourly_cost"] * days


def _shift(effect: Effect, where: Where, given: Mapping[str, float], _context: _Context) -> None:
    effect.moved = 1 - (1 - effect.moved) * (1 - where.of_area * given["share"])
    effect.yearly_eur += given["yearly_cost"]


_ACTS: Mapping[str, Callable[[Effect, Where, Mapping[str, float], _Context], None]] = {
    offer.PLANT_TREES.name: _plant,
    offer.SHADE_SAILS.name: _sails,
    offer.COOL_ROOFS.name: _roofs,
    offer.MISTING.name: _mist,
    offer.SHELTERS.name: _shelter,
    offer.SHIFT_HOURS.name: _shift,
}
