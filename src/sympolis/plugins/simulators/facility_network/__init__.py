"""Whether everyone who may ask for a place has one within reach, and what other networks of sites would change.

Works for any city that knows areas with children and sites; where within an area people live, stops and known numbers
of places make it better. Which entities are the sites is the city's to say (``[types]`` of its model): childcare here,
another kind of place there. Fed by a forecast of those who ask (``cohort_forecast``) it plans ahead, alone it shows
today.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.errors import ModelFailed, OverrideRefused
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
from sympolis.plugins.simulators.facility_network import (
    modes,
    network,
    offer,
    outcome,
    plan,
    refusals,
    settings,
)
from sympolis.plugins.simulators.facility_network.allocation import allocate

Values = NDArray[np.float64]


class FacilityNetwork(Simulator):
    """One member is one set of assumptions and one draw of the places that nobody knows; half a second."""

    id: ClassVar[str] = "facility_network"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {
        "en": "Network of places",
        "it": "Rete di posti",
        "de": "Platznetz",
    }
    description: ClassVar[Mapping[str, str]] = {
        "en": "Who can have a place within reach, where places are missing or idle, and what other sites "
        "would change.",
        "it": "Chi può avere un posto raggiungibile, dove mancano o avanzano posti e che cosa cambierebbero "
        "altre sedi.",
        "de": "Wer einen erreichbaren Platz haben kann, wo Plätze fehlen oder leer stehen und was andere Orte "
        "änderten.",
    }
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = offer.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = (*outcome.INDICATORS, *modes.INDICATORS)
    fields: ClassVar[tuple[FieldSpec, ...]] = outcome.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = (settings.AREAS, settings.SITES)
    hours_matter: ClassVar[bool] = False
    period: ClassVar[Mapping[str, str]] = settings.PERIOD

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Put areas, sites, squares and stops on one plane."""
        network.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Reasons why these overrides are not allowed."""
        return refusals.refusals(network.load(folder), overrides)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """Draw what is not known, carry the changes out, allocate the children, say what came of it."""
        began = time.process_time()
        progress(0.0, "children and places")
        known = network.load(folder)
        if reasons := refusals.refusals(known, member.overrides):
            raise OverrideRefused("; ".join(reasons))
        given: dict[str, Any] = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
        chance = np.random.default_rng(member.seed).standard_normal(len(known.site_ids))
        children, said = _asking(known, member)
        wanted = plan.as_today(known, given, children, chance)
        plan.carry_out(wanted, known, member.overrides, given)
        progress(0.3, "who goes where")
        found = allocate(wanted.children, wanted.places, wanted.minutes, float(given["limit_min"]))
        made = outcome.outcome(wanted, found, given)
        progress(1.0, "done")
        return MemberResult(
            features=(*known.area_ids, *known.site_ids),
            fields=made.fields,
            indicators=made.indicators | modes.coverage(wanted, found, given),
            warnings=(*wanted.notes, *said),
            cost_cpu_s=round(time.process_time() - began, 3),
        )


def _asking(known: network.Network, member: Member) -> tuple[Values, list[str]]:
    """Children asking by area: of the forecast that feeds the model, else of today."""
    if settings.DEMAND not in member.linked:
        return plan.asking(known), ["no forecast feeds this run: it is about today's children"]
    fed = member.linked[settings.DEMAND]
    total = np.nansum(
        [np.asarray(fed.fields[name], dtype=np.float64)[0] for name in ("young", "older")], axis=0
    )
    by_area = dict(zip(fed.features, total, strict=True))
    missing = [name for name in known.area_ids if name not in by_area]
    if len(missing) == len(known.area_ids):
        raise ModelFailed("the forecast is about other areas", where=settings.DEMAND)
    said = [f"{len(missing)} areas are not in the forecast: nobody asks there"] if missing else []
    return np.array([by_area.get(name, 0.0) for name in known.area_ids]), said
