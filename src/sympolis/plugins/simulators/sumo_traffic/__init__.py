"""Road traffic what-ifs with Eclipse SUMO, built from the twin's own entities.

Works for any city that has road segments, nodes and travel demand; counting loops make it calibrated.
"""

from __future__ import annotations

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
from sympolis.plugins.simulators.sumo_traffic import calibration, prepared, reach, settings
from sympolis.plugins.simulators.sumo_traffic.demand import Level, draw_trips
from sympolis.plugins.simulators.sumo_traffic.measures import Outcome, Plan, carry_out, make_plan, refusals
from sympolis.plugins.simulators.sumo_traffic.prepared import Prepared
from sympolis.plugins.simulators.sumo_traffic.simulation import Output, Task, cpu_s, simulate

JOB = "job"


class SumoTraffic(Simulator):
    """Mesoscopic runs answer within a second or two (``interactive``), microscopic ones thoroughly (``job``)."""

    id: ClassVar[str] = "sumo_traffic"
    version: ClassVar[str] = "1.4.0"
    title: ClassVar[Mapping[str, str]] = {
        "en": "Road traffic (SUMO)",
        "it": "Traffico stradale (SUMO)",
        "de": "Straßenverkehr (SUMO)",
    }
    description: ClassVar[Mapping[str, str]] = {
        "en": "What happens on the streets if one is closed, slowed down or charged.",
        "it": "Che cosa succede nelle strade se una viene chiusa, rallentata o messa a pagamento.",
        "de": "Was auf den Straßen geschieht, wenn eine gesperrt, verlangsamt oder bepreist wird.",
    }
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = settings.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = settings.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = settings.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Build SUMO's network from the entities and keep the demand beside it."""
        prepared.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:
        """Reasons why these overrides are not allowed."""
        return refusals(prepared.load(folder), overrides, window)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """Draw one day, carry out the measures on it, simulate it."""
        model = prepared.load(folder)
        progress(0.0, "drawing the day's trips")
        reasons = refusals(model, member.overrides, member.window)
        if reasons:
            raise OverrideRefused("; ".join(reasons))
        used = cpu_s()
        outcome, plan = _day(model, member)
        task = Task(
            folder=folder,
            network=model.network,
            streams=model.streams,
            trips=outcome.trips,
            window=member.window,
            seed=member.seed,
            queues=None if member.mode == JOB else settings.queues(member.parameters),
            speeds_ms=plan.speeds_ms,
        )
        output = simulate(task, lambda share: progress(share, f"simulating, {share:.0%}"))
        reached = reach.reach_km(model.network, plan, output.fields["speed"])
        return MemberResult(
            features=tuple(segment.id for segment in model.network.segments),
            fields=output.fields | {"reach": reached},
            indicators=_indicators(output, outcome) | {"reach": reach.mean_km(model.network, reached)},
            warnings=(*_warnings(output, outcome), *_caveats(member)),
            cost_cpu_s=round(cpu_s() - used, 3),
        )

    def calibrate(
        self, folder: Path, inputs: Inputs, window: Window, seed: int, progress: Progress
    ) -> Calibration:
        """Fit the demand to the counting loops; see ``calibration``."""
        return calibration.calibrate(folder, inputs, window, seed, progress)

    def evaluate(
        self,
        folder: Path,
        inputs: Inputs,
        parameters: Mapping[str, Any],
        window: Window,
        seed: int,
        progress: Progress,
    ) -> Mapping[str, float]:
        """The demand as it was fitted, against the loops as they count now: one mesoscopic run."""
        progress(0.0, "simulating")
        return calibration.evaluate(folder, inputs, parameters, window, seed)


def _day(model: Prepared, member: Member) -> tuple[Outcome, Plan]:
    """The trips of one member's day after its measures, and what these are on the network."""
    given: Mapping[str, Any] = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
    level = Level(
        by_stream=member.calibration.get("by_stream", {}),
        by_hour=member.calibration.get("by_hour") or model.hour_factors(),
        scale=float(given[settings.DEMAND_SCALE.name]),
    )
    trips = draw_trips(model.streams, level, member.window, member.seed)
    plan = make_plan(model.network, member.overrides)
    span_s = (member.window.start_hour * 3600.0, member.window.end_hour * 3600.0)
    informed = float(given[settings.INFORMED_SHARE.name])
    return carry_out(plan, model.network, trips, informed_share=informed, span_s=span_s), plan


def _indicators(output: Output, outcome: Outcome) -> dict[str, float]:
    totals = output.totals
    delay_s = totals.time_loss_s + output.entry_delay_s
    return {
        "vehicle_km": totals.vehicle_km,
        "vehicles_entered": float(output.departed),
        "mean_speed": totals.vehicle_km / totals.vehicle_hours if totals.vehicle_hours else 0.0,
        "total_delay": delay_s / 3600,
        "delay_per_vehicle": delay_s / max(1, output.departed),
        "co2": totals.co2_kg,
        "nox": totals.nox_g / 1000,
        "trips_rerouted": float(outcome.rerouted),
        "trips_not_made": float(outcome.not_made + outcome.stranded),
        "trips_shifted": float(outcome.shifted),
        "revenue": outcome.revenue,
    }


def _caveats(member: Member) -> tuple[str, ...]:
    """What a quick answer about a measure must not be read without: it was not confirmed by a thorough run."""
    return (settings.QUICK_ANSWER,) if member.overrides and member.mode != JOB else ()


def _warnings(output: Output, outcome: Outcome) -> list[str]:
    found = []
    if outcome.stranded:
        found.append(f"{outcome.stranded} trips found no way round the closure and were not made")
    if output.teleports:
        found.append(f"{output.teleports} vehicles stood still too long and were moved on by the simulator")
    if output.waiting:
        found.append(
            f"{output.waiting} vehicles could not enter by the end of the window: queues reach the edge"
        )
    return found
