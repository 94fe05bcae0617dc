"""How good the streets of a quarter are to live on, and what residents' own ideas would change, theme by theme.

Works for any city that has stretches of street that meet end to end; shade, counts, stations, green spaces, people and
places to walk to each add a theme or make one better.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

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
from sympolis.plugins.simulators.street_liveability import measures, offer, outcome, settings, town
from sympolis.plugins.simulators.street_liveability.state import today
from sympolis.plugins.simulators.street_liveability.themes import judge


class StreetLiveability(Simulator):
    """Scores from 0 to 100 per street and theme on an ordinary working day; it takes milliseconds."""

    id: ClassVar[str] = "street_liveability"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {
        "en": "Liveability of streets",
        "it": "Vivibilità delle strade",
        "de": "Lebensqualität der Straßen",
    }
    description: ClassVar[Mapping[str, str]] = {
        "en": "Traffic, noise, shade, air, green, services on foot and room to walk, street by street.",
        "it": "Traffico, rumore, ombra, aria, verde, servizi a piedi e spazio per camminare, strada per strada.",
        "de": "Verkehr, Lärm, Schatten, Luft, Grün, Dienste zu Fuß und Platz zum Gehen, Straße für Straße.",
    }
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = offer.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = outcome.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = outcome.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = ("sections",)
    hours_matter: ClassVar[bool] = False
    period: ClassVar[Mapping[str, str]] = settings.PERIOD

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Join the stretches to a network, give each its traffic, shade, people and places."""
        town.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Reasons why these overrides are not allowed."""
        return measures.refusals(town.load(folder), overrides)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """The streets with the measures; room to walk is judged against the streets as they are."""
        began = time.process_time()
        progress(0.0, "the streets as they are")
        found = town.load(folder)
        reasons = measures.refusals(found, member.overrides)
        if reasons:
            raise OverrideRefused("; ".join(reasons))
        given = settings.complete(member.parameters)
        state = today(found, given)
        judged = judge(found, state, given)
        if member.overrides:
            progress(0.5, "the streets with the measures")
            measures.carry_out(found, state, member.overrides)
            judged = judge(found, state, given, judged.crowded)
        return MemberResult(
            features=tuple(found.ids),
            fields=outcome.fields(state, judged),
            indicators=outcome.indicators(found, state, judged),
            warnings=tuple(found.notes),
            cost_cpu_s=round(time.process_time() - began, 4),
        )
