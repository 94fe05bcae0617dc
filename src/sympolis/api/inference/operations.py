"""The routes of the Open Inference Protocol with their documentation."""

from __future__ import annotations

from sympolis.api.http import JSON, Handler
from sympolis.api.inference.native import Native
from sympolis.api.inference.protocol import Inference, in_words_of_the_protocol
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT

_TAG = "Learned models"
_PATHS = ("/v2/models/{model}", "/v2/models/{model}/versions/{version}")
_AS_LONG_AS_IT_TAKES = 0.0
"""Learned models have a bound of their own; a service answers when its run has."""
_TEXTS = {
    "model": "A learned model's name, or `service-` and a service's.",
    "version": "One of its versions; else the deployed one is asked.",
}
_EXAMPLE = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [0.5, 1.0]}]}
_TENSORS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "datatype", "shape", "data"],
        "properties": {
            "name": {"type": "string"},
            "datatype": {"type": "string"},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "data": {"type": "array"},
        },
    },
}
_INFER = {
    "type": "object",
    "required": ["inputs"],
    "properties": {
        "id": {"type": "string"},
        "parameters": OBJECT,
        "inputs": _TENSORS,
        "outputs": {"type": "array"},
    },
}
_ANSWER = {
    "type": "object",
    "required": ["model_name", "model_version", "outputs"],
    "properties": {
        "model_name": {"type": "string"},
        "model_version": {"type": "string"},
        "parameters": OBJECT,
        "outputs": _TENSORS,
    },
}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where there are no models."""
    if parts.desk is None:
        return ()
    handlers = Inference(parts.desk.learned, parts.governed, Native(parts.desk))
    found = [
        _get("/v2", handlers.server, "getInferenceServer", "What this inference server is"),
        _get("/v2/health/live", handlers.live, "isInferenceLive", "Whether it is there"),
        _get("/v2/health/ready", handlers.ready, "isInferenceReady", "Whether it takes requests"),
    ]
    for place, path in enumerate(_PATHS):
        of = "Version" if place else ""
        found += [
            _get(path, handlers.model, f"getModelMetadata{of}", "What a model takes and gives"),
            _get(f"{path}/ready", handlers.model_ready, f"isModelReady{of}", "Whether a model answers"),
            Operation(
                method="POST",
                path=f"{path}/infer",
                handle=in_words_of_the_protocol(handlers.infer),
                name=f"inferModel{of}",
                title="Ask a learned model or a service",
                tag=_TAG,
                text="A service takes its levers and starts a run, which needs the right `scenarios.run`.",
                timeout_s=_AS_LONG_AS_IT_TAKES,
                body=Body(_INFER, example=_EXAMPLE),
                path_texts=_TEXTS,
                answers={200: Answer("Its outputs.", {JSON: _ANSWER})},
            ),
        ]
    return tuple(found)


def _get(path: str, handler: Handler, name: str, title: str) -> Operation:
    return Operation(
        method="GET",
        path=path,
        handle=in_words_of_the_protocol(handler),
        name=name,
        title=title,
        tag=_TAG,
        path_texts=_TEXTS,
        answers={200: Answer("As the protocol has it.", {JSON: OBJECT})},
    )
