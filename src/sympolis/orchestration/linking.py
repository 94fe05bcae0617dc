"""Does the output of one model fit the input of the next? Schema, unit, space and time are compared before any run.

The four alignments are those of the interlinking mechanism OASC MIM8 asks for between the parts of a local digital
twin: the same attributes, the same units, the same places, the same time base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sympolis.acquisition import units
from sympolis.orchestration.adapting import Remark, remark
from sympolis.orchestration.atlas import feature_needs
from sympolis.orchestration.service import Feed, Step
from sympolis.plugins.simulator import Need, Simulator

Find = Callable[[str], type[Simulator]]


def complaints(steps: Sequence[Step], find: Find) -> list[str]:
    """Everything that keeps the steps from being a chain; ``find`` gives the simulator of a model's id."""
    found: list[str] = []
    for number, step in enumerate(steps):
        before = {earlier.model for earlier in steps[:number]}
        found += [f"{step.model}: {text}" for text in _step(step, before, find)]
    return found


def conversions(step: Step, find: Find) -> dict[str, dict[str, tuple[float, float]]]:
    """By need and attribute: (factor, offset) where what feeds it comes in another unit of the same quantity."""
    wanted = {need.name: need for need in find(step.model).needs if need.linked}
    found = {feed.need: _lines(wanted[feed.need], find(feed.model), feed) for feed in step.feeds}
    return {need: lines for need, lines in found.items() if lines}


def adaptations(step: Step, find: Find) -> list[Remark]:
    """How the links of a step make do: the units that are converted on the way."""
    wanted = {need.name: need for need in find(step.model).needs if need.linked}
    return [
        remark("unit", feed.need, name=attribute, given=_given(find(feed.model), feed, attribute),
               wanted=wanted[feed.need].units[attribute])
        for feed in step.feeds
        if feed.need in wanted
        for attribute in _lines(wanted[feed.need], find(feed.model), feed)
    ]  # fmt: skip


def _given(giver: type[Simulator], feed: Feed, attribute: str) -> str:
    return next((spec.unit for spec in giver.fields if spec.name == feed.fields.get(attribute)), "")


def _lines(need: Need, giver: type[Simulator], feed: Feed) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for attribute, wanted in need.units.items():
        given = _given(giver, feed, attribute)
        if given in ("", wanted):
            continue
        try:
            line = units.between(given, wanted)
        except units.UnitMistake:
            continue  # ``complaints`` says so
        found[attribute] = (line.factor, line.offset)
    return found


def _step(step: Step, before: set[str], find: Find) -> Iterator[str]:
    simulator = find(step.model)
    linked = {need.name: need for need in simulator.needs if need.linked}
    fed = {feed.need: feed for feed in step.feeds}
    for name in linked.keys() - fed.keys():
        yield f"nothing feeds its need {name}"
    for name in fed.keys() - linked.keys():
        yield f"it has no linked need {name}"
    for name, feed in fed.items():
        if feed.model not in before:
            yield f"{feed.model} does not run before it"
        elif name in linked:
            yield from (
                f"{name} from {feed.model}: {text}" for text in _link(linked[name], simulator, feed, find)
            )


def _link(need: Need, simulator: type[Simulator], feed: Feed, find: Find) -> Iterator[str]:
    giver = find(feed.model)
    yield from _schema_and_units(need, giver, feed)
    types = {one.type for one in feature_needs(giver)}
    if need.type not in types:
        yield f"space: it gives values of {', '.join(sorted(types))}, {need.type} is needed"
    if giver.hours_matter != simulator.hours_matter:
        bases = {True: "hours", False: "a whole period"}
        yield f"time: it gives {bases[giver.hours_matter]}, {bases[simulator.hours_matter]} is needed"
    elif not giver.hours_matter and dict(giver.period) != dict(simulator.period):
        yield "time: the two stand for different periods"


def _schema_and_units(need: Need, giver: type[Simulator], feed: Feed) -> Iterator[str]:
    given = {spec.name: spec for spec in giver.fields}
    for attribute in need.attributes:
        name = feed.fields.get(attribute)
        if name is None:
            yield f"schema: no field is named for {attribute}"
        elif name not in given:
            yield f"schema: there is no field {name} (it gives {', '.join(given)})"
        elif not _converts(given[name].unit, need.units.get(attribute, given[name].unit)):
            yield f"unit: {name} comes in {given[name].unit}, {attribute} is needed in {need.units[attribute]}"
    for attribute in feed.fields.keys() - set(need.attributes):
        yield f"schema: the need has no attribute {attribute}"


def _converts(given: str, wanted: str) -> bool:
    if given == wanted:
        return True
    try:
        units.between(given, wanted)
    except units.UnitMistake:
        return False
    return True
