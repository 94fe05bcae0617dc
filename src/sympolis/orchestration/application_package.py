"""OGC Application Packages (OGC 20-044, draft of Part 2 of OGC API - Processes) that are safe to take: declarations.

A package brings a process's description and an execution unit. The one kind of unit that is taken here is a *chain*:
models that the twin has already, what feeds what, and which parameter of which measure each input moves. It becomes a
service like those of the city package: no code of strangers runs, and every bound is that of the models' own.

``bindings.inputBindings`` says for each input of the description ``measure``, ``parameter`` and, where the scenario
does not have that measure, ``where`` it applies.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sympolis.analysis import scenario as checking
from sympolis.domain import errors
from sympolis.domain.reading import Finding, did_you_mean, option, read
from sympolis.orchestration import linking
from sympolis.orchestration.service import Feed, Lever, ServiceSetup, Step
from sympolis.plugins.simulator import Measure, Simulator

MODEL: Final = "model-"
SERVICE: Final = "service-"
CHAIN: Final = "chain"
CODE: Final = ("docker", "oci", "cwl")
"""Kinds of units that are known, and would run what strangers wrote."""
MOST_STEPS = 8
MOST_INPUTS = 32
LONGEST_TEXT = 2_000
RESULT: Final = "result"
_TAKEN = ("mode", "members", "seed")
"""Inputs that every process has: how the ensemble is run."""
_NAME = re.compile("[a-z][a-z0-9_]{0,63}")

T = TypeVar("T")
Find = Callable[[str], type[Simulator]]
"""From a model's id to its simulator. Raises ``NotFound``."""


@dataclass(frozen=True, kw_only=True)
class FeedDocument:
    """What feeds a need of a step: an earlier process, and attribute → field of its results."""

    need: str
    process: str = option(key="from")
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class StepDocument:
    """A process of the chain."""

    process: str
    feeds: tuple[FeedDocument, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What an input moves."""

    measure: str
    parameter: str
    where: Mapping[str, Any] = option({})


@dataclass(frozen=True, kw_only=True)
class Bindings:
    """What each input moves."""

    inputs: Mapping[str, Binding] = option({}, key="inputBindings")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """An execution unit of the kind ``chain``."""

    type: str
    steps: tuple[StepDocument, ...]
    scenarios: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    bindings: Bindings = option(Bindings())


@dataclass(frozen=True, kw_only=True)
class Slot:
    """An input's values."""

    type: str = option("number", choices=("number", "integer", "boolean", "string"))
    minimum: float | None = None
    maximum: float | None = None


def process_of(document: Any) -> Mapping[str, Any]:
    """The process's description in a package. Raises ``InvalidRequest``."""
    described = _table(_table(document, "body").get("processDescription"), "processDescription")
    return _table(described.get("process", described), "processDescription.process")


def process_id(document: Any) -> str:
    """What the process is to be called. Raises ``InvalidRequest``."""
    found = process_of(document).get("id")
    name = found.removeprefix(SERVICE) if isinstance(found, str) else ""
    if (
        found == name
        or not 0 < len(name) <= 64
        or not name.replace("-", "").isalnum()
        or name != name.lower()
    ):
        raise errors.InvalidRequest(
            f"expected {SERVICE}… in small letters, digits and hyphens",
            where="processDescription.process.id",
            hint="a chain is a service here, and their ids begin so",
        )
    return str(found)


def read_package(document: Any, find: Find) -> ServiceSetup:
    """The service that a package declares.

    Raises ``InvalidRequest`` with the place of the first mistake, ``NotImplementedHere`` for units that are code.
    """
    process, unit = process_of(document), _unit(_table(document, "body"))
    steps = tuple(_step(step, number) for number, step in enumerate(unit.steps))
    if misfit := next(iter(_complaints(steps, find)), None):
        raise errors.InvalidRequest(misfit, where="executionUnit.steps")
    _refuse_outputs(process)
    setup = ServiceSetup(
        id=process_id(document).removeprefix(SERVICE),
        title={"en": _text(process, "title")},
        question={"en": _text(process, "description")},
        steps=steps,
        scenarios=unit.scenarios,
        levers=tuple(_levers(process, unit, steps, find)),
        indicators=unit.indicators,
        version=_text(process, "version", most=32),
    )
    known = [one.name for one in find(setup.model).indicators]
    for name in setup.indicators:
        if name not in known:
            raise errors.InvalidRequest(
                f"{setup.model} has no figure {name!r}",
                where="executionUnit.indicators",
                hint=did_you_mean(name, known),
            )
    return setup


def _unit(document: Mapping[str, Any]) -> Unit:
    given = document.get("executionUnit")
    found = _table(given[0] if isinstance(given, list) and len(given) == 1 else given, "executionUnit")
    kind = found.get("type")
    if kind in CODE or "href" in found:
        raise errors.NotImplementedHere(
            "code of strangers is not run here", where="executionUnit.type", hint=f"offered: {CHAIN}"
        )
    if kind != CHAIN:
        raise errors.InvalidRequest(
            "is no kind of unit", where="executionUnit.type", hint=f"offered: {CHAIN}"
        )
    unit = _read(Unit, found, "executionUnit")
    if not 1 <= len(unit.steps) <= MOST_STEPS or len(unit.bindings.inputs) > MOST_INPUTS:
        text = f"expected 1 to {MOST_STEPS} steps and at most {MOST_INPUTS} inputs"
        raise errors.InvalidRequest(text, where="executionUnit")
    return unit


def _step(step: StepDocument, number: int) -> Step:
    where = f"executionUnit.steps[{number}]"
    feeds = tuple(
        Feed(one.need, _model(one.process, f"{where}.feeds[{place}].from"), one.fields)
        for place, one in enumerate(step.feeds)
    )
    return Step(_model(step.process, f"{where}.process"), feeds)


def _model(process: str, where: str) -> str:
    if not process.startswith(MODEL):
        raise errors.InvalidRequest("a step is one of the models' processes", where=where, hint=f"{MODEL}…")
    return process.removeprefix(MODEL)


def _complaints(steps: tuple[Step, ...], find: Find) -> Iterator[str]:
    names = [step.model for step in steps]
    for name in names:
        try:
            find(name)
        except errors.NotFound as missing:
            yield missing.message
            return
    if len(set(names)) < len(names):
        yield "a model may stand in a chain only once"
    yield from linking.complaints(steps, find)


def _levers(process: Mapping[str, Any], unit: Unit, steps: tuple[Step, ...], find: Find) -> Iterator[Lever]:
    inputs = _table(process.get("inputs", {}), "processDescription.process.inputs")
    measures = {one.name: one for step in steps for one in find(step.model).measures}
    for name in inputs.keys() ^ unit.bindings.inputs.keys():
        text = "each input of the description needs a binding, and each binding an input"
        raise errors.InvalidRequest(text, where=f"executionUnit.bindings.inputBindings.{name}")
    for name, given in inputs.items():
        place = f"processDescription.process.inputs.{name}"
        if name in _TAKEN or not _NAME.fullmatch(name):
            text = f"expected small letters, digits and underscores, and none of {', '.join(_TAKEN)}"
            raise errors.InvalidRequest(text, where=place)
        described = _table(given, place)
        slot = _slot(_table(described.get("schema", {}), f"{place}.schema"), f"{place}.schema")
        yield _lever(name, described, slot, unit.bindings.inputs[name], measures)


def _slot(schema: Mapping[str, Any], where: str) -> Slot:
    known = {key: value for key, value in schema.items() if key in ("type", "minimum", "maximum")}
    return _read(Slot, known, where)


def _lever(
    name: str, described: Mapping[str, Any], slot: Slot, binding: Binding, measures: Mapping[str, Measure]
) -> Lever:
    where = f"executionUnit.bindings.inputBindings.{name}"
    measure = measures.get(binding.measure)
    if measure is None:
        hint = did_you_mean(binding.measure, measures)
        raise errors.InvalidRequest(
            "no model of the chain has that measure", where=f"{where}.measure", hint=hint
        )
    parameter = next((one for one in measure.parameters if one.name == binding.parameter), None)
    if parameter is None:
        hint = did_you_mean(binding.parameter, [one.name for one in measure.parameters])
        raise errors.InvalidRequest(
            "the measure has no such parameter", where=f"{where}.parameter", hint=hint
        )
    trial = {"measure": measure.name, "where": binding.where}
    _, reasons = checking.read_overrides([trial], [measure])
    aside = [one for one in reasons if ".where" in one.where and binding.where]
    if aside:
        raise errors.InvalidRequest(aside[0].reason, where=f"{where}.where", hint=aside[0].hint)
    title = described.get("title")
    return Lever(
        name=name, measure=measure.name, parameter=parameter.name, low=slot.minimum, high=slot.maximum,
        title={"en": title[:LONGEST_TEXT]} if isinstance(title, str) and title else {}, where=binding.where,
    )  # fmt: skip


def _refuse_outputs(process: Mapping[str, Any]) -> None:
    for name in _table(process.get("outputs", {}), "processDescription.process.outputs"):
        if name != RESULT:
            where = f"processDescription.process.outputs.{name}"
            raise errors.InvalidRequest("is not an output of a chain", where=where, hint=f"known: {RESULT}")


def _text(process: Mapping[str, Any], name: str, most: int = LONGEST_TEXT) -> str:
    found = process.get(name)
    if not isinstance(found, str) or not 0 < len(found.strip()) <= most:
        where = f"processDescription.process.{name}"
        raise errors.InvalidRequest(f"expected a text of at most {most} characters", where=where)
    return found.strip()


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise errors.InvalidRequest("expected an object", where=where)
    return value


def _read(kind: type[T], document: Mapping[str, Any], where: str) -> T:
    findings: list[Finding] = []
    found = read(kind, document, where, findings)
    if findings or found is None:
        first = findings[0]
        raise errors.InvalidRequest(first.message, where=first.where.replace(": ", ".", 1), hint=first.hint)
    return found
