"""The twin's own services as models of the protocol, so that whoever speaks it can ask them like any learned model.

A service (``service-<id>``, as its process is called) takes its levers as tensors of one value, each of them optional:
what is not sent stays as the service has it. It gives each of its figures as ``[1, 3]``: the low end, the middle and
the high end of the 90 % interval, with the unit in the output's parameters and the run in those of the answer, where
lineage, calibration and warnings are (``/api/runs/{id}``). ``members``, ``seed`` and ``mode`` come as parameters of the
request. An answer is an ordinary run: kept, paired, found again where it was asked before.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, cast

from sympolis.analysis.learned import tensors
from sympolis.analysis.learned.card import Tensor
from sympolis.api.process_ids import SERVICE
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk

Json = dict[str, Any]

PLATFORM: Final = "sympolis_service"
LEVEL: Final = 0.9
_DATATYPES: Final[Mapping[str, str]] = {
    "number": "FP64", "integer": "INT64", "boolean": "BOOL", "choice": "BYTES", "choices": "BYTES",
}  # fmt: skip
_ENSEMBLE: Final[Mapping[str, type]] = {"members": int, "seed": int, "mode": str}
_ENDS: Final = 3


class Native:
    """Services in the protocol's words; see the module."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def find(self, name: str, version: str | None = None) -> Json | None:
        """The service that is asked by this name; None where the name is no service's. Raises ``NotFound``."""
        if not name.startswith(SERVICE):
            return None
        service = await self._desk.service(name.removeprefix(SERVICE))
        if version not in (None, service["version"]):
            hint = f"it is {service['version']}"
            raise errors.NotFound(f"{name} has no version {version!r}", where="version", hint=hint)
        return service

    async def infer(self, service: Json, document: Json) -> Json:
        """The answer to a request: a run's figures.

        Raises ``BadRequestData`` (inputs or parameters), ``OverrideRefused``, ``QuotaExceeded``, ``ModelFailed``.
        """
        levers = _levers(service, document.get("inputs"))
        wanted = tensors.wanted_outputs(
            document.get("outputs"), [one["name"] for one in service["indicators"]]
        )
        ensemble = _ensemble(document.get("parameters"))
        try:
            run = await self._desk.start_service(service["id"], levers, **ensemble)
        except (errors.OverrideRefused, errors.BadRequestData) as refused:
            raise type(refused)(refused.message, where=_place(refused.where), hint=refused.hint) from refused
        run = await self._over(run)
        figures = {one["name"]: one for one in run["indicators"] if _whole(one)}
        names = [one["name"] for one in service["indicators"] if one["name"] in wanted & figures.keys()]
        return {
            "model_name": SERVICE + service["id"],
            "model_version": service["version"],
            "parameters": {"run": run["id"], "members": run["members"], "level": LEVEL},
            "outputs": [_output(figures[name]) for name in names],
        }

    async def _over(self, run: Json) -> Json:
        states = cast("AsyncGenerator[Json, None]", self._desk.run_events(run["id"]))
        async with aclosing(states):
            async for state in states:
                run = state
        if run["status"] == "failed":
            problem = run["error"]
            raise errors.ModelFailed(problem["detail"], where=problem["where"], hint=problem["hint"])
        if run["status"] != "done":
            raise errors.Conflict("the run was stopped before it had an answer", where=run["id"])
        return run


def described(service: Json) -> Json:
    """``$metadata_model_response``."""
    return {
        "name": SERVICE + service["id"],
        "versions": [service["version"]],
        "platform": PLATFORM,
        "inputs": [
            {"name": one.name, "datatype": one.datatype, "shape": list(one.shape)} for one in _inputs(service)
        ],
        "outputs": [
            {"name": one["name"], "datatype": "FP64", "shape": [1, _ENDS]} for one in service["indicators"]
        ],
    }


def _inputs(service: Json) -> list[Tensor]:
    return [
        Tensor(
            name=lever["name"],
            datatype=_DATATYPES[lever["kind"]],
            shape=(-1,) if lever["kind"] == "choices" else (1,),
        )
        for lever in service["levers"]
    ]


def _levers(service: Json, document: Any) -> Json:
    """The values of the levers that were sent."""
    known = {one.name: one for one in _inputs(service)}
    sent = (
        [one.get("name") for one in document if isinstance(one, Mapping)]
        if isinstance(document, list)
        else []
    )
    odd = next((name for name in sent if not isinstance(name, str) or name not in known), None)
    if odd is not None:
        raise errors.BadRequestData(
            f"there is no input {odd!r}", where="inputs", hint=f"known: {', '.join(known)}"
        )
    several = {lever["name"] for lever in service["levers"] if lever["kind"] == "choices"}
    found = tensors.read_tensors(document, [one for name, one in known.items() if name in sent])
    return {one["name"]: one["data"] if one["name"] in several else one["data"][0] for one in found}


def _ensemble(given: Any) -> Json:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise errors.BadRequestData("expected an object", where="parameters")
    for name, value in given.items():
        kind = _ENSEMBLE.get(str(name))
        if kind is None:
            hint = f"known: {', '.join(_ENSEMBLE)}"
            raise errors.BadRequestData(
                "is not a parameter of a service", where=f"parameters.{name}", hint=hint
            )
        if not isinstance(value, kind) or isinstance(value, bool):
            raise errors.BadRequestData(f"expected {kind.__name__}", where=f"parameters.{name}")
    return dict(given)


def _place(where: str) -> str:
    """Where a mistake stands in the protocol's request."""
    if where in _ENSEMBLE:
        return f"parameters.{where}"
    return where.replace("levers.", "inputs.", 1)


def _numbers(figure: Json) -> list[float | None]:
    interval = figure["interval"]
    return [interval["low"], figure["value"], interval["high"]]


def _whole(figure: Json) -> bool:
    """Whether there is a figure: a tensor cannot say that there is none."""
    return None not in _numbers(figure)


def _output(figure: Json) -> Json:
    return {
        "name": figure["name"],
        "datatype": "FP64",
        "shape": [1, _ENDS],
        "data": _numbers(figure),
        "parameters": {"unit": figure["unit"]},
    }
