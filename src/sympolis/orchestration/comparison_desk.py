"""Puts finished runs on the table: their results per feature and hour, and what changes between two of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from sympolis.analysis import comparison, equity, wording
from sympolis.analysis.comparison import Ensemble, FieldChange
from sympolis.analysis.intervals import cut_at_zero, prediction
from sympolis.domain import errors
from sympolis.domain.measure import Direction
from sympolis.orchestration import documents, saying
from sympolis.orchestration.atlas import Atlas
from sympolis.orchestration.model_desk import ModelDesk
from sympolis.orchestration.run import Run
from sympolis.orchestration.run_desk import RunDesk
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Simulator

KEPT = 16
"""Documents of finished runs never change; the latest few are kept as they were answered."""

_SAME: Mapping[str, str] = {
    "model": "models",
    "model_version": "versions of the model",
    "mode": "modes",
    "window": "hours of the day",
    "seed": "seeds",
    "data_version": "states of the twin's data",
    "calibration_id": "calibrations",
}
"""What two runs must share so that their members pair up, and what to say where they do not."""


class ComparisonDesk:
    """Results and comparisons as ``twin-api.md`` has them."""

    def __init__(self, models: ModelDesk, runs: RunDesk, atlas: Atlas) -> None:
        self._models = models
        self._runs = runs
        self._atlas = atlas
        self._documents: OrderedDict[tuple[str, ...], dict[str, Any]] = OrderedDict()

    async def results(self, run_id: str) -> dict[str, Any]:
        """Mean and interval of every field, per hour and feature. Raises ``NotFound``, ``Conflict`` (not finished)."""
        run = self._runs.board.get(run_id)
        return self._kept(("results", run_id)) or self._keep(
            ("results", run_id), _results(await self._ensemble(run), self._models.simulator(run.model).fields)
        )

    async def compare(self, base_id: str, with_id: str) -> dict[str, Any]:
        """What changes from one finished run to another. Raises ``Conflict`` where their members do not pair."""
        key = ("compare", base_id, with_id)
        return self._kept(key) or self._keep(key, await self._compare(base_id, with_id))

    async def _compare(self, base_id: str, with_id: str) -> dict[str, Any]:
        other = self._runs.board.get(with_id)
        base = self._counterpart(self._runs.board.get(base_id), other)
        _refuse_unpaired(base, other)
        simulator = self._models.simulator(base.model)
        before, after = comparison.paired(await self._ensemble(base), await self._ensemble(other))
        _refuse_other_figures(simulator, base, before, other, after)
        places = await self._atlas.places(base.model, simulator, base.data_version)
        areas = await self._atlas.areas(places, before.features)
        specs = _told(simulator, base, other)
        found = await asyncio.to_thread(_comparison, before, after, specs, simulator.fields, areas)
        return {
            "base": base.id,
            "with": other.id,
            "paired": True,
            **found,
            "warnings": {"base": list(base.warnings), "with": list(other.warnings)},
            "warning_texts": {"base": saying.texts(base.warnings), "with": saying.texts(other.warnings)},
            "calibration": documents.split_figures(other.calibration),
        }

    def _counterpart(self, base: Run, other: Run) -> Run:
        """A baseline stands for the world as it is: of several, the one for the other run's hours, mode and data."""
        if base.overrides or not (other.overrides and other.baseline) or not _differences(base, other):
            return base
        return self._runs.board.get(other.baseline)

    async def _ensemble(self, run: Run) -> Ensemble:
        return comparison.stack(await self._runs.members(run), start_hour=run.window.start_hour)

    def _kept(self, key: tuple[str, ...]) -> dict[str, Any] | None:
        if key in self._documents:
            self._documents.move_to_end(key)
        return self._documents.get(key)

    def _keep(self, key: tuple[str, ...], document: dict[str, Any]) -> dict[str, Any]:
        self._documents[key] = document
        while len(self._documents) > KEPT:
            self._documents.popitem(last=False)
        return document


def _differences(base: Run, other: Run) -> list[str]:
    return [text for name, text in _SAME.items() if getattr(base, name) != getattr(other, name)]


def _refuse_unpaired(base: Run, other: Run) -> None:
    different = _differences(base, other)
    if different:
        raise errors.Conflict(
            f"the two runs cannot be compared member by member: they differ in {', '.join(different)}",
            where=f"{base.id}, {other.id}",
            hint="run both again with the same hours, mode and seed",
        )


def _refuse_other_figures(
    simulator: type[Simulator], base: Run, before: Ensemble, other: Run, after: Ensemble
) -> None:
    """A model that was changed without a new version may have given other figures then."""
    wanted = {spec.name for spec in simulator.indicators} | {spec.name for spec in simulator.fields}
    for run, found in ((base, before), (other, after)):
        missing = wanted - found.indicators.keys() - found.fields.keys()
        if missing:
            raise errors.Conflict(
                f"the run has no {', '.join(sorted(missing))}: the model was another one then",
                where=run.id,
                hint="run both again",
            )


def _told(simulator: type[Simulator], base: Run, other: Run) -> list[IndicatorSpec]:
    """The indicators that both runs tell: one that rests on a parameter nobody gave says nothing of a change either."""
    names = [{one.name for one in run.indicators} for run in (base, other)]
    return [spec for spec in simulator.indicators if all(spec.name in told for told in names)]


def _results(found: Ensemble, specs: Sequence[FieldSpec]) -> dict[str, Any]:
    spreads = {name: cut_at_zero(prediction(values), values) for name, values in found.fields.items()}
    return documents.results(found.features, found.hours, spreads, specs)


def _comparison(
    before: Ensemble,
    after: Ensemble,
    specs: Sequence[IndicatorSpec],
    columns: Sequence[FieldSpec],
    areas: Sequence[equity.Area],
) -> dict[str, Any]:
    indicators = [
        comparison.indicator_change(spec, before.indicators[spec.name], after.indicators[spec.name])
        for spec in specs
    ]
    fields = {
        spec.name: comparison.field_change(before.fields[spec.name], after.fields[spec.name])
        for spec in columns
    }
    split = equity.split(before, after, areas, columns)
    return {
        "members": before.members,
        "indicators": [documents.indicator_change(change) for change in indicators],
        "features": list(before.features),
        "hours": list(before.hours),
        "fields": {spec.name: documents.field_change(fields[spec.name], spec) for spec in columns},
        "equity": [documents.area_change(change) for change in split],
        "text": wording.describe(indicators, places=_clear_places(fields, columns)),
    }


def _clear_places(fields: Mapping[str, FieldChange], specs: Sequence[FieldSpec]) -> wording.Places | None:
    """On how many features the field that matters most changes clearly in at least one hour, of how many.

    Traffic where the model has it, else the first field that is better one way.
    """
    judged = [spec for spec in specs if spec.name == equity.TRAFFIC]
    judged += [spec for spec in specs if spec.direction is not Direction.NEUTRAL]
    if not judged:
        return None
    clear = fields[judged[0].name].clear
    title = {} if judged[0].name == equity.TRAFFIC else judged[0].title
    return wording.Places(int(clear.any(axis=0).sum()), int(clear.shape[1]), title)
