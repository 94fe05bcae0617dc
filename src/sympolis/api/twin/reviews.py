"""Where a scenario is on its way to a decision: its steps and versions, and taking the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import (
    BOOLEAN,
    INTEGER,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    optional,
    reference,
    several,
    structure,
)
from sympolis.decision.review import KEEPERS
from sympolis.domain import errors
from sympolis.domain.scenario import ScenarioStatus
from sympolis.domain.steps import read_reason, read_state
from sympolis.governance.audit.record import Act, Event
from sympolis.orchestration.review_desk import Asking

if TYPE_CHECKING:
    from sympolis.api.parts import Governed
    from sympolis.orchestration.review_desk import ReviewDesk

_TAG: Final = "Scenarios"
_STATUS: Final[Schema] = {"enum": [str(one) for one in ScenarioStatus]}
_STEP: Final = structure(
    {"status": _STATUS, "version": INTEGER, "at": TIME, "by": optional(TEXT), "why": TEXT},
    required=("status", "version", "at", "why"),
)
_SAVED: Final = structure(
    {"version": INTEGER, "at": TIME, "by": TEXT, "status": _STATUS, "title": TEXTS},
    required=("version", "at", "status", "title"),
)
REVIEW: Final = structure(
    {
        "scenario": TEXT, "title": TEXTS, "status": _STATUS, "version": INTEGER, "approved_version": optional(INTEGER),
        "mine": BOOLEAN, "next": several(_STATUS), "steps": several(_STEP), "versions": several(_SAVED),
    },
    required=("scenario", "title", "status", "version", "mine", "next", "steps", "versions"),
)  # fmt: skip
_MOVE: Final = Body(
    structure({"status": _STATUS, "why": TEXT, "version": INTEGER}, required=("status", "why")),
    example={"status": "submitted", "why": "ready for the council's meeting in May", "version": 2},
)


def asking_of(request: Request, governed: Governed | None) -> Asking:
    """Who asks and what they may; everything where nothing is said about who may do what."""
    subject = subject_of(request)
    rights = KEEPERS if governed is None else governed.gate.roles.granted(subject.roles)
    return Asking(subject.id, frozenset(rights))


class Reviews:
    """Handlers of ``/api/scenarios/{scenario}/review`` and ``…/versions``.

    ``asked``: who may do what, where people are asked who they are; ``noting`` keeps the audit log where they are not.
    """

    def __init__(self, desk: ReviewDesk, asked: Governed | None, noting: Governed | None) -> None:
        self._desk = desk
        self._asked = asked
        self._noting = noting

    async def get(self, request: Request) -> Reply:
        """Steps, versions and where whoever asks may take it."""
        found = await self._desk.review(request.arguments["scenario"], asking_of(request, self._asked))
        return json_reply(found)

    async def move(self, request: Request) -> Reply:
        """Take a step: ``{"status": …, "why": …, "version": …}``."""
        document = await read_object(request)
        for name in document.keys() - {"status", "why", "version"}:
            raise errors.InvalidRequest("unknown member", where=name, hint="known: status, why, version")
        to = read_state(ScenarioStatus, document.get("status"), where="status")
        moved = await self._desk.move(
            request.arguments["scenario"],
            to,
            why=read_reason(document.get("why")),
            asking=asking_of(request, self._asked),
            version=_version(document.get("version")),
        )
        await self._note(request, to)
        return json_reply(moved)

    async def version(self, request: Request) -> Reply:
        """A version as it was."""
        number = _number(request.arguments["version"])
        asking = asking_of(request, self._asked)
        return json_reply(await self._desk.version(request.arguments["scenario"], number, asking))

    async def _note(self, request: Request, to: ScenarioStatus) -> None:
        if request.subject is not None or self._noting is None:
            return  # where everybody is asked who they are, ``access`` writes down what was done
        subject, what = subject_of(request), (request.arguments["scenario"],)
        event = Event(Act.DONE, subject.id, f"make {to}", request.path, request.id, what, subject.via)
        await self._noting.audit.keep(event)


def _version(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise errors.BadRequestData("expected a whole number of 1 or more", where="version")


def _number(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 9:
        return int(text)
    raise errors.NotFound(f"there is no version {text[:20]!r}", where="version", hint="versions are numbers")


def operations(
    desk: ReviewDesk, asked: Governed | None = None, noting: Governed | None = None
) -> tuple[Operation, ...]:
    """The routes with their documentation."""
    handlers = Reviews(desk, asked, noting)
    scenario = {"scenario": "A scenario's id."}
    path = "/api/scenarios/{scenario}"
    answer = {200: Answer("The review.", {JSON: REVIEW})}
    return (
        Operation(
            method="GET", path=f"{path}/review", handle=handlers.get, name="getScenarioReview",
            title="Where a scenario is on its way to a decision", tag=_TAG, path_texts=scenario, answers=answer,
            text="Steps with when and why, by whom for those who work on scenarios; `next` is where you may take it.",
        ),
        Operation(
            method="POST", path=f"{path}/review", handle=handlers.move, name="moveScenario",
            title="Submit, review, adopt, send back or withdraw a scenario", tag=_TAG, path_texts=scenario,
            body=_MOVE, answers=answer,
            text="Submitting needs `scenarios.run`, reviewing `scenarios.review`, adopting `decisions.take`. Nobody "
            "reviews what they wrote or submitted themselves (403); 409 where there is no such step from here.",
        ),
        Operation(
            method="GET", path=f"{path}/versions/{{version}}", handle=handlers.version, name="getScenarioVersion",
            title="A scenario as it was", tag=_TAG,
            answers={200: Answer("The version.", {JSON: reference("Scenario")})},
            path_texts={**scenario, "version": "A version's number."},
        ),
    )  # fmt: skip
