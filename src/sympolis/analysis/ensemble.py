"""Which members an ensemble has, so that two ensembles can be compared member by member.

Member ``i`` has a seed and, for each uncertain parameter, a position in that parameter's range. Both follow from the
run's seed, ``i`` and the parameter's *name* alone: the baseline and every scenario run with the same seed share them
(common random numbers), a scenario that adds a parameter leaves the others where they were, and an ensemble can grow
without moving its first members.

Positions are a Latin hypercube (McKay, Beckman & Conover 1979, DOI 10.1080/00401706.1979.10489755) in blocks: every
``BLOCK`` consecutive members put exactly one value of each parameter into each of ``BLOCK`` equal slices of its range.
They are drawn with SHA-256 rather than a generator of a library, whose streams may change between versions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sympolis.analysis import assuming
from sympolis.analysis.intervals import relative_precision
from sympolis.domain.scenario import Override, Window
from sympolis.plugins.simulator import Link, Measure, Member, MemberResult, Parameter

BLOCK = 4
"""Members per Latin-hypercube block; ensembles grow and stop by whole blocks."""

LARGEST = 64
"""More members than this are refused: the interval hardly changes beyond, the cost does."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How many members to run: at least ``minimum``, at most ``maximum``, in blocks, until precise enough.

    ``tolerance`` is the share of a figure's mean within which that mean must be known
    (``intervals.relative_precision``) for every indicator before the ensemble stops growing.
    """

    minimum: int
    maximum: int
    tolerance: float = 0.02


POLICIES: Mapping[str, Policy] = {
    "interactive": Policy(minimum=4, maximum=8),
    "job": Policy(minimum=4, maximum=8, tolerance=0.1),
}
"""By mode. Eight is where a prediction interval stops paying: t·sqrt(1+1/n) is 2.63 with 4 members, 2.01 with 8, 1.87
with 12 and 1.64 without end. A thorough member costs some fifteen times a quick one, so it stops earlier."""


@dataclass(frozen=True, slots=True)
class Design:
    """All that the members of one ensemble have in common, and what varies between them."""

    seed: int
    window: Window
    mode: str
    fixed: Mapping[str, Any]
    uncertain: tuple[Parameter, ...]
    overrides: tuple[Override, ...] = ()
    measures: Mapping[str, Measure] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Sequence[Link]] = field(default_factory=dict)
    """By linked need: what feeds it, member by member, so that a chain's members stay paired from end to end."""


def design(
    parameters: Sequence[Parameter], measures: Sequence[Measure], given: Mapping[str, Any], common: Design
) -> Design:
    """Split a model's ``parameters`` into fixed ones and uncertain ones, into ``common``.

    Fixed is what the scenario assumes (``assuming``), else what is ``given``, else the default.
    """
    assumed, done = assuming.apart(common.overrides)
    given = {**given, **assumed}
    uncertain = tuple(p for p in parameters if p.plausible is not None and p.name not in given)
    names = {p.name for p in uncertain}
    fixed = {p.name: given.get(p.name, p.default) for p in parameters if p.name not in names}
    known = {measure.name: measure for measure in measures}
    return replace(common, fixed=fixed, uncertain=uncertain, overrides=done, measures=known)


Place = Callable[[str], float]
"""Where a member lies in the range of the uncertain parameter of this name, [0, 1)."""


def member(plan: Design, index: int) -> Member:
    """Member ``index`` (from 0) of the ensemble."""
    made = member_at(plan, member_seed(plan.seed, index), lambda name: position(plan.seed, name, index))
    return replace(made, links={need: given[index] for need, given in plan.links.items()})


def member_at(plan: Design, seed: int, place: Place) -> Member:
    """The member with this seed whose uncertain parameters (``uncertain_names``) lie at ``place``."""
    drawn = {p.name: _value(p, place(p.name)) for p in plan.uncertain}
    return Member(
        parameters={**plan.fixed, **drawn},
        overrides=tuple(_settled(plan, override, place) for override in plan.overrides),
        window=plan.window,
        seed=seed,
        calibration=plan.calibration,
        mode=plan.mode,
    )


def member_seed(seed: int, index: int) -> int:
    """The seed of member ``index``: 1 … 2³¹-1, the range every engine takes."""
    return _digest(f"{seed}/seed/{index}") % (2**31 - 1) + 1


def position(seed: int, name: str, index: int) -> float:
    """Where member ``index`` lies in the range of parameter ``name``: [0, 1), stratified by blocks."""
    block, place = divmod(index, BLOCK)
    order = sorted(range(BLOCK), key=lambda slot: _digest(f"{seed}/{name}/{block}/order/{slot}"))
    within = (_digest(f"{seed}/{name}/{block}/within/{place}") % 2**53) / 2**53
    return (order[place] + within) / BLOCK


def enough(results: Sequence[MemberResult], policy: Policy) -> bool:
    """Whether the ensemble may stop: whole blocks, at least the minimum, every indicator's mean well known."""
    count = len(results)
    if count >= policy.maximum:
        return True
    if count < policy.minimum or count % BLOCK:
        return False
    names = results[0].indicators
    return all(
        relative_precision(np.array([r.indicators[name] for r in results])) <= policy.tolerance
        for name in names
    )


def next_members(done: int, policy: Policy) -> range:
    """The indices to run next: up to the minimum first, then one block at a time."""
    until = policy.minimum if done < policy.minimum else done + BLOCK
    return range(done, min(until, policy.maximum))


def uncertain_names(plan: Design) -> Mapping[str, tuple[float, float]]:
    """Every parameter that the ensemble samples and its range, for the run's record."""
    ranges = {p.name: p.plausible for p in plan.uncertain if p.plausible}
    for override in plan.overrides:
        for p in _open_parameters(plan.measures[override.measure], override):
            if p.plausible:
                ranges[f"{override.measure}.{p.name}"] = p.plausible
    return ranges


def _settled(plan: Design, override: Override, place: Place) -> Override:
    """The override with each parameter the planner left open drawn, or at its default.

    Two overrides of the same measure share the draw: an elasticity is one unknown, not two.
    """
    measure = plan.measures[override.measure]
    drawn = {
        p.name: _value(p, place(f"{measure.name}.{p.name}")) for p in _open_parameters(measure, override)
    }
    defaults = {p.name: p.default for p in measure.parameters if p.default is not None}
    return replace(override, parameters={**defaults, **drawn, **override.parameters})


def _open_parameters(measure: Measure, override: Override) -> Iterable[Parameter]:
    return (p for p in measure.parameters if p.plausible is not None and p.name not in override.parameters)


def _value(parameter: Parameter, share: float) -> float | int:
    assert parameter.plausible is not None
    low, high = parameter.plausible
    value = low + share * (high - low)
    return _CONVERT.get(parameter.kind, float)(value)


_CONVERT: Mapping[str, Callable[[float], float | int]] = {"integer": round}


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
