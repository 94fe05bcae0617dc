"""Joint plans: several departments on one scenario, each judging by its own figures, everybody seeing who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import IntegerParameter
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import INTEGER, OBJECT, TEXT, TEXTS, several, structure

if TYPE_CHECKING:
    from sympolis.orchestration.joint_desk import JointDesk

_JSON = "application/json"
_TAG = "Services"
VERSION = IntegerParameter(
    name="version",
    text="One edit's effects alone, by its version; 0: those of the whole plan.",
    high=1_000_000,
)
PLAN = structure(
    {
        "id": TEXT,
        "service": TEXT,
        "title": TEXTS,
        "levers": OBJECT,
        "measures": several(OBJECT),
        "version": INTEGER,
        "run": TEXT,
        "edits": several(OBJECT),
    },
    required=("id", "service", "title", "levers", "measures", "version", "run", "edits"),
)
_EFFECTS = structure(
    {
        "plan": TEXT,
        "version": INTEGER,
        "of": {"enum": ["plan", "edit"]},
        "base": TEXT,
        "with": TEXT,
        "members": INTEGER,
        "text": TEXTS,
        "departments": several(OBJECT),
        "conflicts": several(OBJECT),
    },
    required=("plan", "version", "of", "base", "with", "departments", "conflicts"),
)
_CHANGE = Body(
    structure(
        {
            "title": {"type": ["string", "object"]},
            "levers": OBJECT,
            "measures": several(OBJECT),
            "department": TEXT,
            "note": TEXT,
            "version": INTEGER,
        }
    ),
    example={
        "title": {"en": "Two new sites"},
        "levers": {"sites": 2},
        "department": "youth",
        "note": "first try",
    },
)


class JointPlans:
    """Handlers of ``/api/services/{service}/plans``."""

    def __init__(self, desk: JointDesk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Reply:
        """Every plan of a service."""
        return json_reply({"plans": await self._desk.plans(request.arguments["service"])})

    async def get(self, request: Request) -> Reply:
        """One plan with its edits, newest first."""
        return json_reply(await self._desk.plan(*_which(request)))

    async def create(self, request: Request) -> Reply:
        """Make a plan; its run is under way."""
        service = request.arguments["service"]
        made = await self._desk.create(service, await read_object(request), _who(request))
        location = f"/api/services/{quote(service)}/plans/{quote(made['id'])}".encode()
        return json_reply(made, status=201, headers=((b"location", location),))

    async def change(self, request: Request) -> Reply:
        """Change a plan in the version that was seen; its new run is under way."""
        document = await read_object(request)
        return json_reply(await self._desk.change(*_which(request), document, _who(request)))

    async def delete(self, request: Request) -> Reply:
        """Forget a plan."""
        await self._desk.delete(*_which(request))
        return Reply(status=204)

    async def effects(self, request: Request) -> Reply:
        """What it means to each department."""
        return json_reply(await self._desk.effects(*_which(request), VERSION.of(request) or None))


def _which(request: Request) -> tuple[str, str]:
    return request.arguments["service"], request.arguments["plan"]


def _who(request: Request) -> str:
    """Who the log says it was: a name where there is one, never what the request claims."""
    subject = subject_of(request)
    return subject.name or subject.id


def operations(desk: JointDesk) -> tuple[Operation, ...]:
    """The routes of joint plans."""
    handlers, path = JointPlans(desk), "/api/services/{service}/plans"
    service = {"service": "A service's id."}
    one = {**service, "plan": "A plan's id."}
    return (
        Operation(
            method="GET", path=path, handle=handlers.list, name="listPlans", title="Joint plans of a service",
            tag=_TAG, path_texts=service,
            answers={200: Answer("The plans.", {_JSON: structure({"plans": several(PLAN)})})},
        ),
        Operation(
            method="POST", path=path, handle=handlers.create, name="createPlan", title="Make a joint plan", tag=_TAG,
            text="Lever values and further measures that several departments go on changing; each state is run.",
            path_texts=service, body=_CHANGE, answers={201: Answer("The plan; see Location.", {_JSON: PLAN})},
        ),
        Operation(
            method="GET", path=f"{path}/{{plan}}", handle=handlers.get, name="getPlan",
            title="A joint plan: who changed what", tag=_TAG, path_texts=one,
            answers={200: Answer("The plan.", {_JSON: PLAN})},
        ),
        Operation(
            method="PATCH", path=f"{path}/{{plan}}", handle=handlers.change, name="changePlan",
            title="Change a joint plan", tag=_TAG, path_texts=one, body=_CHANGE,
            text="`version` is the one that you loaded; 409 where somebody changed the plan meanwhile.",
            answers={200: Answer("The plan.", {_JSON: PLAN})},
        ),
        Operation(
            method="DELETE", path=f"{path}/{{plan}}", handle=handlers.delete, name="deletePlan",
            title="Forget a joint plan", tag=_TAG, path_texts=one, answers={204: Answer("Forgotten.")},
        ),
        Operation(
            method="GET", path=f"{path}/{{plan}}/effects", handle=handlers.effects, name="getPlanEffects",
            title="What a plan means to each department", tag=_TAG, path_texts=one, parameters=(VERSION,),
            text="Each department's own figures side by side, and where one gains while another loses; 409 until "
            "the run is finished.",
            answers={200: Answer("The effects.", {_JSON: _EFFECTS})},
        ),
    )  # fmt: skip
