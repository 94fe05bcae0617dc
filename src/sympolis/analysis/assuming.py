"""A scenario may differ in what is assumed, not only in what is done: ``assume`` fixes a model's own parameters.

Every model has this measure without declaring it. Where a planner says how much traffic there is, or how warm the day,
the ensemble no longer draws that parameter; what stays open is drawn as before, from the same positions, so that
members stay paired with those of the world as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import Measure, Parameter, Simulator

ASSUME: Final = "assume"
_TITLE: Final = {"en": "Assume otherwise", "it": "Ipotesi diverse", "de": "Anderes annehmen"}
_DESCRIPTION: Final = {
    "en": "The model's own figures as you take them. What you leave open keeps its range or value.",
    "it": "Le grandezze del modello come le ipotizzate voi. Quelle lasciate aperte mantengono intervallo o valore.",
    "de": "Die Größen des Modells, wie Sie sie annehmen. Was offen bleibt, behält Spanne oder Wert.",
}


def measures_of(simulator: type[Simulator], given: Mapping[str, Any] | None = None) -> tuple[Measure, ...]:
    """What a scenario of this model may say: its measures and, where it has parameters, ``assume``.

    ``given`` are the city's values of its parameters: they are not drawn.
    """
    parameters = tuple(_as_given(one, given or {}) for one in simulator.parameters if _may_stay_open(one))
    if not parameters:
        return tuple(simulator.measures)
    return (*simulator.measures, Measure(ASSUME, _TITLE, _DESCRIPTION, (), parameters))


def _may_stay_open(one: Parameter) -> bool:
    return one.default is not None or one.plausible is not None


def _as_given(one: Parameter, given: Mapping[str, Any]) -> Parameter:
    return replace(one, default=given[one.name], plausible=None) if one.name in given else one


def apart(overrides: Sequence[Override]) -> tuple[dict[str, Any], tuple[Override, ...]]:
    """What is assumed (of a parameter named twice, the later value), and what is done."""
    assumed: dict[str, Any] = {}
    for one in _assumptions(overrides):
        assumed |= one.parameters
    return assumed, tuple(one for one in overrides if one.measure != ASSUME)


def _assumptions(overrides: Sequence[Override]) -> Iterable[Override]:
    return (one for one in overrides if one.measure == ASSUME)
