"""Master data: who a name means, what nobody knows yet, and the decisions of the stewards."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sympolis.api.bodies import read_object
from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.parameters import LIMIT, OFFSET, Parameter
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, several, structure
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.city.registered import Registered
    from sympolis.governance.masterdata.model import Decision
    from sympolis.governance.masterdata.registry import MasterData

PATH = "/api/master-data"
ACTIONS = ("accept", "reject", "add", "rename", "retire", "merge", "split", "undo")
AT = Parameter(name="at", text="Only what existed on this day (ISO 8601); `today` for now.", max_length=10)
NAME = Parameter(name="name", text="Only what this id, code, name or alias means.", max_length=300)
KIND = Parameter(name="kind", text="Only of this kind.", max_length=60)
_TEXTS = ("kind", "action", "words", "thing", "day", "reason", "by")
_DECISION = structure(
    {
        **{name: TEXT for name in _TEXTS},
        "others": several(TEXT),
        "undoes": {"type": "integer", "minimum": 1},
    },
    required=("kind", "action", "by"),
)


class MasterDataPages:
    """Handlers of ``/api/master-data``."""

    def __init__(self, known: MasterData, registered: Registered | None = None) -> None:
        self._known = known
        self._registered = registered

    async def kinds(self, request: Request) -> Reply:  # noqa: ARG002
        """Every kind with the number of its things."""
        found = [
            {
                "id": one.id,
                "title": one.title,
                "entity_type": one.entity_type,
                "things": len(self._known.things(one.id)),
            }
            for one in self._known.kinds()
        ]
        return json_reply(found)

    async def things(self, request: Request) -> Reply:
        """A page of the things of a kind."""
        found = self._known.things(request.arguments["kind"], _day(AT.raw(request)), NAME.raw(request) or "")
        start = OFFSET.of(request)
        page = found[start : start + LIMIT.of(request)]
        return json_reply({"total": len(found), "things": [one.to_json() for one in page]})

    async def thing(self, request: Request) -> Reply:
        """One thing with the decisions about it."""
        kind, thing_id = request.arguments["kind"], request.arguments["id"]
        thing = self._known.thing(kind, thing_id)
        decisions = [_plain(one) for one in self._known.history(kind, thing_id)]
        return json_reply({**thing.to_json(), "decisions": decisions})

    async def matches(self, request: Request) -> Reply:
        """Names that sources use and nobody knows, with what they may mean."""
        kind, limit, offset = KIND.raw(request) or "", LIMIT.of(request), OFFSET.of(request)
        total, page = await asyncio.to_thread(self._known.matches, kind, limit=limit, offset=offset)
        return json_reply({"total": total, "matches": [one.to_json() for one in page]})

    async def decisions(self, request: Request) -> Reply:
        """Every decision, the newest first."""
        found = self._known.decisions(KIND.raw(request) or "")[::-1]
        start = OFFSET.of(request)
        page = found[start : start + LIMIT.of(request)]
        return json_reply({"total": len(found), "decisions": [_plain(one) for one in page]})

    async def decide(self, request: Request) -> Reply:
        """Take a decision; where things are entities, they follow before it is answered."""
        taken = self._known.decide(_decision(await read_object(request)))
        if self._registered is not None:
            await self._registered.keep(taken.kind)
        return json_reply(_plain(taken), status=201)


def _plain(decision: Decision) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(decision)
    return found


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.now(UTC).date() if text == "today" else date.fromisoformat(text)
    except ValueError as cause:
        raise errors.InvalidRequest(
            f"{text!r} is not a day", where="at", hint="such as 2024-05-31"
        ) from cause


def _decision(document: Any) -> Decision:
    from sympolis.governance.masterdata.model import Decision

    for name in document:
        if name not in (*_TEXTS, "others", "undoes"):
            raise errors.InvalidRequest(
                "unknown member", where=name, hint=f"known: {', '.join(_TEXTS)}, others, undoes"
            )
    values = {name: _text(document, name) for name in _TEXTS}
    if values["action"] not in ACTIONS:
        raise errors.InvalidRequest(f"expected one of {', '.join(ACTIONS)}", where="action")
    _day(values["day"] or None)
    others, undoes = document.get("others", []), document.get("undoes", 0)
    if not isinstance(others, list) or not all(isinstance(one, str) for one in others) or len(others) > 1000:
        raise errors.InvalidRequest("expected a list of ids", where="others")
    if not isinstance(undoes, int) or isinstance(undoes, bool):
        raise errors.InvalidRequest("expected the number of a decision", where="undoes")
    return Decision(number=0, at=datetime.now(UTC), others=others, undoes=undoes, **values)


def _text(document: Any, name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str) or len(value) > 1000:
        raise errors.InvalidRequest("expected a text of at most 1000 characters", where=name)
    return value


def operations(known: MasterData | None, registered: Registered | None = None) -> tuple[Operation, ...]:
    """The routes of the master data."""
    if known is None:
        return ()
    pages, tag = MasterDataPages(known, registered), "Master data"
    texts = {"kind": "A kind of master data, e.g. streets.", "id": "A thing's id."}

    def route(path: str, handle: Any, name: str, title: str, schema: Any, **more: Any) -> Operation:
        answers = {200: Answer("The answer.", {JSON: schema})}
        return Operation(
            method="GET",
            path=PATH + path,
            handle=handle,
            name=name,
            title=title,
            tag=tag,
            answers=answers,
            **more,
        )

    decide = Operation(
        method="POST",
        path=f"{PATH}/decisions",
        handle=pages.decide,
        name="decideOnMasterData",
        title="Decide what a name means, or what became of a thing",
        tag=tag,
        text="Decisions are only ever added; `undo` leaves an earlier one out. `accept` makes `words` an alias of "
        "`thing`; `reject` says that it is not; `merge` ends `others`, which lead to `thing`; `split` ends `thing`.",
        body=Body(
            _DECISION,
            example={
                "kind": "streets",
                "action": "accept",
                "words": "V. Saffi",
                "thing": "12",
                "by": "A. Rossi",
            },
        ),
        answers={201: Answer("The decision with its number.", {JSON: OBJECT})},
    )
    return (
        route("", pages.kinds, "listKindsOfMasterData", "Kinds of master data", several(OBJECT)),
        route(
            "/matches", pages.matches, "listMatches", "Names that nobody knows yet, with what they may mean", OBJECT,
            parameters=(KIND, LIMIT, OFFSET),
        ),
        route(
            "/decisions", pages.decisions, "listMasterDataDecisions", "What was decided, newest first", OBJECT,
            parameters=(KIND, LIMIT, OFFSET),
        ),
        decide,
        route(
            "/{kind}", pages.things, "listMasterData", "The things of a kind", OBJECT,
            parameters=(AT, NAME, LIMIT, OFFSET), path_texts=texts,
        ),
        route(
            "/{kind}/{id}", pages.thing, "getMasterData", "One thing with its names, times and decisions", OBJECT,
            path_texts=texts,
        ),
    )  # fmt: skip
