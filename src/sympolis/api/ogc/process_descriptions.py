"""Models and services as processes: what each takes, in JSON Schema, and what it gives (OGC 18-062r2, section 7.9).

A model's process takes overrides and hours, a service's its levers; both take how the ensemble is run. The bounds are
those that the engine itself checks, from the same declarations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sympolis.api.http import GEO_JSON, JSON
from sympolis.api.ogc.links import ROOT, link, segment
from sympolis.api.process_ids import MODEL, SERVICE

Json = dict[str, Any]

RESULT: Final = "result"
"""The one output: a FeatureCollection."""
APPLICATION_PACKAGE: Final = "application/ogcapppkg+json"
_EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"
_LARGEST_ENSEMBLE = 64
_TYPES: Mapping[str, str] = {"number": "number", "integer": "integer", "boolean": "boolean"}
_IDS: Json = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 5000}
_REGION: Json = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {"type": {"enum": ["Polygon", "MultiPolygon"]}, "coordinates": {"type": "array"}},
}
_TARGETS: Mapping[str, Json] = {
    "segments": _IDS,
    "features": _IDS,
    "area": {"type": "string"},
    "polygon": _REGION,
}


def of_model(model: Json, base: str) -> Json:
    """A model's process in full."""
    facts = {**model, "mutable": False}
    return _described(MODEL + model["id"], facts, base, {**_what_if(model), **_ensemble()})


def of_service(service: Json, base: str) -> Json:
    """A service's process in full."""
    levers = {lever["name"]: _input(lever["title"], _lever(lever)) for lever in service["levers"]}
    facts = {**service, "description": service["question"]}
    return _described(SERVICE + service["id"], facts, base, {**levers, **_ensemble()})


def summary(description: Json) -> Json:
    """A process as the list has it."""
    return {name: value for name, value in description.items() if name not in ("inputs", "outputs")}


def words(texts: Mapping[str, str]) -> str:
    """A text in English, else in its first language: these documents have one language each."""
    return texts.get("en") or next(iter(texts.values()), "")


def _described(process_id: str, facts: Json, base: str, inputs: Json) -> Json:
    own = f"{base}{ROOT}/processes/{segment(process_id)}"
    return {
        "id": process_id,
        "version": facts["version"],
        "title": words(facts["title"]),
        "description": words(facts["description"]),
        "mutable": facts["mutable"],
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "inputs": inputs,
        "outputs": {RESULT: _output(facts)},
        "links": [
            link(own, "self", JSON, "This process"),
            link(f"{own}/execution", _EXECUTE, JSON, "Execute it"),
            *(
                [link(f"{own}/package", "alternate", APPLICATION_PACKAGE, "As it came")]
                if facts["mutable"]
                else []
            ),
        ],
    }


def _output(facts: Json) -> Json:
    figures = {
        one["name"]: {"type": "object", "title": f"{words(one['title'])} [{one['unit']}]"}
        for one in facts["indicators"]
    }
    return {
        "title": "Result",
        "description": "What the model gives for each feature, with 90 % intervals; `indicators` are the whole run's.",
        "schema": {
            "type": "object",
            "contentMediaType": GEO_JSON,
            "format": "geojson-feature-collection",
            "required": ["type", "features", "indicators"],
            "properties": {"indicators": {"type": "object", "properties": figures}},
        },
    }


def _what_if(model: Json) -> Json:
    overrides = {
        "type": "array",
        "maxItems": 50,
        "default": [],
        "items": {"type": "object", "oneOf": _measures(model["measures"])},
    }
    found = {"overrides": _input({"en": "What differs from the city as it is"}, overrides)}
    if model["hours_matter"]:
        found["start_hour"] = _input({"en": "First hour"}, _whole(0, 23, 8))
        found["end_hour"] = _input({"en": "Hour at which it ends"}, _whole(1, 24, 9))
    return found


def _measures(measures: Sequence[Json]) -> list[Json]:
    return [_measure(one) for one in measures]


def _measure(measure: Json) -> Json:
    given = {one["name"]: parameter(one) for one in measure["parameters"]}
    needed = [one["name"] for one in measure["parameters"] if one["default"] is None and not one["plausible"]]
    where: Json = {"type": "object", "additionalProperties": False}
    if measure["targets"]:
        where |= {"minProperties": 1, "maxProperties": 1}
        where["properties"] = {target: _TARGETS[target] for target in measure["targets"]}
    return {
        "type": "object",
        "title": words(measure["title"]),
        "required": ["measure", *(["where"] if measure["targets"] else [])],
        "additionalProperties": False,
        "properties": {
            "measure": {"const": measure["name"]},
            "where": where,
            "parameters": {
                "type": "object",
                "properties": given,
                "required": needed,
                "additionalProperties": False,
            },
        },
    }


def _ensemble() -> Json:
    return {
        "mode": _input(
            {"en": "Quick or thorough"},
            {"type": "string", "enum": ["interactive", "job"], "default": "interactive"},
        ),
        "members": _input(
            {"en": "Plausible days to simulate"},
            {"type": "integer", "minimum": 2, "maximum": _LARGEST_ENSEMBLE},
        ),
        "seed": _input({"en": "Seed of all chance"}, _whole(0, 2**31 - 1, 1)),
    }


def _input(title: Mapping[str, str], schema: Json) -> Json:
    return {"title": words(title), "schema": schema, "minOccurs": 0, "maxOccurs": 1}


def _lever(lever: Json) -> Json:
    return parameter({**lever, "default": None}) | (
        {} if lever["default"] is None else {"default": lever["default"]}
    )


def parameter(one: Json) -> Json:
    """The JSON Schema of one parameter of the engine."""
    if one["kind"] in ("choice", "choices"):
        choice: Json = {"type": "string", "enum": one["choices"]}
        schema = (
            choice if one["kind"] == "choice" else {"type": "array", "items": choice, "uniqueItems": True}
        )
    else:
        schema = {"type": _TYPES[one["kind"]]}
        bounds = {"minimum": one["low"], "maximum": one["high"]}
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    title = f"{words(one['title'])} [{one['unit']}]" if one["unit"] else words(one["title"])
    return {"title": title, **schema} | ({} if one["default"] is None else {"default": one["default"]})


def _whole(low: int, high: int, default: int) -> Json:
    return {"type": "integer", "minimum": low, "maximum": high, "default": default}
