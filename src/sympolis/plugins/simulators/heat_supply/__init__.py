"""Which areas a heat network should supply and what heats the rest, by full cost, and what that takes.

The target scenario of a municipal heat plan (§§ 17 to 19 Wärmeplanungsgesetz). Lives on the heat demand of blocks and
on what their ground can give, both from models before it in a chain; knows no city.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from sympolis.domain.errors import ModelFailed, OverrideRefused
from sympolis.domain.scenario import Override, Window
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
from sympolis.plugins.simulators.heat_supply import blocks, measures, plan, settings, zoning


class HeatSupply(Simulator):
    """One member is one set of prices and techniques; its programme takes about a second for 4,000 blocks."""

    id: ClassVar[str] = "heat_supply"
    version: ClassVar[str] = "1.1.0"
    title: ClassVar[Mapping[str, str]] = texts(
        "Heat supply", "Approvvigionamento di calore", "Wärmeversorgung"
    )
    description: ClassVar[Mapping[str, str]] = texts(
        "Network, heat pump or other: what is cheapest where.",
        "Rete, pompa di calore o altro: che cosa costa meno e dove.",
        "Netz, Wärmepumpe oder anderes: was wo am günstigsten ist.",
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
        """Keep the blocks' land and places."""
        blocks.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Reasons why these overrides are not allowed."""
        return measures.refusals(blocks.load(folder), overrides)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """Costs of every way in every block, then the cheapest supply of all."""
        began = time.process_time()
        model = blocks.load(folder)
        reasons = measures.refusals(model, member.overrides)
        if reasons:
            raise OverrideRefused("; ".join(reasons))
        given = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
        progress(0.0, "what heat costs in each block")
        town = plan.town(model, _linked(member), given)
        case = plan.case(town, measures.read(model, member.overrides), given)
        progress(0.3, "the cheapest supply")
        zones = zoning.solve(case.question)
        return MemberResult(
            features=model.ids,
            fields=plan.fields(town, case, zones, given),
            indicators=plan.indicators(town, case, zones, given),
            warnings=case.notes,
            cost_cpu_s=round(time.process_time() - began, 3),
        )


def _linked(member: Member) -> Mapping[str, Any]:
    missing = [need.name for need in settings.NEEDS if need.linked and need.name not in member.linked]
    if missing:
        hint = "run a service whose chain feeds it"
        raise ModelFailed(
            "the model lives on another model's results", where=f"needs: {missing[0]}", hint=hint
        )
    return member.linked
