"""How much solar power the roofs of a city could give, roof by roof, in a typical year.

Works for any city that has a table of buildings with outlines, areas and an hourly year of weather.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sympolis.domain.errors import OverrideRefused
from sympolis.domain.scenario import Override, Window
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
from sympolis.plugins.simulators.solar_roofs import listing, roofs, settings, yielding


class SolarRoofs(Simulator):
    """Outline, orientation and hourly weather → power and yield of each roof and area."""

    id: ClassVar[str] = "solar_roofs"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {
        "en": "Solar power from roofs",
        "it": "Energia solare dai tetti",
        "de": "Solarstrom von Dächern",
    }
    description: ClassVar[Mapping[str, str]] = {
        "en": "What photovoltaics on each roof could give in a typical year.",
        "it": "Quanto potrebbe dare il fotovoltaico su ogni tetto in un anno tipico.",
        "de": "Was Photovoltaik auf jedem Dach in einem typischen Jahr liefern könnte.",
    }
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = settings.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = settings.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = settings.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = ("areas",)
    hours_matter: ClassVar[bool] = False
    period: ClassVar[Mapping[str, str]] = settings.PERIOD
    tables: ClassVar[Mapping[str, str]] = {"roofs": "roofs.parquet"}

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Find the faces of all roofs and what each direction yields; list every roof at the default parameters."""
        roofs.prepare(inputs, folder)
        found = roofs.load(folder)
        listing.write(found, yielding.harvest(found, _defaults()), folder / self.tables["roofs"])

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Measures are for areas that the twin has."""
        known = set(roofs.load(folder).areas)
        unknown = sorted({area for one in overrides for area in yielding.named(one)} - known)
        return [f"there is no area {area}" for area in unknown]

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """One typical year."""
        started = time.process_time()
        progress(0.0, "roofs")
        reasons = self.check(folder, member.overrides, member.window)
        if reasons:
            raise OverrideRefused("; ".join(reasons))
        city = roofs.load(folder)
        found = yielding.harvest(city, _defaults() | dict(member.parameters))
        used = yielding.shares(city, member.overrides)
        power, energy = yielding.by_area(city, found, used)
        suitable = np.bincount(city.area[(city.area >= 0) & (found.power_kw > 0)], minlength=len(city.areas))
        progress(1.0, "done")
        return MemberResult(
            features=city.areas,
            fields={"yield": [energy.tolist()], "capacity": [power.tolist()]},
            indicators={
                "capacity": float(power.sum()),
                "yield": float(energy.sum()),
                "suitable_roofs": float((suitable * used).sum()),
            },
            cost_cpu_s=round(time.process_time() - started, 4),
        )


def _defaults() -> dict[str, Any]:
    return {parameter.name: parameter.default for parameter in settings.PARAMETERS}
