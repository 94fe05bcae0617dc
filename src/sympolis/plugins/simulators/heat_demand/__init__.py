"""How much heat every building of a city needs in a year, and what refurbishing, new homes or milder winters change.

The first step of a municipal heat plan (stock analysis, § 15 Wärmeplanungsgesetz). Works for any city that has a table
of building outlines with floor areas, planning blocks, and statistics of living area and age by area.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sympolis.domain.errors import OverrideRefused
from sympolis.domain.scenario import Override, Window
from sympolis.plugins.declaring import texts
from sympolis.plugins.simulator import (
    Calibration,
    FieldSpec,
    IndicatorSpec,
    Inputs,
    Measure,
    Member,
    MemberResult,
    Need,
    Parameter,
    Progress,
    Simulator,
)
from sympolis.plugins.simulators.heat_demand import explaining, judging, measures, settings, single, stock
from sympolis.plugins.simulators.heat_demand.demand import (
    Demand,
    calibration_factor,
    demand,
    no_effect,
)
from sympolis.plugins.simulators.heat_demand.stock import UNKNOWN, USES, Stock

UNCALIBRATED = (
    "there is no official figure of the city's heat demand: the model is not calibrated, no residual is told"
)


class HeatDemand(Simulator):
    """One member is one set of figures for the stock; it takes a few hundredths of a second for 76,000 buildings."""

    id: ClassVar[str] = "heat_demand"
    version: ClassVar[str] = "1.1.0"
    title: ClassVar[Mapping[str, str]] = texts("Heat demand", "Fabbisogno di calore", "Wärmebedarf")
    description: ClassVar[Mapping[str, str]] = texts(
        "How much heat buildings need, and what refurbishing them changes.",
        "Quanto calore serve agli edifici e che cosa cambia risanandoli.",
        "Wie viel Wärme Gebäude brauchen und was ihre Sanierung ändert.",
    )
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = settings.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = settings.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = settings.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = ("blocks",)
    hours_matter: ClassVar[bool] = False
    period: ClassVar[Mapping[str, str]] = settings.PERIOD

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Join buildings, blocks and areas."""
        stock.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Reasons why these overrides are not allowed."""
        return measures.refusals(stock.load(folder), overrides)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """The stock as it is, calibrated; then what the measures make of it, with the same factor."""
        began = time.process_time()
        model = stock.load(folder)
        reasons = measures.refusals(model, member.overrides)
        if reasons:
            raise OverrideRefused("; ".join(reasons))
        progress(0.0, "the stock as it is")
        given = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
        today = demand(model, given, no_effect(model))
        factor = calibration_factor(today.total_gwh, given)
        progress(0.5, "the stock with the measures")
        effect = measures.effect_of(model, member.overrides)
        after = demand(model, given, effect) if member.overrides else today
        aimed = given["aimed_demand"] / factor
        explained = {
            **{
                name: part * factor
                for name, part in explaining.parts(model, given, effect, today, after).items()
            },
            "implied_rate": explaining.implied_rate(model, given, effect, member.overrides, aimed),
        }
        return MemberResult(
            features=model.blocks,
            fields=_fields(model, after, factor, effect.new_living),
            indicators={**_indicators(model, today, after, factor, given), **explained},
            warnings=model.notes if given["official_demand"] else (*model.notes, UNCALIBRATED),
            cost_cpu_s=round(time.process_time() - began, 3),
        )

    def detail(self, folder: Path, member: Member, target: Path, progress: Progress) -> int:
        """Every building's demand; see ``single.write`` for the columns."""
        progress(0.0, "building by building")
        given = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
        return single.write(stock.load(folder), given, member.overrides, target)

    def calibrate(
        self, folder: Path, inputs: Inputs, window: Window, seed: int, progress: Progress  # noqa: ARG002
    ) -> Calibration:  # fmt: skip
        """Judge floor area against published living area, on areas that the fit has not seen; see ``judging``."""
        progress(0.0, "living area against outlines")
        return judging.calibrate(stock.load(folder), seed)


def _fields(model: Stock, found: Demand, factor: float, new_living: Any) -> dict[str, list[list[float]]]:
    homes = model.by_block(found.homes) + found.new
    total = (homes + model.by_block(found.other)) * factor
    homes_share = 100 * homes * factor / np.where(total > 0, total, np.nan)
    old = model.ages[:, :2].sum(axis=1)[model.area]
    living = model.by_block(found.floor.living)
    before = 100 * model.by_block(found.floor.living * old) / np.where(living > 0, living, np.nan)
    fields = {
        "demand": total,
        "density": total / model.land_ha,
        "buildings": model.by_block((model.building > 0).astype(float)),
        "floor_area": living + model.by_block(found.floor.other) + new_living,
        "land": model.land_ha,
        "homes_share": homes_share,
        "before_1949": before,
    }
    return {name: [values.tolist()] for name, values in fields.items()}


def _indicators(
    model: Stock, today: Demand, after: Demand, factor: float, given: Mapping[str, Any]
) -> dict[str, float]:
    other = np.bincount(model.use, weights=after.other, minlength=len(USES)) * factor / 1e3
    homes = float(after.homes.sum() + after.new.sum()) * factor / 1e3
    living = float(after.floor.living.sum())
    official = given["official_demand"] or today.total_gwh
    return {
        "demand": after.total_gwh * factor,
        "uncalibrated": today.total_gwh,
        "residual": today.total_gwh - official,
        "calibration_factor": factor,
        "homes": homes,
        "commerce": float(other[USES.index("commerce")]),
        "public": float(other[USES.index("public")]),
        "industry": float(other[USES.index("industry")]),
        "other": float(other[UNKNOWN]),
        "per_living_area": float(after.homes.sum()) * factor * 1e3 / max(living, 1.0),
        "unknown_homes": 100 * after.floor.unknown_homes,
    }
