"""How many small children will live where in some years, from nothing but yearly totals, and how sure that is.

Works for any city that knows its people, children and old by area and year; births of the whole city, where known,
make the ages better. What it gives is what a network of childcare places (``facility_network``) or schools is fed with.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

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
from sympolis.plugins.simulators.cohort_forecast import cohorts, judging, measures, record, settings

Values = NDArray[np.float64]


class CohortForecast(Simulator):
    """One member is one way in which a forecast may be wrong; it takes a millisecond."""

    id: ClassVar[str] = "cohort_forecast"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {
        "en": "Children in the years to come",
        "it": "Bambini negli anni a venire",
        "de": "Kinder in den kommenden Jahren",
    }
    description: ClassVar[Mapping[str, str]] = {
        "en": "Births, ageing, migration and new homes: how many children will ask for a place, area by area.",
        "it": "Nascite, invecchiamento, migrazione e nuove case: quanti bambini chiederanno un posto, area per area.",
        "de": "Geburten, Älterwerden, Umzüge und neue Wohnungen: wie viele Kinder je Gebiet einen Platz brauchen.",
    }
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = settings.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = settings.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = settings.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = (settings.AREAS,)
    hours_matter: ClassVar[bool] = False
    period: ClassVar[Mapping[str, str]] = settings.PERIOD

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Put people, children and adults of each area and year into arrays."""
        record.prepare(inputs, folder)

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Reasons why these overrides are not allowed."""
        return measures.refusals(record.load(folder).ids, overrides)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """Carry the cohorts on, then let them be wrong as such forecasts were before."""
        began = time.process_time()
        progress(0.0, "children growing older")
        kept = record.load(folder)
        if reasons := measures.refusals(kept.ids, member.overrides):
            raise OverrideRefused("; ".join(reasons))
        given: dict[str, Any] = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
        now, then = _ages(kept.record(), given, member)
        asking, before = _asking(then, given), _asking(now, given)
        progress(1.0, "done")
        return MemberResult(
            features=tuple(kept.ids),
            fields={
                "children": [then.sum(axis=0).tolist()],
                "young": [then[1:3].sum(axis=0).tolist()],
                "older": [_until_school(then, given).tolist()],
                "asking_young": [asking[0].tolist()],
                "asking_older": [asking[1].tolist()],
            },
            indicators=_figures(then, asking, before),
            warnings=tuple(kept.notes),
            cost_cpu_s=round(time.process_time() - began, 4),
        )

    def calibrate(
        self,
        folder: Path,
        inputs: Inputs,  # noqa: ARG002
        window: Window,  # noqa: ARG002
        seed: int,  # noqa: ARG002 - nothing is drawn
        progress: Progress,
    ) -> Calibration:
        """Forecast the past from each year of it; see ``judging``."""
        return judging.calibrate(record.load(folder).record(), progress)


def _ages(known: cohorts.Record, given: Mapping[str, Any], member: Member) -> tuple[Values, Values]:
    """Children by age and area: in the last year known, and as many years ahead as asked."""
    habits, spread = judging.read(member.calibration)
    start = cohorts.present(known, habits)
    wanted = measures.plan(known.ids, member.overrides)
    steps = int(given["years_ahead"])
    future = cohorts.forecast(
        start,
        steps,
        habits,
        births_factor=wanted.births_factor,
        migration_factor=wanted.migration_factor,
        newcomers=wanted.newcomers,
    )[-1]
    error = spread.draw(steps, start.ages.sum(axis=0), np.random.default_rng(member.seed))
    return start.ages, future.ages * error


def _until_school(ages: Values, given: Mapping[str, Any]) -> Values:
    """Children from 3 until they start school: whole years of age and the share of the last."""
    last, part = divmod(float(given["school_age"]), 1.0)
    return np.asarray(ages[3 : int(last)].sum(axis=0) + part * ages[int(last)], dtype=np.float64)


def _asking(ages: Values, given: Mapping[str, Any]) -> tuple[Values, Values]:
    """Children who ask for a place, by area: aged 1 and 2, and from 3 until school."""
    young = float(given["take_up_young"]) * ages[1:3].sum(axis=0)
    return young, float(given["take_up_older"]) * _until_school(ages, given)


def _figures(ages: Values, asking: tuple[Values, Values], before: tuple[Values, Values]) -> dict[str, float]:
    young, older = (float(values.sum()) for values in asking)
    past = float(before[0].sum() + before[1].sum())
    return {
        "children": float(ages.sum()),
        "born": float(ages[0].sum()),
        "asking_young": young,
        "asking_older": older,
        "asking": young + older,
        "asking_change": 100.0 * ((young + older) / past - 1.0),
    }
