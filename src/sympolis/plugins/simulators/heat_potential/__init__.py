"""What the ground, roofs and sewage of a city could give in heat, block by block, assumptions stated.

The potential analysis of a municipal heat plan (§ 16 Wärmeplanungsgesetz), as far as outlines, weather and people tell.
Roofs for electricity are another model's business; river, deep ground and industry are not guessed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from sympolis.domain.errors import OverrideRefused
from sympolis.domain.scenario import Override, Window
from sympolis.plugins import places
from sympolis.plugins.declaring import texts
from sympolis.plugins.simulator import (
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
from sympolis.plugins.simulators.heat_potential import ground, settings
from sympolis.plugins.simulators.heat_potential.ground import Ground, Potential


class HeatPotential(Simulator):
    """One member is one set of assumptions; it takes a few thousandths of a second."""

    id: ClassVar[str] = "heat_potential"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[Mapping[str, str]] = texts("Heat potential", "Potenziale di calore", "Wärmepotenzial")
    description: ClassVar[Mapping[str, str]] = texts(
        "What ground, roofs and sewage could give in heat.",
        "Quanto calore potrebbero dare suolo, tetti e acque reflue.",
        "Welche Wärme Boden, Dächer und Abwasser geben könnten.",
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
        """Sum outlines by block and read the typical year."""
        ground.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Reasons why these overrides are not allowed."""
        model = ground.load(folder)
        return [
            f"{override.measure}: no planning block lies there"
            for override in overrides
            if not len(places.touched(model.blocks, model.points, override.where))
        ]

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """What there is, under one set of assumptions."""
        began = time.process_time()
        progress(0.0, "ground, roofs and sewage")
        if reasons := self.check(folder, member.overrides, member.window):
            raise OverrideRefused("; ".join(reasons))
        model = ground.load(folder)
        given = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
        found = ground.potential(model, given, ground.allowed(model, member.overrides))
        unknown = int(np.isnan(model.open_m2).sum())
        return MemberResult(
            features=model.blocks,
            fields={
                "ground_heat": [found.ground.tolist()],
                "solar_heat": [found.solar.tolist()],
                "open_ground": [(model.open_m2 / 1e4).tolist()],
                "roofs": [model.roofs_m2.tolist()],
            },
            indicators=_indicators(model, found),
            warnings=(f"{unknown} blocks have no outlines: their ground and roofs are not counted",)
            if unknown
            else (),
            cost_cpu_s=round(time.process_time() - began, 3),
        )


def _indicators(model: Ground, found: Potential) -> dict[str, float]:
    return {
        "ground_heat": float(np.nansum(found.ground)) / 1e3,
        "solar_heat": float(np.nansum(found.solar)) / 1e3,
        "sewage_heat": found.sewage / 1e3,
        "open_ground": float(np.nansum(model.open_m2)) / 1e4,
        "roofs": float(np.nansum(model.roofs_m2)) / 1e4,
        **{name: model.facts[name] for name in ("radiation", "heating_hours", "heating_temperature")},
    }
