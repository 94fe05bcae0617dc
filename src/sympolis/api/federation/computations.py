"""Compute-to-data, for the people of this twin: packages sent to partners, and packages of partners decided on."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import LIMIT, IntegerParameter
from sympolis.dataspace.computing.asking import Asking
from sympolis.dataspace.computing.computation import Asked, Served
from sympolis.dataspace.computing.package import DECLARATION, MODEL, SCRIPT
from sympolis.dataspace.computing.providing import Providing
from sympolis.domain import errors
from sympolis.governance.policy.vocabulary import expand

WAIT: Final = IntegerParameter(name="wait_s", text="Seconds to wait for it to be over.", high=60)
ACTS: Final = ("approve", "refuse", "release", "withhold")
_LONGEST: Final = 2048
_MOST_PURPOSES: Final = 8
_MEMBERS: Final = frozenset(
    {"partner", "asset", "agreement", "package", "model", "script", "parameters", "purposes", "place"}
)
_LARGE: Final = ("parameters", "outputs", "script")
"""Members that lists leave out."""


class Computations:
    """Handlers of ``/api/federation/computations`` and ``/api/federation/served-computations``."""

    def __init__(self, asking: Asking, providing: Providing) -> None:
        self._asking = asking
        self._providing = providing

    # --- ours, on data of partners

    async def all(self, request: Request) -> Reply:
        """Newest first, in brief."""
        return json_reply({"computations": [_brief(one) for one in self._asking.all()[: LIMIT.of(request)]]})

    async def get(self, request: Request) -> Reply:
        """One of them, as the partner has it now."""
        found = await self._asking.look(request.arguments["computation"], wait_s=WAIT.of(request))
        return json_reply(msgspec.to_builtins(found))

    async def submit(self, request: Request) -> Reply:
        """Sign a package and send it."""
        said = await read_object(request)
        if unknown := sorted(said.keys() - _MEMBERS):
            raise errors.InvalidRequest("unknown member", where=unknown[0])
        found = await self._asking.submit(
            _text(said, "partner"),
            _text(said, "asset"),
            _files(said),
            parameters=_object(said, "parameters"),
            agreement=_text(said, "agreement", optional=True),
            purposes=_purposes(said.get("purposes", [])),
            place=_text(said, "place", optional=True),
            by=subject_of(request).id,
        )
        found = await self._asking.look(found.id, wait_s=WAIT.of(request)) if WAIT.of(request) else found
        location = b"/api/federation/computations/" + found.id.encode()
        return json_reply(msgspec.to_builtins(found), status=201, headers=((b"location", location),))

    # --- theirs, on ours

    async def served(self, request: Request) -> Reply:
        """Newest first, in brief."""
        found = self._providing.all()[: LIMIT.of(request)]
        return json_reply({"computations": [_brief(one) for one in found]})

    async def one_served(self, request: Request) -> Reply:
        """One of them with all that its approval rests on: package, script, parameters, checked outputs."""
        found = await self._providing.wait(request.arguments["computation"], WAIT.of(request))
        return json_reply(msgspec.to_builtins(found))

    async def decide(self, request: Request) -> Reply:
        """Approve or refuse a package, release or withhold outputs, with the reason."""
        said = await read_object(request)
        act = said.get("act")
        if act not in ACTS:
            raise errors.InvalidRequest(f"one of {', '.join(ACTS)} is wanted", where="act")
        why = _text(said, "why", optional=True)
        if act in ("refuse", "withhold") and not why.strip():
            raise errors.InvalidRequest("the partner is told why", where="why", hint="give a reason")
        one = self._providing.decide(
            request.arguments["computation"], act, why=why.strip(), by=subject_of(request).id
        )
        found = await self._providing.wait(one.id, WAIT.of(request))
        return json_reply(msgspec.to_builtins(found))


def _brief(one: Asked | Served) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    said = found.pop("declaration")
    kept = {name: said.get(name) for name in ("name", "version", "title", "min_group", "counted")}
    return {
        **{key: value for key, value in found.items() if key not in _LARGE},
        **kept,
        "kind": said["algorithm"]["kind"],
    }


def _files(said: dict[str, Any]) -> dict[str, bytes]:
    """The package's files."""
    found = {DECLARATION: msgspec.json.encode(_object(said, "package"))}
    if script := said.get("script"):
        if not isinstance(script, str):
            raise errors.InvalidRequest("expected a text", where="script")
        found[SCRIPT] = script.encode()
    if model := said.get("model"):
        try:
            found[MODEL] = base64.b64decode(model, validate=True)
        except (binascii.Error, TypeError, ValueError) as problem:
            raise errors.InvalidRequest("expected base64", where="model") from problem
    return found


def _object(said: dict[str, Any], member: str) -> dict[str, Any]:
    found = said.get(member, {})
    if not isinstance(found, dict):
        raise errors.InvalidRequest("expected an object", where=member)
    return found


def _text(said: dict[str, Any], member: str, *, optional: bool = False) -> str:
    found = said.get(member, "" if optional else None)
    if not isinstance(found, str) or len(found) > _LONGEST or not (found or optional):
        raise errors.InvalidRequest("expected a text", where=member)
    return found


def _purposes(given: Any) -> tuple[str, ...]:
    fits = isinstance(given, list) and len(given) <= _MOST_PURPOSES
    if not fits or not all(isinstance(one, str) and len(one) <= _LONGEST for one in given):
        raise errors.InvalidRequest(f"expected at most {_MOST_PURPOSES} texts", where="purposes")
    return tuple(expand(one) for one in given)
