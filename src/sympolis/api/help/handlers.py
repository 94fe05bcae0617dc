"""Handlers of ``/api/help``: everybody searches; who asks sees their own; who answers sees the words of all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.asking import may, subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import IntegerParameter, Parameter
from sympolis.domain import errors
from sympolis.help import passages
from sympolis.help.academy import Academy, Progress, Step, Tutorial
from sympolis.help.house import Help
from sympolis.help.questions import Answerer, Question
from sympolis.help.search import MOST_LETTERS, Hit

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts

ANSWER: Final = "help.answer"
QUERY = Parameter(name="q", text="What is looked for, in words.", required=True, max_length=MOST_LETTERS)
COUNT = IntegerParameter(name="limit", text="How many to give at most.", low=1, high=50, default=10)
WHOSE = Parameter(
    name="whose",
    text="One's own; those that wait and lead to whoever asks; all that wait. The last two need help.answer.",
    choices=("mine", "for-me", "waiting"),
)
LIMIT = IntegerParameter(name="limit", text="How many to give at most.", low=1, high=1000, default=100)
_SUGGESTED: Final = 3
_EXCERPT: Final = 600


class HelpPages:
    """See the module."""

    def __init__(self, parts: ApiParts, helping: Help, academy: Academy) -> None:
        self._parts = parts
        self._help = helping
        self._academy = academy

    async def search(self, request: Request) -> Reply:
        """Passages that answer, best first."""
        asked = (QUERY.raw(request) or "").strip()
        if not asked:
            raise errors.BadRequestData("say what you look for", where="q")
        found = await self._help.find(asked, limit=COUNT.of(request))
        return json_reply({"query": asked, "answers": [_answer(one) for one in found]})

    async def pages(self, request: Request) -> Reply:  # noqa: ARG002
        """The pages of the documentation."""
        return json_reply({"pages": await asyncio.to_thread(_pages)})

    async def page(self, request: Request) -> Reply:
        """A page as Markdown, with its names."""
        section, name = request.arguments.get("section", ""), request.arguments["page"]
        page = f"{section}/{name}" if section else name
        text = await asyncio.to_thread(passages.read, page)
        return json_reply({"page": page, **_named(page, text), "text": text})

    async def topics(self, request: Request) -> Reply:  # noqa: ARG002
        """What questions can be about, and within how many working days they are answered."""
        found = [{"id": one.id, "title": one.title} for one in self._help.desk.topics]
        return json_reply({"topics": found, "answer_days": self._help.desk.answer_days})

    async def ask(self, request: Request) -> Reply:
        """Take a question in, and suggest what might answer it at once."""
        body = _only(await read_object(request), {"text": str, "topic": str})
        who = self._who(request)
        asked = self._help.desk.ask(body.get("text", ""), who.id, topic=body.get("topic", ""))
        found = await self._help.find(asked.text, limit=_SUGGESTED)
        document = {**self._question(asked, who), "suggestions": [_answer(one) for one in found]}
        place = f"/api/help/questions/{asked.id}".encode()
        return json_reply(document, status=201, headers=((b"location", place),))

    async def questions(self, request: Request) -> Reply:
        """One's own, or what waits."""
        who, whose = self._who(request), WHOSE.raw(request) or "mine"
        if whose != "mine" and not who.answers:
            raise errors.Forbidden("what others asked is for those who answer", where="whose")
        if whose == "mine":
            found = self._help.desk.mine(who, limit=LIMIT.of(request))
        else:
            waiting = self._help.desk.waiting()
            found = [one for one in waiting if whose == "waiting" or self._help.desk.is_for(one, who)]
            found = found[: LIMIT.of(request)]
        return json_reply({"questions": [self._question(one, who) for one in found]})

    async def question(self, request: Request) -> Reply:
        """One question."""
        who = self._who(request)
        return json_reply(self._question(self._help.desk.get(request.arguments["question"], who), who))

    async def answer(self, request: Request) -> Reply:
        """Answer it, or answer it better."""
        who, body = self._who(request), _only(await read_object(request), {"text": str})
        answered = self._help.desk.answer(request.arguments["question"], body.get("text", ""), who)
        return json_reply(self._question(answered, who))

    async def move(self, request: Request) -> Reply:
        """Give it to another topic."""
        who, body = self._who(request), _only(await read_object(request), {"topic": str})
        moved = self._help.desk.move(request.arguments["question"], body.get("topic", ""), who)
        return json_reply(self._question(moved, who))

    async def withdraw(self, request: Request) -> Reply:
        """Take one's own question back."""
        self._help.desk.withdraw(request.arguments["question"], self._who(request))
        return Reply(status=204)

    async def tutorials(self, request: Request) -> Reply:
        """Every tutorial, with how far whoever asks is."""
        person = subject_of(request).id
        found = [
            _tutorial(one, await self._where(one.id, person)) for one in self._academy.tutorials.values()
        ]
        return json_reply({"tutorials": found})

    async def tutorial(self, request: Request) -> Reply:
        """One tutorial; looking at it notices what was done meanwhile."""
        found = self._academy.get(request.arguments["tutorial"])
        return json_reply(_tutorial(found, await self._where(found.id, subject_of(request).id)))

    async def begin(self, request: Request) -> Reply:
        """Begin, or begin anew."""
        found = self._academy.get(request.arguments["tutorial"])
        return json_reply(_tutorial(found, await self._academy.begin(found.id, self._who(request).id)))

    async def leave(self, request: Request) -> Reply:
        """Have one's progress forgotten."""
        self._academy.leave(request.arguments["tutorial"], subject_of(request).id)
        return Reply(status=204)

    async def _where(self, tutorial: str, person: str) -> Progress | None:
        return await self._academy.where(tutorial, person) if person else None

    def _who(self, request: Request) -> Answerer:
        subject = subject_of(request)
        if not subject.id:
            raise errors.Unauthenticated("say who you are: the answer is kept for you", where="authorization")
        governed = self._parts.governed if self._parts.access is not None else None
        return Answerer(
            id=subject.id, roles=subject.roles, answers=may(request, ANSWER, governed), alone=governed is None
        )

    def _question(self, one: Question, who: Answerer) -> dict[str, Any]:
        """Accounts are nobody's business: neither who asked nor who answered."""
        return {
            "id": one.id,
            "text": one.text,
            "topic": one.topic,
            "topic_title": self._help.desk.topic(one.topic).title,
            "state": one.state(self._help.desk.now()),
            "asked_at": one.asked_at,
            "due": one.due,
            "answer": one.answer or None,
            "answered_at": one.answered_at,
            "mine": one.asker == who.id,
            "for_me": self._help.desk.is_for(one, who),
        }


def _only(body: Mapping[str, Any], known: Mapping[str, type]) -> dict[str, Any]:
    for name, value in body.items():
        if name not in known:
            raise errors.BadRequestData(
                "is not known here", where=name[:60], hint=f"known: {', '.join(known)}"
            )
        if not isinstance(value, known[name]):
            raise errors.BadRequestData("expected a text", where=name)
    return dict(body)


def _answer(hit: Hit) -> dict[str, Any]:
    one = hit.passage
    return {
        "title": one.title,
        "names": one.names,
        "heading": one.heading,
        "passage": one.text[:_EXCERPT],
        "page": one.page or None,
        "address": one.address or f"#/help/pages/{one.page}",
        "score": hit.score,
    }


def _pages() -> list[dict[str, Any]]:
    return [{"page": one, **_named(one, passages.read(one))} for one in passages.pages()]


def _named(page: str, text: str) -> dict[str, Any]:
    title = passages.title_of(text)
    return {"title": title, "names": {"en": title, **passages.names().get(page, {})}}


def _tutorial(one: Tutorial, progress: Progress | None) -> dict[str, Any]:
    done = {} if progress is None else progress.done
    steps = [_step(step, done) for step in one.steps]
    return {
        "id": one.id,
        "title": one.title,
        "lead": one.lead,
        "minutes": one.minutes,
        "page": one.page,
        "begun_at": None if progress is None else progress.begun_at,
        "done": len(done),
        "complete": progress is not None and len(done) == len(steps),
        "steps": steps,
    }


def _step(step: Step, done: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": step.id,
        "title": step.title,
        "text": step.text,
        "view": step.view or None,
        "command": step.command or None,
        "notices": step.check.fact or ", ".join(step.check.did),
        "done_at": done.get(step.id),
    }
