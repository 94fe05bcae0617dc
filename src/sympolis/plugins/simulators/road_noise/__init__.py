"""How loud the streets are, who hears it, and what less traffic, a lower limit or a quiet surface changes.

Works for any city that has road segments and travel demand; counting loops give it the whole day, areas the people.
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
from sympolis.plugins.simulators.road_noise import health, levels, measures, settings, streets


class RoadNoise(Simulator):
    """The European road source on an ordinary weekday, with a declared simple way to the façade."""

    id: ClassVar[str] = "road_noise"
    version: ClassVar[str] = "1.1.0"
    title: ClassVar[Mapping[str, str]] = {
        "en": "Road noise (CNOSSOS-EU)",
        "it": "Rumore stradale (CNOSSOS-EU)",
        "de": "Straßenlärm (CNOSSOS-EU)",
    }
    description: ClassVar[Mapping[str, str]] = {
        "en": "How loud the streets are at the façades, who is exposed, and what measures change.",
        "it": "Quanto rumore arriva alle facciate, chi vi è esposto e che cosa cambiano le misure.",
        "de": "Wie laut die Straßen an den Fassaden sind, wer betroffen ist und was Maßnahmen ändern.",
    }
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = settings.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = settings.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = settings.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = ("roads",)

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Read streets, traffic, the day's profile and who lives where."""
        streets.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:
        """Reasons why these overrides are not allowed."""
        return measures.refusals(streets.load(folder), overrides, window)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """Levels of one day."""
        started = time.process_time()
        progress(0.0, "sound power of the streets")
        found = streets.load(folder)
        reasons = measures.refusals(found, member.overrides, member.window)
        if reasons:
            raise OverrideRefused("; ".join(reasons))
        given: dict[str, Any] = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
        traffic, said = measures.traffic_of(found, member, given)
        noise = levels.noise(found, traffic, given)
        heard = levels.figures(noise, levels.people(found, given))
        progress(1.0, "done")
        return MemberResult(
            features=tuple(found.ids),
            fields={"sound_power": _rows(noise.power), "level": _rows(noise.facade)},
            indicators={**heard, **health.burden(heard["highly_annoyed"], given)},
            warnings=(*found.notes, *said),
            cost_cpu_s=round(time.process_time() - started, 4),
        )


def _rows(values: levels.Values) -> list[list[float]]:
    """A silent street has no level."""
    rows: list[list[float]] = np.where(np.isfinite(values), values, np.nan).tolist()
    return rows
