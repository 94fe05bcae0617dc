"""What charging entry by emission class, or leaving it to permit holders, does to a city's car traffic.

Works for any city that has zones with hourly traffic, one cordon around them whose inflow is known, and its fleet by
Euro class. Behaviour, circulation and emissions follow the public civic-digital-twins mobility example.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

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
from sympolis.plugins.simulators.mobility_policy import calibration, policies, settings, zones
from sympolis.plugins.simulators.mobility_policy.day import Day, given_day


class MobilityPolicy(Simulator):
    """One member is one set of habits (the charge at which half give in is not known); it takes some milliseconds."""

    id: ClassVar[str] = "mobility_policy"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {
        "en": "Mobility policy",
        "it": "Politiche di mobilità",
        "de": "Verkehrspolitik",
    }
    description: ClassVar[Mapping[str, str]] = {
        "en": "What charging entry by emission class or extending the low-traffic zone changes.",
        "it": "Che cosa cambia con un ticket per classe di emissione o con una ZTL estesa.",
        "de": "Was eine Einfahrtgebühr nach Schadstoffklasse oder eine größere verkehrsarme Zone ändert.",
    }
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = settings.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = settings.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = settings.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = ("zones",)

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Read zones, cordon and fleet, and which zones lie beside which."""
        zones.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:
        """Reasons why these overrides are not allowed."""
        return policies.refusals(zones.load(folder), overrides, window)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """The day as it is, then what each measure makes of it."""
        started = time.process_time()
        progress(0.0, "how drivers answer")
        model = zones.load(folder)
        reasons = policies.refusals(model, member.overrides, member.window)
        if reasons:
            raise OverrideRefused("; ".join(reasons))
        given = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
        day = given_day(model, given, member.calibration.get("by_hour"))
        for override in member.overrides:
            day.apply(policies.read(model, override), policies.habits(given))
        progress(1.0, "done")
        return _result(model, day, member.window, time.process_time() - started)

    def calibrate(
        self,
        folder: Path,
        inputs: Inputs,
        window: Window,  # noqa: ARG002
        seed: int,
        progress: Progress,
    ) -> Calibration:
        """Fit the shape of the day to counting loops; see ``calibration``. The window does not matter."""
        return calibration.calibrate(zones.load(folder), inputs.get("counts", ()), seed, progress)


def _result(model: zones.Model, day: Day, window: Window, cost_cpu_s: float) -> MemberResult:
    hours: Any = slice(window.start_hour, window.end_hour)
    return MemberResult(
        features=tuple(model.zones),
        fields={
            "vehicles": day.vehicles()[:, hours].T.tolist(),
            "older": day.older()[:, hours].T.tolist(),
            "nox": day.nox_g()[:, hours].T.tolist(),
        },
        indicators=day.figures(window),
        warnings=tuple(day.warnings),
        cost_cpu_s=round(cost_cpu_s, 4),
    )
