"""``sympolis new service``: writes a service of a city from what its model declares, to be put in the city's words."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sympolis.acquisition.source import IDENTIFIER
from sympolis.city import package
from sympolis.city.schema import City
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.plugins import loader
from sympolis.plugins.simulator import Measure, Parameter, Simulator

_HEAD = """\
# {id}: a question and the model that answers it. Every field: docs/reference/city-package.md
id = "{id}"
model = "{model}"
scenarios = {scenarios}
indicators = {indicators}

[title]
{titles}
[question]
{questions}"""

_LEVER = """
[[levers]]
name = "{name}"
measure = "{measure}"
parameter = "{parameter}"
low = {low}
high = {high}
{where}"""


def new(city_folder: Path, service_id: str, *, model: str) -> Path:
    """Write ``services/<id>.toml`` for one of the city's models; the file written.

    A lever is written for each measure that one of the model's scenarios has, or that needs no place. Raises
    ``AlreadyExists``, ``NotFound``, ``CityPackageInvalid``.
    """
    city = package.load(city_folder)
    path = city.folder / "services" / f"{service_id}.toml"
    if path.exists():
        raise errors.AlreadyExists("is there already", where=str(path), hint="choose another name")
    if not re.fullmatch(IDENTIFIER, service_id):
        hint = "small letters, digits and hyphens, e.g. quiet-nights"
        raise errors.CityPackageInvalid("cannot be a service's id", where=service_id, hint=hint)
    if model not in city.models:
        hint = did_you_mean(model, city.models)
        raise errors.NotFound(f"the city has no model {model!r}", where="--model", hint=hint)
    path.parent.mkdir(exist_ok=True)
    path.write_text(_text(city, service_id, model), encoding="utf-8")
    return path


def _text(city: City, service_id: str, model: str) -> str:
    simulator = loader.simulators()[city.models[model].simulator]
    scenarios = [one.id for one in city.scenarios if one.model == model][:1]
    words = service_id.replace("-", " ").capitalize()
    head = _HEAD.format(
        id=service_id,
        model=model,
        scenarios=json.dumps(scenarios),
        indicators=json.dumps([spec.name for spec in simulator.indicators]),
        titles="".join(f"{language} = {json.dumps(words)}\n" for language in city.facts.languages),
        questions="".join(f'{language} = "What if …?"\n' for language in city.facts.languages),
    )
    return head + "".join(_levers(city, simulator, model))


def _levers(city: City, simulator: type[Simulator], model: str) -> list[str]:
    used = {over.measure for one in city.scenarios if one.model == model for over in one.overrides}
    found = [
        _lever(measure, parameter)
        for measure in simulator.measures
        if measure.name in used or not measure.targets
        for parameter in measure.parameters
        if parameter.kind in ("number", "integer") and parameter.plausible is None
    ]
    return found or [_example(measure) for measure in simulator.measures[:1] if measure.parameters]


def _lever(measure: Measure, parameter: Parameter, where: str = "") -> str:
    name = re.sub(r"[^a-z0-9_]", "_", f"{measure.name}_{parameter.name}".lower())
    return _LEVER.format(
        name=name,
        measure=measure.name,
        parameter=parameter.name,
        low=parameter.low,
        high=parameter.high,
        where=where,
    )


def _example(measure: Measure) -> str:
    """A lever of a measure that needs a place nobody has named yet, as a comment."""
    target = measure.targets[0] if measure.targets else "area"
    value = '"…"' if target in ("area", "polygon") else '["…"]'
    text = _lever(measure, measure.parameters[0], f"where = {{ {target} = {value} }}   # where it applies\n")
    return "\n" + "".join(f"# {line}\n" for line in text.strip().splitlines())
