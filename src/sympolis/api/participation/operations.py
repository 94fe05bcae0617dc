"""The routes of participation with their documentation."""

from __future__ import annotations

from typing import Any, Final

from sympolis.api.http import JSON
from sympolis.api.parameters import Parameter
from sympolis.api.participation import reading
from sympolis.api.participation.pds import MEDIA, Pds
from sympolis.api.participation.reading import Reading
from sympolis.api.participation.speaking import PHOTOS, Speaking
from sympolis.api.participation.steering import Steering
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import (
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    optional,
    reference,
    several,
    structure,
)
from sympolis.decision.participation.project import Kind

_TAG: Final = "Participation"
BASE: Final = "/api/participation"
_PROJECT, _ONE, _SAID = (
    f"{BASE}/projects/{{project}}",
    f"{BASE}/contributions/{{contribution}}",
    f"{BASE}/said/{{id}}",
)
_KIND: Final[Schema] = {"type": "string", "enum": list(Kind)}
_LEVERS: Final[Schema] = {"type": "object", "additionalProperties": NUMBER}
SCHEMAS: Final[dict[str, Schema]] = {
    "ParticipationProject": structure(
        {
            "id": TEXT,
            "title": TEXTS,
            "question": TEXTS,
            "text": TEXTS,
            "owner": TEXTS,
            "status": {"type": "string", "enum": ["planned", "open", "between", "closed"]},
            "phase": optional(TEXT),
            "phases": several(OBJECT),
            "categories": several(OBJECT),
            "ages": several(OBJECT),
            "what_if": optional(OBJECT),
            "contributions": INTEGER,
        }
    ),
    "ParticipationContribution": structure(
        {
            "id": TEXT,
            "project": TEXT,
            "phase": TEXT,
            "kind": _KIND,
            "category": TEXT,
            "title": TEXT,
            "text": TEXT,
            "name": TEXT,
            "at": TIME,
            "state": TEXT,
            "place": optional(OBJECT),
            "place_name": TEXT,
            "run": TEXT,
            "levers": _LEVERS,
            "up": INTEGER,
            "down": INTEGER,
            "comments": INTEGER,
        }
    ),
}
_DRAFT: Final = Body(
    structure(
        {
            "kind": _KIND,
            "category": TEXT,
            "title": TEXT,
            "text": TEXT,
            "place": optional(OBJECT),
            "pick": TEXT,
            "scenario": TEXT,
            "levers": _LEVERS,
            "name": TEXT,
            "age": TEXT,
            "home": TEXT,
            "language": TEXT,
        },
        required=("kind", "category", "title", "text"),
    ),
    example={"kind": "idea", "category": "walking", "title": "A bench", "text": "Halfway up the hill."},
)
_COMMENT: Final = Body(
    structure({"text": TEXT, "name": TEXT, "parent": TEXT}, required=("text",)), example={"text": "I agree."}
)
_RATING: Final = Body(structure({"value": INTEGER}, required=("value",)), example={"value": 1})
_REASON: Final = Body(
    structure({"reason": TEXT}, required=("reason",)), example={"reason": "It names a person."}
)
_ACT: Final = Body(structure({"act": TEXT, "reason": TEXT}, required=("act",)), example={"act": "publish"})
_ANSWER: Final = Body(
    structure(
        {"said": TEXT, "did": TEXT, "contributions": several(TEXT), "decision": TEXT},
        required=("said", "did", "contributions"),
    ),
    example={
        "said": "Many asked for shade.",
        "did": "We plant 40 trees by spring.",
        "contributions": ["c-…"],
    },
)
_INVITING: Final = Body(
    structure({"count": INTEGER, "mails": several(TEXT), "days": INTEGER, "send": {"type": "boolean"}}),
    example={"count": 10, "days": 30},
)
_WHAT_IF: Final = Body(
    structure({"levers": _LEVERS}, required=("levers",)), example={"levers": {"charge": 4}}
)
_PLAN: Final = Body(
    structure({"id": TEXT, "title": TEXTS, "question": TEXTS, "owner": TEXTS, "phases": several(OBJECT)}),
    example={"id": "our-square", "title": {"en": "Our square"}},
)
_DRY: Final = Body(structure({"dry_run": {"type": "boolean"}}), example={"dry_run": True})
_TEXTS: Final = {
    "project": "A project's id.",
    "contribution": "A contribution's id.",
    "id": "The id of a contribution or a comment.",
    "photo": "A photo's id.",
    "voice": "The hash by which a link's person is known in this project.",
    "run": "A run's id.",
}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where nobody is asked anything here."""
    if parts.participation is None:
        return ()
    desk, hearing = parts.participation.desk, parts.participation.hearing
    reader = Reading(parts, desk, hearing)
    steering = Steering(parts, desk, hearing, parts.participation.letters)
    speaking = Speaking(parts, desk)
    return (
        *_read(reader),
        *_spoken(speaking),
        *_looked_after(speaking, steering),
        *_steered(steering),
        *_pds(Pds(desk)),
    )


def _operation(
    method: str, path: str, handle: Any, name: str, title: str, schema: Schema | None = OBJECT, **more: Any
) -> Operation:
    status, media = more.pop("status", 200), more.pop("media", JSON)
    content = None if schema is None else {media: schema}
    texts = {one: text for one, text in _TEXTS.items() if f"{{{one}}}" in path}
    answers = {status: Answer("The answer." if content else "It is done.", content)}
    return Operation(
        method=method, path=path, handle=handle, name=name, title=title, tag=_TAG, answers=answers, path_texts=texts,
        **more,
    )  # fmt: skip


def _read(handlers: Reading) -> tuple[Operation, ...]:
    picture: Schema = {"type": "string", "format": "binary"}
    found = structure({"total": INTEGER, "contributions": several(reference("ParticipationContribution"))})
    listing: tuple[Parameter, ...] = (
        reading.KIND, reading.CATEGORY, reading.WORDS, reading.SORT, reading.LIMIT, reading.OFFSET,
    )  # fmt: skip
    project, one = reference("ParticipationProject"), reference("ParticipationContribution")
    listed = structure({"projects": several(project)})
    return (
        _operation("GET", f"{BASE}/projects", handlers.projects, "listParticipation", "Projects", listed),
        _operation("GET", _PROJECT, handlers.project, "getParticipation", "A project", project),
        _operation("GET", f"{_PROJECT}/places", handlers.places, "listParticipationPlaces", "Places to pick"),
        _operation(
            "GET", f"{_PROJECT}/contributions", handlers.contributions, "listContributions", "What was said", found,
            parameters=listing,
        ),
        _operation("GET", f"{_PROJECT}/statistics", handlers.statistics, "getParticipationStatistics", "Statistics"),
        _operation("GET", f"{_PROJECT}/topics", handlers.topics, "getParticipationTopics", "Topics"),
        _operation("GET", f"{_PROJECT}/answers", handlers.answers, "listParticipationAnswers", "You said - we did"),
        _operation(
            "GET", f"{_PROJECT}/export", handlers.export, "exportParticipation", "Everything, as a file",
            parameters=(reading.FORM,),
        ),
        _operation(
            "GET", _ONE, handlers.contribution, "getContribution", "A contribution", one
        ),
        _operation(
            "GET", f"{BASE}/photos/{{photo}}", handlers.photo, "getContributionPhoto", "A photo", picture,
            media="image/jpeg",
        ),
    )  # fmt: skip


def _spoken(handlers: Speaking) -> tuple[Operation, ...]:
    photo = Body({"type": "string", "format": "binary"}, media=PHOTOS)
    how = "With an account that has participation.write, or with the token of a link in `Sympolis-Voice`."
    return (
        _operation(
            "POST", f"{_PROJECT}/contributions", handlers.contribute, "contribute", "Contribute",
            reference("ParticipationContribution"), status=201, body=_DRAFT, text=how,
        ),
        _operation(
            "POST", f"{_PROJECT}/what-ifs", handlers.try_what_if, "tryWhatIf", "Compute within the bounds", status=202,
            body=_WHAT_IF, text=how,
        ),
        _operation("GET", f"{_PROJECT}/what-ifs/{{run}}", handlers.tried, "getWhatIf", "What it would change"),
        _operation(
            "POST", f"{_ONE}/comments", handlers.comment, "commentContribution", "Comment", status=201, body=_COMMENT,
            text=how,
        ),
        _operation("PUT", f"{_ONE}/rating", handlers.rate, "rateContribution", "Rate", body=_RATING, text=how),
        _operation(
            "POST", f"{_ONE}/photos", handlers.add_photo, "addContributionPhoto", "Add a photo", status=201, body=photo,
            text="It is made anew from its pixels: what its camera wrote into it is gone.",
        ),
        _operation("GET", f"{_PROJECT}/mine", handlers.mine, "listOwnContributions", "What one said oneself"),
        _operation("DELETE", f"{_PROJECT}/mine", handlers.erase_mine, "eraseOwnContributions", "Erase one's own"),
    )  # fmt: skip


def _looked_after(speaking: Speaking, steering: Steering) -> tuple[Operation, ...]:
    return (
        _operation(
            "POST", f"{_SAID}/reports", speaking.report, "reportContribution", "Say what is wrong with it", None,
            status=204, body=_REASON,
        ),
        _operation("POST", f"{_SAID}/appeal", speaking.appeal, "appealModeration", "Disagree", body=_REASON),
        _operation("DELETE", _SAID, speaking.withdraw, "withdrawContribution", "Take one's own back", None, status=204),
        _operation("GET", f"{BASE}/queue", steering.queue, "listModerationQueue", "What waits to be looked at"),
        _operation(
            "POST", f"{_SAID}/moderation", steering.moderate, "moderateContribution", "Publish or hide", body=_ACT
        ),
    )  # fmt: skip


def _steered(handlers: Steering) -> tuple[Operation, ...]:
    invitations = f"{_PROJECT}/invitations"
    return (
        _operation(
            "POST", f"{BASE}/projects", handlers.make, "makeParticipation", "Make a project", status=201, body=_PLAN
        ),
        _operation("PUT", _PROJECT, handlers.change, "changeParticipation", "Change a project", body=_PLAN),
        _operation("DELETE", _PROJECT, handlers.drop, "dropParticipation", "Remove an empty project", None, status=204),
        _operation(
            "POST", f"{_PROJECT}/answers", handlers.answer, "answerContributions", "You said - we did", status=201,
            body=_ANSWER,
        ),
        _operation(
            "POST", invitations, handlers.invite, "makeParticipationLinks", "Make links to speak with", status=201,
            body=_INVITING,
        ),
        _operation("GET", invitations, handlers.invitations, "listParticipationLinks", "The links that were made"),
        _operation(
            "DELETE", f"{invitations}/{{voice}}", handlers.revoke, "revokeParticipationLink", "Take a link back", None,
            status=204,
        ),
        _operation(
            "POST", f"{BASE}/retention", handlers.tidy, "applyParticipationRetention", "Forget who said it, in time",
            body=_DRY,
        ),
    )  # fmt: skip


def _pds(handlers: Pds) -> tuple[Operation, ...]:
    base = f"{BASE}/pds/projects"
    one = f"{base}/{{project}}/contributions/{{contribution}}"
    text = "In the words of DIPAS's participation data service, as GeoJSON."

    def get(path: str, handle: Any, name: str, title: str) -> Operation:
        return _operation("GET", path, handle, name, title, media=MEDIA, text=text)

    return (
        get(base, handlers.projects, "getPdsProjects", "PDS: projects"),
        get(f"{base}/{{project}}", handlers.project, "getPdsProject", "PDS: a project"),
        get(f"{base}/{{project}}/contributions", handlers.contributions, "getPdsContributions", "PDS: contributions"),
        get(
            f"{base}/{{project}}/commentedcontributions", handlers.commented, "getPdsCommentedContributions",
            "PDS: contributions with comments",
        ),
        get(one, handlers.contribution, "getPdsContribution", "PDS: a contribution"),
        get(f"{one}/comments", handlers.comments, "getPdsComments", "PDS: its comments"),
    )  # fmt: skip
