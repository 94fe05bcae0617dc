"""The routes of help with their documentation, and the eye that tutorials keep on other routes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from sympolis.api.asking import subject_of
from sympolis.api.help.handlers import COUNT, LIMIT, QUERY, WHOSE, HelpPages
from sympolis.api.help.observing import Observed
from sympolis.api.http import JSON, Handler, Reply, Request, Stream
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    optional,
    reference,
    several,
    structure,
)
from sympolis.help.academy import Academy

BASE: Final = "/api/help"
_TAG: Final = "Help"
_TOPIC: Final = structure({"id": TEXT, "title": TEXTS})
_QUESTION: Final = {"question": "A question's id."}
_TUTORIAL: Final = {"tutorial": "A tutorial's id."}
SCHEMAS: Final[dict[str, Schema]] = {
    "HelpAnswer": structure(
        {
            "title": TEXT, "names": TEXTS, "heading": TEXT, "passage": TEXT, "page": optional(TEXT), "address": TEXT,
            "score": NUMBER,
        },
        required=("title", "passage", "address"),
    ),
    "HelpPage": structure({"page": TEXT, "title": TEXT, "names": TEXTS}, required=("page", "title", "names")),
    "Question": structure(
        {
            "id": TEXT, "text": TEXT, "topic": TEXT, "topic_title": TEXTS,
            "state": {"enum": ["open", "answered", "overdue"]}, "asked_at": TIME, "due": TIME,
            "answer": optional(TEXT), "answered_at": optional(TIME), "mine": BOOLEAN, "for_me": BOOLEAN,
        },
        required=("id", "text", "topic", "state", "asked_at", "due", "mine"),
    ),
    "Tutorial": structure(
        {
            "id": TEXT, "title": TEXTS, "lead": TEXTS, "minutes": INTEGER, "page": TEXT, "begun_at": optional(TIME),
            "done": INTEGER, "complete": BOOLEAN,
            "steps": several(
                structure(
                    {
                        "id": TEXT, "title": TEXTS, "text": TEXTS, "view": optional(TEXT), "command": optional(TEXT),
                        "notices": TEXT, "done_at": optional(TIME),
                    }
                )
            ),
        },
        required=("id", "title", "steps", "complete"),
    ),
}  # fmt: skip


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where there is no help."""
    if parts.help is None:
        return ()
    pages = HelpPages(parts, parts.help, _academy(parts))
    return (*_finding(pages), *_asking(pages), *_learning(pages))


def watched(parts: ApiParts, found: Iterable[Operation]) -> tuple[Operation, ...]:
    """The same operations; those that steps of tutorials wait for tell when somebody did them."""
    if parts.help is None:
        return tuple(found)
    academy = _academy(parts)
    return tuple(
        replace(one, handle=_telling(one, academy)) if one.name in academy.watched else one for one in found
    )


def _academy(parts: ApiParts) -> Academy:
    assert parts.help is not None
    return Academy(parts.help.progress, Observed(parts), parts.help.desk.now)


def _telling(operation: Operation, academy: Academy) -> Handler:
    async def handle(request: Request) -> Reply | Stream:
        reply = await operation.handle(request)
        if person := subject_of(request).id:
            academy.did(person, operation.name)
        return reply

    return handle


def _operation(method: str, path: str, handle: Any, name: str, title: str, **more: Any) -> Operation:
    return Operation(
        method=method, path=f"{BASE}{path}", handle=handle, name=name, title=title, tag=_TAG, **more
    )


def _gives(schema: Schema, status: int = 200) -> dict[int, Answer]:
    return {status: Answer("The answer.", {JSON: schema})}


def _finding(pages: HelpPages) -> tuple[Operation, ...]:
    page = {**reference("HelpPage")}
    return (
        _operation(
            "GET", "/search", pages.search, "searchHelp", "Search the documentation",
            text="Passages of the pages that came with this twin, terms, and resources elsewhere; nothing is asked of "
            "any other machine. Questions may be in Italian, German or English.",
            parameters=(QUERY, COUNT),
            answers=_gives(structure({"query": TEXT, "answers": several(reference("HelpAnswer"))})),
        ),
        _operation(
            "GET", "/pages", pages.pages, "listHelpPages", "Every page of the documentation",
            answers=_gives(structure({"pages": several(page)})),
        ),
        _operation(
            "GET", "/pages/{page}", pages.page, "getHelpTopPage", "A page of the documentation",
            path_texts={"page": "The page's name."}, answers=_gives(page),
        ),
        _operation(
            "GET", "/pages/{section}/{page}", pages.page, "getHelpPage", "A page of the documentation",
            path_texts={"section": "howto, tutorials, explanation, reference …", "page": "The page's name."},
            answers=_gives(page),
        ),
    )  # fmt: skip


def _asking(pages: HelpPages) -> tuple[Operation, ...]:
    one, question = "/questions/{question}", reference("Question")
    text: Schema = structure({"text": TEXT}, required=("text",))
    return (
        _operation(
            "GET", "/topics", pages.topics, "listHelpTopics", "What questions can be about",
            answers=_gives(structure({"topics": several(_TOPIC), "answer_days": INTEGER})),
        ),
        _operation(
            "GET", "/questions", pages.questions, "listQuestions", "Questions", parameters=(WHOSE, LIMIT),
            answers=_gives(structure({"questions": several(question)})),
        ),
        _operation(
            "POST", "/questions", pages.ask, "askQuestion", "Ask a person",
            text="Without a topic the rules of the city find it. Nothing is kept of who asks but the account.",
            body=Body(
                structure({"text": TEXT, "topic": TEXT}, required=("text",)),
                example={"text": "Why was this row of the air quality source held back?"},
            ),
            answers=_gives(question, 201),
        ),
        _operation(
            "GET", one, pages.question, "getQuestion", "A question with its answer", path_texts=_QUESTION,
            answers=_gives(question),
        ),
        _operation(
            "PUT", f"{one}/answer", pages.answer, "answerHelpQuestion", "Answer a question", path_texts=_QUESTION,
            body=Body(text, example={"text": "Its count was negative; the sensor was being serviced."}),
            answers=_gives(question),
        ),
        _operation(
            "PUT", f"{one}/topic", pages.move, "moveQuestion", "Give a question to another topic",
            path_texts=_QUESTION, body=Body(structure({"topic": TEXT}, required=("topic",)), example={"topic": "data"}),
            answers=_gives(question),
        ),
        _operation(
            "DELETE", one, pages.withdraw, "withdrawQuestion", "Take one's own question back", path_texts=_QUESTION,
            answers={204: Answer("It is gone.")},
        ),
    )  # fmt: skip


def _learning(pages: HelpPages) -> tuple[Operation, ...]:
    one, tutorial = "/tutorials/{tutorial}", reference("Tutorial")
    return (
        _operation(
            "GET", "/tutorials", pages.tutorials, "listTutorials", "Tutorials that are done in this twin",
            answers=_gives(structure({"tutorials": several(tutorial)})),
        ),
        _operation(
            "GET", one, pages.tutorial, "getTutorial", "A tutorial, and which of its steps are done",
            text="Steps are done when this twin's state says so, or when whoever asks has done what they are about.",
            path_texts=_TUTORIAL, answers=_gives(tutorial),
        ),
        _operation(
            "PUT", f"{one}/progress", pages.begin, "beginTutorial", "Begin a tutorial, or begin it anew",
            path_texts=_TUTORIAL, answers=_gives(tutorial),
        ),
        _operation(
            "DELETE", f"{one}/progress", pages.leave, "leaveTutorial", "Have one's progress forgotten",
            path_texts=_TUTORIAL, answers={204: Answer("It is forgotten.")},
        ),
    )  # fmt: skip
