"""What people said, as it is kept: with a pseudonym of the project in place of a person.

``author`` is a keyed hash (``voice``): it is the same for one person within one project and tells nothing elsewhere.
Once a project's time is over it is emptied, together with the display name and everything said of the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

from sympolis.decision.participation.project import Kind, ProjectPlan

MOST_ANSWERED: Final = 2000
"""Contributions that one answer of the city may speak to."""


class State(StrEnum):
    """Who may read it."""

    WAITING = "waiting"
    """For the city to read it first."""
    PUBLISHED = "published"
    HIDDEN = "hidden"
    """Taken out, with a reason that its author reads."""
    APPEALED = "appealed"
    """Its author disagrees; somebody else looks again."""
    WITHDRAWN = "withdrawn"
    """By its author."""
    ERASED = "erased"
    """At the wish of whoever it was from; only that there was something is left."""


class Step(msgspec.Struct, frozen=True):
    """One step of moderation. ``by`` is the moderator's id; '' for the author and for rules."""

    at: datetime
    act: str
    by: str = ""
    reason: str = ""


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """What contributions and comments have in common."""

    id: str
    project: str
    author: str
    name: str
    text: str
    at: datetime
    state: State
    trail: tuple[Step, ...] = ()
    reports: int = 0
    """How many people found something wrong with it since it was last looked at."""


class Contribution(Utterance, frozen=True, kw_only=True):
    """What somebody contributed.

    ``place``: GeoJSON geometry in WGS84, or None; ``place_id`` what it was picked from. ``age`` and ``home`` are what
    the author said of themselves, for counting only: they are never shown with the contribution. ``run`` and ``levers``
    belong to a what-if.
    """

    phase: str
    kind: Kind
    category: str
    title: str
    place: dict[str, Any] | None = None
    place_name: str = ""
    place_id: str = ""
    scenario: str = ""
    run: str = ""
    levers: dict[str, float] = {}
    photos: tuple[str, ...] = ()
    age: str = ""
    home: str = ""
    language: str = ""


class Comment(Utterance, frozen=True, kw_only=True):
    """What somebody said to a contribution, or to another comment of it (``parent``)."""

    contribution: str
    parent: str = ""


class Rating(msgspec.Struct, frozen=True):
    """One person's rating of one contribution: 1 or -1."""

    contribution: str
    project: str
    author: str
    value: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """ "You said - we did": what the city says to contributions, and what it did or did not do, and why."""

    id: str
    project: str
    said: str
    did: str
    contributions: tuple[str, ...]
    decision: str = ""
    """The decision file that it rests on."""
    by: str
    at: datetime


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as it was made anew: what its camera wrote into it is gone."""

    id: str
    contribution: str
    project: str
    media: str
    body: bytes


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody got a link: whose is known as a keyed hash only."""

    author: str
    project: str
    made_at: datetime
    expires: datetime
    revoked: bool = False
    since: datetime | None = None
    """Links made before do not hold: they were taken back, and this person was invited anew."""

    def admits(self, made: datetime) -> bool:
        """Whether a link that was made then holds."""
        return not self.revoked and (self.since is None or made >= self.since)

    def anew(self, at: datetime) -> datetime | None:
        """From when on links hold once this person is invited at ``at``."""
        return datetime.fromtimestamp(round(at.timestamp(), 3), UTC) if self.revoked else self.since


class Tally(msgspec.Struct, frozen=True):
    """What a contribution has gathered."""

    up: int = 0
    down: int = 0
    comments: int = 0


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which contributions, in which order, from which one on: '' and () for any."""

    kind: str = ""
    category: str = ""
    words: tuple[str, ...] = ()
    """All of them in title, text or name of the place; case-folded."""
    sort: str = "newest"
    """``newest``, ``oldest``, ``rated`` or ``discussed``."""
    limit: int = 100
    offset: int = 0


class ParticipationBook(Protocol):
    """Keeps it all. Each call is one durable transaction."""

    def projects(self) -> list[ProjectPlan]:
        """The projects that were made here, by id."""
        ...

    def keep_project(self, plan: ProjectPlan) -> None: ...

    def drop_project(self, project: str) -> bool:
        """Forget a project; whether there was one."""
        ...

    def contribution(self, contribution: str) -> Contribution | None: ...

    def contributions(self, project: str = "") -> list[Contribution]:
        """Of a project, or all; newest first."""
        ...

    def published(self, project: str, wanted: Wanted) -> list[tuple[Contribution, Tally]]:
        """One page of what everybody may read, each with what it has gathered."""
        ...

    def count_published(self, project: str, wanted: Wanted | None = None) -> int:
        """How much there is of that on all pages."""
        ...

    def said_by(self, project: str, author: str) -> list[Contribution | Comment]:
        """Everything of one person in a project, oldest first."""
        ...

    def voices(self) -> list[tuple[str, str]]:
        """(project, author) of everybody who is anywhere in the book."""
        ...

    def comment(self, comment: str) -> Comment | None: ...

    def comments(self, project: str = "", *, contribution: str = "") -> list[Comment]:
        """Of a project, of a contribution, or all; oldest first."""
        ...

    def keep(self, utterances: Sequence[Contribution | Comment], *, photos: Sequence[Photo] = ()) -> None:
        """Write all of these or none."""
        ...

    def unsettled(self, project: str = "") -> list[Contribution | Comment]:
        """What waits, is appealed or was reported; oldest first."""
        ...

    def rate(self, rating: Rating) -> None:
        """Keep a rating in place of that person's earlier one; 0 takes it back."""
        ...

    def ratings(self, project: str) -> list[Rating]: ...

    def tallies(self, project: str) -> dict[str, Tally]:
        """By contribution; of those that nobody rated or commented on there is none."""
        ...

    def tally(self, contribution: str) -> Tally:
        """Of one contribution."""
        ...

    def photo(self, photo: str) -> Photo | None: ...

    def answers(self, project: str = "") -> list[Answer]:
        """Newest first."""
        ...

    def keep_answer(self, answer: Answer) -> None: ...

    def invitations(self, project: str) -> list[Invitation]: ...

    def invitation(self, project: str, author: str) -> Invitation | None: ...

    def keep_invitations(self, invitations: Sequence[Invitation]) -> None: ...

    def erase(self, project: str, author: str, utterances: Sequence[Contribution | Comment]) -> None:
        """Write these, and remove that person's ratings, photos and invitations, at once."""
        ...

    def unlink(self, project: str) -> int:
        """Empty author, name, age and home of everything in a project, and its invitations; how many it was."""
        ...

    def close(self) -> None: ...
