"""What a city's photovoltaics and wind turbines give in a typical year, from hourly weather and plant data.

The other way to that figure, installed capacity times fixed full-load hours, knows no weather; shown side by side, the
two say what the fixed hours take for granted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from sympolis.domain import errors
from sympolis.domain.scenario import Override, Window
from sympolis.plugins import sunlight
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
from sympolis.plugins.simulators.renewable_yield import settings, turbines

_KILO = 1_000.0


class RenewableYield(Simulator):
    """Capacity × full-load hours, the hours worked out from an hourly year."""

    id: ClassVar[str] = "renewable_yield"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {
        "en": "Yearly production of sun and wind",
        "it": "Produzione annua di sole e vento",
        "de": "Jahresertrag von Sonne und Wind",
    }
    description: ClassVar[Mapping[str, str]] = {
        "en": "What the installed plants give in a typical year, from weather and plant data.",
        "it": "Quanto danno gli impianti installati in un anno tipico, da meteo e dati degli impianti.",
        "de": "Was die installierten Anlagen in einem typischen Jahr liefern, aus Wetter und Anlagendaten.",
    }
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = settings.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = settings.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = settings.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = ("weather",)
    hours_matter: ClassVar[bool] = False
    period: ClassVar[Mapping[str, str]] = settings.PERIOD

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Keep the year and what stands. Raises ``ModelFailed`` where a carrier or an hour is missing."""
        weather = inputs["weather"][0]
        capacity = {one["id"].rpartition(":")[2]: one.get("installedCapacity") for one in inputs["carriers"]}
        missing = [name for name in settings.CARRIERS if capacity.get(name) is None]
        if missing:
            raise errors.ModelFailed(f"the installed capacity of {missing[0]} is not known", where="carriers")
        folder.mkdir(parents=True, exist_ok=True)
        sunlight.year_of(weather).write(folder / "year.npz")
        kept = {"place": weather["id"], "megawatts": {name: capacity[name] for name in settings.CARRIERS}}
        (folder / "plants.json").write_text(json.dumps(kept), encoding="utf-8")

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """More can be taken away than stands only by mistake."""
        return [
            f"of {carrier} less than nothing would be left ({megawatts:.1f} MW)"
            for carrier, megawatts in _capacities(_plants(folder), overrides).items()
            if megawatts < 0
        ]

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """One typical year with one set of properties."""
        started = time.process_time()
        progress(0.0, "weather")
        reasons = self.check(folder, member.overrides, member.window)
        if reasons:
            raise errors.OverrideRefused("; ".join(reasons))
        given = {one.name: one.default for one in settings.PARAMETERS} | dict(member.parameters)
        year, plants = sunlight.Year.read(folder / "year.npz"), _plants(folder)
        hours = {"pv": _sun_hours(year, given), "wind": turbines.full_load_hours(year, given)}
        megawatts = _capacities(plants, member.overrides)
        progress(1.0, "done")
        return MemberResult(
            features=(plants["place"],),
            fields={f"{name}_hours": [[value]] for name, value in hours.items()},
            indicators={
                **{f"{name}_production": megawatts[name] * hours[name] / _KILO for name in hours},
                **{f"{name}_hours": value for name, value in hours.items()},
            },
            cost_cpu_s=round(time.process_time() - started, 4),
        )


def _plants(folder: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((folder / "plants.json").read_text(encoding="utf-8"))
    return kept


def _capacities(plants: Mapping[str, Any], overrides: Sequence[Override]) -> dict[str, float]:
    found: dict[str, float] = dict(plants["megawatts"])
    for one in overrides:
        found[one.parameters["carrier"]] += one.parameters["megawatts"]
    return found


def _sun_hours(year: sunlight.Year, given: Mapping[str, Any]) -> float:
    tilt, south = given["pv_tilt"], given["south_share"]
    yields = sunlight.specific_yields(year, [(tilt, 180.0), (tilt, 90.0), (tilt, 270.0)])
    mixed = south * yields[0] + (1.0 - south) * (yields[1] + yields[2]) / 2
    return float(mixed * (1.0 - given["pv_losses"]) * given["sun_year"])
