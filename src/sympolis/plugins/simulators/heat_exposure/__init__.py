"""Who suffers where on a hot day, and what helps most per euro, from the twin's own areas, grids and weather.

Works for any city that has areas with people, a grid of surface temperatures and a record of daily temperatures; every
further grid (trees, albedo, land cover, streets) makes the model of surface temperature better.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from sympolis.domain.errors import OverrideRefused
from sympolis.domain.scenario import Override, Window
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
from sympolis.plugins.simulators.heat_exposure import (
    judging,
    measures,
    offer,
    outcome,
    prepared,
    results,
    settings,
)
from sympolis.plugins.simulators.heat_exposure.exposure import expose
from sympolis.plugins.simulators.heat_exposure.surface import REFITS


class HeatExposure(Simulator):
    """A run stands for one heat-wave day; it takes milliseconds, so both modes are the same."""

    id: ClassVar[str] = "heat_exposure"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {
        "en": "Heat on a hot summer day",
        "it": "Caldo in una giornata estiva torrida",
        "de": "Hitze an einem heißen Sommertag",
    }
    description: ClassVar[Mapping[str, str]] = {
        "en": "Who suffers where on a hot day, and what helps most per euro.",
        "it": "Chi soffre e dove in una giornata torrida, e che cosa aiuta di più per euro.",
        "de": "Wer an einem heißen Tag wo leidet, und was je Euro am meisten hilft.",
    }
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = offer.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = outcome.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = outcome.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = ("areas", "roads")
    hours_matter: ClassVar[bool] = False
    period: ClassVar[Mapping[str, str]] = settings.PERIOD

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Lay the grids over each other, fit the surface model, read the heat-wave day from the record."""
        prepared.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Reasons why these overrides are not allowed."""
        return measures.refusals(prepared.load(folder), overrides)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """The same day without and with the measures."""
        began = time.process_time()
        model = prepared.load(folder)
        progress(0.0, "the day as it is")
        reasons = measures.refusals(model, member.overrides)
        if reasons:
            raise OverrideRefused("; ".join(reasons))
        draw = 1 + int(np.random.default_rng(member.seed).integers(REFITS))
        base = expose(model, member.parameters, measures.no_effect(model))
        progress(0.5, "the day with the measures")
        effect = measures.carry_out(model, member.overrides, member.parameters, draw)
        after = expose(model, member.parameters, effect)
        return MemberResult(
            features=model.features,
            fields=results.fields(model, member.parameters, after, effect),
            indicators=results.indicators(model, member.parameters, base, after, effect),
            warnings=results.warnings(model, member.overrides),
            cost_cpu_s=round(time.process_time() - began, 3),
        )

    def calibrate(
        self, folder: Path, inputs: Inputs, window: Window, seed: int, progress: Progress  # noqa: ARG002
    ) -> Calibration:  # fmt: skip
        """Judge the surface model on blocks of the city that it has not seen; see ``judging``."""
        return judging.calibrate(folder, seed, progress)
