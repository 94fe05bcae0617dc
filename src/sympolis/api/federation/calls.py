"""Calls of partners' services and models, for the people of this twin: begun, followed, stopped, their answers read."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import JSON, LD_JSON, Reply, Request, json_reply
from sympolis.api.parameters import LIMIT, IntegerParameter
from sympolis.api.schemas import INTEGER, OBJECT, TEXT, TIME, optional, several, structure
from sympolis.dataspace.calling.call import Call, CallState
from sympolis.dataspace.calling.caller import Calling
from sympolis.domain import errors
from sympolis.governance.policy.vocabulary import expand

WAIT: Final = IntegerParameter(name="wait_s", text="Seconds to wait for it to be over.", high=60)
CALL: Final = structure(
    {
        "id": TEXT, "began": TIME, "changed": TIME, "by": TEXT, "partner": TEXT, "asset": TEXT, "agreement": TEXT,
        "transfer": TEXT, "inputs": OBJECT, "state": {"enum": [str(one) for one in CallState]}, "job": TEXT,
        "progress": INTEGER, "why": TEXT, "requests": several(TEXT), "came": optional(OBJECT), "provenance": OBJECT,
    },
    required=("id", "partner", "asset", "agreement", "state"),
)  # fmt: skip
_LONGEST: Final = 2048
_DATA: Final = (JSON, LD_JSON, "application/geo+json", "application/prs.coverage+json")
"""As which an answer is shown: what came is JSON (``dataspace.calling`` reads it), whatever its sender calls it."""
_MOST_PURPOSES: Final = 8
_MEMBERS: Final = frozenset({"partner", "asset", "agreement", "inputs", "purposes", "place"})


class Calls:
    """Handlers of ``/api/federation/calls``."""

    def __init__(self, calling: Calling) -> None:
        self._calling = calling

    async def all(self, request: Request) -> Reply:
        """Newest first, without inputs and answers."""
        found = [_document(one) for one in self._calling.all()[: LIMIT.of(request)]]
        brief = [
            {key: value for key, value in one.items() if key not in ("inputs", "provenance")} for one in found
        ]
        return json_reply({"calls": brief})

    async def get(self, request: Request) -> Reply:
        """One call; with ``wait_s`` once it is over."""
        call = self._calling.get(request.arguments["call"])
        return json_reply(_document(await self._calling.wait(call.id, WAIT.of(request))))

    async def call(self, request: Request) -> Reply:
        """Begin one."""
        said = await read_object(request)
        if unknown := sorted(said.keys() - _MEMBERS):
            raise errors.InvalidRequest("unknown member", where=unknown[0])
        inputs = said.get("inputs", {})
        if not isinstance(inputs, dict):
            raise errors.InvalidRequest("expected an object", where="inputs")
        begun = await self._calling.call(
            _text(said, "partner"),
            _text(said, "asset"),
            inputs,
            agreement=_text(said, "agreement", optional=True),
            purposes=_purposes(said.get("purposes", [])),
            place=_text(said, "place", optional=True),
            by=subject_of(request).id,
        )
        found = await self._calling.wait(begun.id, WAIT.of(request))
        location = b"/api/federation/calls/" + found.id.encode()
        return json_reply(_document(found), status=202, headers=((b"location", location),))

    async def stop(self, request: Request) -> Reply:
        """Stop one."""
        return json_reply(_document(await self._calling.stop(request.arguments["call"])))

    async def result(self, request: Request) -> Reply:
        """What came of one, as it came."""
        call = self._calling.get(request.arguments["call"])
        body = self._calling.answer(call)
        assert call.came is not None
        media = call.came.media if call.came.media in _DATA else JSON  # a partner's page is no page of ours
        headers = ((b"sympolis-agreement", call.agreement.encode("ascii", "replace")),)
        return Reply(body=body, media=media, headers=headers)


def _document(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(call)
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
