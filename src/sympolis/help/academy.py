"""Tutorials that are done in one's own twin, and that notice by themselves when a step is done.

A step is known to be done from the twin's state (``fact``: there is one more scenario than when the tutorial began, a
source was read since then) or from what this very person did (``did``: the name of an operation of the API that went
well since then). Nobody ticks anything off, and there is no second, pretended twin.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final, Protocol

import msgspec

from sympolis.domain import errors

Texts = Mapping[str, str]
FACTS: Final = (
    "sources",
    "deliveries",
    "replayed",
    "scenarios",
    "runs",
    "models",
    "decisions",
    "partners",
)
"""What a step can ask of the twin's state; see ``api.help.observing``."""


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``fact`` of the twin, what somebody ``did`` (any of these operations), or either.

    ``already``: what was there before the tutorial began counts, too.
    """

    fact: str = ""
    did: tuple[str, ...] = ()
    already: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step. ``view``: the page behind ``#/`` where it is done; ``command``: the same in a terminal."""

    id: str
    title: Texts
    text: Texts
    view: str = ""
    command: str = ""
    check: Check


class Tutorial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Steps in an order. ``page``: the page of the documentation with the whole of it."""

    id: str
    order: int = 100
    title: Texts
    lead: Texts
    minutes: int
    page: str
    steps: tuple[Step, ...]


class Fact(msgspec.Struct, frozen=True):
    """How many there are, and when the newest came about, where that is known."""

    count: int
    newest: datetime | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far somebody is: ``found``: how many there were of each fact at the beginning; ``done``: step → when."""

    person: str
    tutorial: str
    begun_at: datetime
    found: Mapping[str, int] = {}
    done: Mapping[str, datetime] = {}


class ProgressBook(Protocol):
    """Keeps how far people are; what returned is durable."""

    def progress(self, person: str, tutorial: str) -> Progress | None:
        """How far somebody is in a tutorial; None where they have not begun."""
        ...

    def progress_of(self, person: str) -> list[Progress]:
        """In every tutorial that they began."""
        ...

    def keep_progress(self, progress: Progress) -> None:
        """Add or overwrite."""
        ...

    def drop_progress(self, person: str, tutorial: str = "") -> int:
        """Forget one tutorial, or all of them; how many it was."""
        ...


Look = Callable[[str], Awaitable[Fact | None]]
"""Reads a fact of the twin now; None where this twin has no such part."""


class Academy:
    """See the module. ``look`` is set by whoever knows the twin (``api.help``)."""

    def __init__(
        self, book: ProgressBook, look: Look, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._book = book
        self._look = look
        self._now = now
        self.tutorials = {one.id: one for one in tutorials()}

    @property
    def watched(self) -> frozenset[str]:
        """The operations by which steps are known to be done."""
        return frozenset(
            name for one in self.tutorials.values() for step in one.steps for name in step.check.did
        )

    def get(self, tutorial: str) -> Tutorial:
        """A tutorial. Raises ``NotFound``."""
        found = self.tutorials.get(tutorial)
        if found is None:
            known = ", ".join(self.tutorials)
            raise errors.NotFound(
                f"there is no tutorial {tutorial[:60]!r}", where="tutorial", hint=f"known: {known}"
            )
        return found

    async def begin(self, tutorial: str, person: str) -> Progress:
        """Begin, or begin anew. Raises ``NotFound``."""
        found: dict[str, int] = {}
        for step in self.get(tutorial).steps:
            fact = await self._look(step.check.fact) if step.check.fact else None
            found[step.check.fact] = 0 if fact is None else fact.count
        found.pop("", None)
        progress = Progress(person=person, tutorial=tutorial, begun_at=self._now(), found=found)
        self._book.keep_progress(progress)
        return await self._noticed(progress)

    async def where(self, tutorial: str, person: str) -> Progress | None:
        """How far somebody is, with what they have done by now; None where they have not begun."""
        self.get(tutorial)
        progress = self._book.progress(person, tutorial)
        return None if progress is None else await self._noticed(progress)

    def leave(self, tutorial: str, person: str) -> None:
        """Forget how far somebody is. Raises ``NotFound`` where they have not begun."""
        if not self._book.drop_progress(person, self.get(tutorial).id):
            raise errors.NotFound("you have not begun this tutorial", where="tutorial")

    def did(self, person: str, operation: str) -> None:
        """Somebody did something that some step asks for."""
        for progress in self._book.progress_of(person):
            tutorial = self.tutorials.get(progress.tutorial)
            steps = () if tutorial is None else tutorial.steps
            now_done = [one.id for one in steps if operation in one.check.did and one.id not in progress.done]
            self._mark(progress, now_done)

    async def _noticed(self, progress: Progress) -> Progress:
        now_done = [
            step.id
            for step in self.get(progress.tutorial).steps
            if step.id not in progress.done and await self._is_done(step.check, progress)
        ]
        return self._mark(progress, now_done)

    async def _is_done(self, check: Check, progress: Progress) -> bool:
        fact = await self._look(check.fact) if check.fact else None
        if fact is None:
            return False
        if check.already and fact.count > 0:
            return True
        since = fact.newest is not None and fact.newest >= progress.begun_at
        return since or fact.count > progress.found.get(check.fact, 0)

    def _mark(self, progress: Progress, steps: list[str]) -> Progress:
        if not steps:
            return progress
        done = {**progress.done, **dict.fromkeys(steps, self._now())}
        marked = msgspec.structs.replace(progress, done=done)
        self._book.keep_progress(marked)
        return marked


@functools.cache
def tutorials() -> tuple[Tutorial, ...]:
    """Every tutorial, in its order."""
    folder = files(__package__).joinpath("tutorials")
    found = [
        msgspec.convert(tomllib.loads(one.read_text("utf-8")), Tutorial)
        for one in folder.iterdir()
        if one.name.endswith(".toml")
    ]
    return tuple(sorted(found, key=lambda one: (one.order, one.id)))
