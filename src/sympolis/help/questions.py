"""The desk for questions: asked once, routed by rules, answered within working days, kept for whoever asked.

A question knows of its asker nothing but the account, and shows even that to nobody: those who answer see the words.
Whether it is open, answered or overdue follows from its moments; nobody has to say so.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from sympolis.domain import errors
from sympolis.help.clock import Calendar
from sympolis.help.routing import HelpPlan, Topic, route, topics_of

MOST_LETTERS: Final = 4_000
MOST_OPEN: Final = 20
MOST_A_DAY: Final = 30
MOST: Final = 50_000
_DAY: Final = timedelta(days=1)


class State(StrEnum):
    """Where a question stands."""

    OPEN = "open"
    ANSWERED = "answered"
    OVERDUE = "overdue"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question and its answer. ``chosen``: its topic was named by a person, not found by rules."""

    id: str
    asker: str
    text: str
    topic: str
    chosen: bool = False
    asked_at: datetime
    due: datetime
    answer: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""

    def state(self, now: datetime) -> State:
        """Where it stands at ``now``."""
        if self.answered_at is not None:
            return State.ANSWERED
        return State.OVERDUE if now > self.due else State.OPEN


class QuestionBook(Protocol):
    """Keeps questions; what returned is durable."""

    def question(self, question: str) -> Question | None:
        """One of them."""
        ...

    def unanswered(self) -> list[Question]:
        """Those without an answer, the first due first."""
        ...

    def questions(self, *, asker: str | None = None, limit: int) -> list[Question]:
        """Somebody's, or all, newest first."""
        ...

    def count(self) -> int:
        """How many are kept."""
        ...

    def keep(self, question: Question) -> None:
        """Add or overwrite one."""
        ...

    def drop(self, question: str) -> bool:
        """Remove one; whether there was one."""
        ...

    def forget(self, person: str) -> int:
        """Remove everything of somebody: what they asked, how far they were; how much it was."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


class Answerer(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks the desk, as far as it matters here."""

    id: str
    roles: frozenset[str] = frozenset()
    answers: bool = False
    """Whether they may answer and see what others asked."""
    alone: bool = False
    """Nobody is asked who they are here: whoever comes is everybody."""


class QuestionDesk:
    """See the module."""

    def __init__(
        self,
        book: QuestionBook,
        plan: HelpPlan,
        calendar: Calendar,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.book = book
        self.topics = topics_of(plan)
        self.answer_days = plan.answer_days
        self._calendar = calendar
        self.now = now

    def ask(self, text: str, asker: str, *, topic: str = "") -> Question:
        """Take a question in. Raises ``BadRequestData``, ``QuotaExceeded`` for somebody who asks very much."""
        said, now = _said(text, "text"), self.now()
        self._bounded(asker, now)
        asked = Question(
            id=f"question-{now:%Y%m%d}-{secrets.token_hex(5)}",
            asker=asker,
            text=said,
            topic=self._topic(topic).id if topic else route(said, self.topics).id,
            chosen=bool(topic),
            asked_at=now,
            due=self._calendar.after(now, self.answer_days),
        )
        self.book.keep(asked)
        return asked

    def _bounded(self, asker: str, now: datetime) -> None:
        theirs = self.book.questions(asker=asker, limit=MOST_A_DAY + MOST_OPEN)
        if sum(one.answered_at is None for one in theirs) >= MOST_OPEN:
            raise errors.QuotaExceeded(f"{MOST_OPEN} of your questions wait for an answer", where="text")
        if sum(now - one.asked_at < _DAY for one in theirs) >= MOST_A_DAY:
            raise errors.QuotaExceeded(f"at most {MOST_A_DAY} questions in a day", where="text")
        if self.book.count() >= MOST:
            raise errors.Conflict(
                f"at most {MOST} questions are kept", where="questions", hint="remove answered ones"
            )

    def answer(self, question: str, text: str, who: Answerer) -> Question:
        """Answer, or answer better. Raises ``NotFound``, ``BadRequestData``."""
        found = self.get(question, who)
        answered = msgspec.structs.replace(
            found, answer=_said(text, "answer"), answered_at=self.now(), answered_by=who.id
        )
        self.book.keep(answered)
        return answered

    def move(self, question: str, topic: str, who: Answerer) -> Question:
        """Give it to another topic; its clock goes on. Raises ``NotFound``, ``BadRequestData``."""
        moved = msgspec.structs.replace(self.get(question, who), topic=self._topic(topic).id, chosen=True)
        self.book.keep(moved)
        return moved

    def get(self, question: str, who: Answerer) -> Question:
        """One that is theirs, or anybody's for those who answer. Raises ``NotFound``."""
        found = self.book.question(question)
        if found is None or not (who.answers or found.asker == who.id):
            raise errors.NotFound(
                f"there is no question {question[:60]!r} of yours",
                where="question",
                hint="/api/help/questions",
            )
        return found

    def withdraw(self, question: str, who: Answerer) -> None:
        """Remove one's own, answered or not. Raises ``NotFound``."""
        if self.get(question, who).asker != who.id:
            raise errors.Forbidden("only who asked may take a question back", where="question")
        self.book.drop(question)

    def mine(self, who: Answerer, *, limit: int) -> list[Question]:
        """What they asked, newest first."""
        return self.book.questions(asker=who.id, limit=limit)

    def waiting(self) -> list[Question]:
        """Everything that waits for an answer, the first due first."""
        return self.book.unanswered()

    def is_for(self, question: Question, who: Answerer) -> bool:
        """Whether the rules lead it to them: by name, else by role; what nobody is named for is everybody's."""
        topic = self.topic(question.topic)
        if not who.answers:
            return False
        if who.alone:
            return True
        if topic.people:
            return who.id in topic.people
        return not topic.roles or bool(who.roles & set(topic.roles))

    def topic(self, topic: str) -> Topic:
        """A topic; the last for one that the city has no longer."""
        return next((one for one in self.topics if one.id == topic), self.topics[-1])

    def overdue(self) -> Mapping[str, int]:
        """How many are overdue, by topic."""
        now = self.now()
        return Counter(self.topic(one.topic).id for one in self.waiting() if now > one.due)

    def _topic(self, topic: str) -> Topic:
        found = next((one for one in self.topics if one.id == topic), None)
        if found is None:
            known: Sequence[str] = [one.id for one in self.topics]
            raise errors.BadRequestData(
                f"there is no topic {topic[:60]!r}", where="topic", hint=f"known: {', '.join(known)}"
            )
        return found


def _said(text: str, where: str) -> str:
    said = text.strip()
    if not said or len(said) > MOST_LETTERS:
        raise errors.BadRequestData(f"expected 1 to {MOST_LETTERS} letters", where=where)
    if any(not (one.isprintable() or one in "\n\t\r") for one in said):
        raise errors.BadRequestData("holds characters that cannot be shown", where=where)
    return said
