"""What is tried for a recommendation, and what the trials' figures say of each option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympolis.analysis.equity import Area
from sympolis.analysis.prescription.problem import Option
from sympolis.domain import errors
from sympolis.domain.scenario import Override
from sympolis.orchestration.prescription_request import MOST_TRIALS, Prescription, PrescriptionLever

WORST_OFF = 1 / 3
"""The part of the areas, by fragility, that equity is about."""

Trial = tuple[int, str, float]
"""Number of the lever, place, amount."""


def trials_of(asked: Prescription, areas: Sequence[Area]) -> list[Trial]:
    """Every amount of every lever at every place. Raises ``BadRequestData``."""
    known = [area.id for area in areas]
    found: list[Trial] = []
    for number, lever in enumerate(asked.levers):
        for place in lever.places or known:
            if place not in known:
                raise errors.BadRequestData(
                    f"the model has no area {place!r}", where=f"levers[{number}].places"
                )
            found += [(number, place, amount) for amount in lever.amounts]
    if not found:
        raise errors.BadRequestData("the model has no areas to choose from", where="levers")
    if len(found) > MOST_TRIALS:
        text = f"{len(found)} trials are more than the {MOST_TRIALS} that a recommendation may cost"
        raise errors.BadRequestData(text, where="levers", hint="offer fewer places or amounts")
    return found


def override_of(lever: PrescriptionLever, place: str, amount: float) -> Override:
    """The departure from the world as it is that one option makes."""
    return Override(lever.measure, {"features": [place]}, {**lever.parameters, lever.parameter: amount})


def worst_off(areas: Sequence[Area]) -> frozenset[str]:
    """The most fragile third of the areas with a fragility index."""
    ranked = sorted(
        (a for a in areas if a.fragility is not None), key=lambda a: (-(a.fragility or 0.0), a.id)
    )
    return frozenset(area.id for area in ranked[: round(len(ranked) * WORST_OFF)])


def options(asked: Prescription, trials: Sequence[Trial], figures: Sequence[Mapping[str, float]],
             worst_off: frozenset[str]) -> list[Option]:  # fmt: skip
    base, *others = figures
    sign = 1.0 if asked.rising else -1.0
    return [
        Option(
            lever=lever, place=place, measure=asked.levers[lever].measure, amount=amount,
            gain=sign * (found[asked.objective] - base[asked.objective]),
            costs={name: found[name] - base[name] for name in asked.limits.budget},
            worst_off=place in worst_off,
        )
        for (lever, place, amount), found in zip(trials, others, strict=True)
    ]  # fmt: skip
