"""An execution request (OGC 18-062r2, ``execute.yaml``), read strictly: what is wrong is named by its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympolis.api.ogc.process_descriptions import RESULT
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean

Json = dict[str, Any]

_MEMBERS = ("inputs", "outputs", "response", "mode", "subscriber")
_MODES = ("async", "sync", "auto")
_ENSEMBLE = ("mode", "members", "seed")
_HOURS = ("start_hour", "end_hour")
_MORNING = (8, 9)
_KINDS: Mapping[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True, slots=True)
class Execution:
    """What is to be run: the inputs of the model or service, how the ensemble is run, and the form of the answer."""

    inputs: Json
    ensemble: Json
    document: bool
    as_job: bool = False
    """Whether the body asks for a job: drafts of the standard had a member for it, and clients still send it."""

    def what_if(self) -> Json:
        """The inputs of a model as a scenario document has them."""
        if not any(name in self.inputs for name in _HOURS):
            return {"overrides": self.inputs.get("overrides", [])}
        start, end = (self.inputs.get(name, hour) for name, hour in zip(_HOURS, _MORNING, strict=True))
        if start >= end:
            raise errors.InvalidRequest("the window ends before it begins", where="inputs.end_hour")
        window = {"start_hour": start, "end_hour": end}
        return {"overrides": self.inputs.get("overrides", []), "window": window}


def read_execution(document: Json, process: Json) -> Execution:
    """Check a request against the process's description. Raises ``InvalidRequest``, or ``NotImplementedHere``."""
    for name in document:
        if name not in _MEMBERS:
            raise errors.InvalidRequest("unknown member", where=name, hint=f"known: {', '.join(_MEMBERS)}")
    if "subscriber" in document:
        raise errors.NotImplementedHere(
            "callbacks are not offered", where="subscriber", hint="follow the job"
        )
    response = document.get("response", "raw")
    if response not in ("raw", "document"):
        raise errors.InvalidRequest("expected raw or document", where="response")
    mode = document.get("mode", "auto")
    if mode not in _MODES:
        raise errors.InvalidRequest(f"expected one of {', '.join(_MODES)}", where="mode")
    _check_outputs(document.get("outputs", {}))
    given = document.get("inputs", {})
    if not isinstance(given, dict):
        raise errors.InvalidRequest("expected an object", where="inputs")
    found = {name: _value(name, value, process["inputs"]) for name, value in given.items()}
    ensemble = {name: found.pop(name) for name in _ENSEMBLE if name in found}
    return Execution(found, ensemble, response == "document", mode == "async")


def _check_outputs(outputs: Any) -> None:
    if not isinstance(outputs, dict):
        raise errors.InvalidRequest("expected an object", where="outputs")
    for name, wish in outputs.items():
        if name != RESULT:
            raise errors.InvalidRequest("is not an output", where=f"outputs.{name}", hint=f"known: {RESULT}")
        if isinstance(wish, dict) and wish.get("transmissionMode", "value") != "value":
            where = f"outputs.{name}.transmissionMode"
            raise errors.InvalidRequest("results are given by value only", where=where)


def _value(name: str, value: Any, inputs: Json) -> Any:
    where = f"inputs.{name}"
    if name not in inputs:
        raise errors.InvalidRequest(
            "is not an input of this process", where=where, hint=did_you_mean(name, inputs)
        )
    if isinstance(value, dict) and "value" in value:
        value = value["value"]  # a qualified value (qualifiedInputValue.yaml)
    reason = _objection(value, inputs[name]["schema"])
    if reason:
        raise errors.InvalidRequest(reason, where=where)
    return value


def _objection(value: Any, schema: Json) -> str | None:
    """Why a value does not fit the part of its schema that can be judged by itself; the engine judges the rest."""
    kind = schema["type"]
    if not isinstance(value, _KINDS[kind]) or (kind in ("number", "integer") and isinstance(value, bool)):
        return f"expected {kind}"
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        return f"expected {kind} from {low} to {high}"
    if "enum" in schema and value not in schema["enum"]:
        return f"expected one of {', '.join(schema['enum'])}"
    return None
