"""The participation desk: projects, and what people say in them.

Every change is read, checked and written without a pause between, so that two who do the same at once do not both
succeed. Who moderates, answers and counts is in the modules beside this one.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from sympolis.context.dumps.erased import Erasure
from sympolis.decision.participation import moderation, photos, project, spam
from sympolis.decision.participation.forgetting import OWN_WISH, erase, erasure_of
from sympolis.decision.participation.project import Kind, Phase, ProjectPlan
from sympolis.decision.participation.record import (
    Comment,
    Contribution,
    ParticipationBook,
    Photo,
    Rating,
    State,
    Step,
)
from sympolis.decision.participation.voice import ACCOUNT, Voice, Voices
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.governance.privacy.erasures import Reach
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.participating import drafts
from sympolis.orchestration.participating.places import Places
from sympolis.orchestration.participating.what_if import WhatIfs

Utterance = Contribution | Comment
MOST: Final = 20_000
"""Contributions of one project: far more than anybody reads."""
_PLACED: Final = frozenset({Kind.DESIGN})


class ParticipationDesk:
    """See the module.

    ``builtin`` are the city package's projects; ``forgotten`` keeps erasures, also beside backups.
    """

    def __init__(  # noqa: PLR0913 - a composition: each keyword is one part
        self,
        book: ParticipationBook,
        voices: Voices,
        builtin: Iterable[ProjectPlan],
        *,
        places: Places,
        desk: Desk,
        zone: ZoneInfo,
        forgotten: Callable[[Erasure], Reach] = lambda _: Reach(),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.book = book
        self.voices = voices
        self.places = places
        self.what_ifs = WhatIfs(desk)
        self._forgotten = forgotten
        self.now = now
        self._desk = desk
        self._zone = zone
        self._pace = spam.Pace(monotonic)
        self._builtin = {one.id: one for one in sorted(builtin, key=lambda one: (one.order, one.id))}

    # --- projects

    def projects(self) -> list[ProjectPlan]:
        """The city package's, then those that were made here."""
        return [
            *self._builtin.values(),
            *(one for one in self.book.projects() if one.id not in self._builtin),
        ]

    def project(self, name: str) -> ProjectPlan:
        """One project. Raises ``NotFound``."""
        known = {one.id: one for one in self.projects()}
        if name not in known:
            raise errors.NotFound(
                f"there is no project {name[:60]!r}", where="project", hint=did_you_mean(name, known)
            )
        return known[name]

    async def make(self, plan: ProjectPlan, *, anew: bool = True) -> ProjectPlan:
        """Keep a project (``anew``), or change one. Raises ``AlreadyExists``, ``Conflict``, ``BadRequestData``."""
        for field, message, hint in project.complaints(plan, await self._levers()):
            raise errors.BadRequestData(message, where=field, hint=hint)
        if plan.id in self._builtin:
            raise errors.Conflict("this project is the city package's", where="id", hint="change it there")
        if anew and any(one.id == plan.id for one in self.book.projects()):
            raise errors.AlreadyExists(f"there is a project {plan.id}", where="id")
        self.book.keep_project(plan)
        return plan

    def drop(self, name: str) -> None:
        """Remove a project in which nobody has said anything. Raises ``NotFound``, ``Conflict``."""
        plan = self.project(name)
        if plan.id in self._builtin or self.book.contributions(plan.id):
            raise errors.Conflict(
                "what people said stays, and the city package's projects, too", where="project"
            )
        self.book.drop_project(plan.id)

    def today(self) -> date:
        """The day, where the city is."""
        return self.now().astimezone(self._zone).date()

    def phase(self, plan: ProjectPlan) -> Phase | None:
        """The phase of today."""
        return plan.phase(self.today())

    # --- voices

    def by_link(self, name: str, token: str) -> Voice:
        """Whom a link is for. Raises ``Unauthenticated``, also for one that was taken back or is another project's."""
        voice = self.voices.read(token, now=self.now())
        known = self.book.invitation(voice.project, voice.author)
        if voice.project != name or known is None or not known.admits(voice.since):
            raise errors.Unauthenticated(
                "this link is not, or no longer, for this project",
                where="Sympolis-Voice",
                hint="ask for a new one",
            )
        return voice

    def by_account(self, name: str, subject: str) -> Voice:
        """The voice of somebody with an account."""
        return Voice(self.voices.author(name, ACCOUNT, subject), name)

    # --- saying something

    async def contribute(
        self, name: str, draft: Mapping[str, Any], voice: Voice, *, address: str = ""
    ) -> Contribution:
        """Keep a contribution. Raises ``BadRequestData``, ``Conflict``, ``AlreadyExists``, ``TooManyAttempts``."""
        plan = self.project(name)
        found = self._drafted(plan, draft, voice)
        self._pace.check("contribution", voice.author, address)
        found = replace(found, **await self._placed(plan, draft, found.kind))
        if found.kind is Kind.WHAT_IF:
            run, levers = await self.what_ifs.start(plan, draft.get("levers"), author=voice.author)
            found = replace(found, run=run, levers=levers)
        said = self.book.contributions(name)
        spam.check_repeat(f"{found.title} {found.text}", said)
        if len(said) >= MOST:
            raise errors.Conflict(
                f"this project has {MOST} contributions, and takes no more", where="project"
            )
        self.book.keep([found])
        return found

    async def try_what_if(
        self, name: str, levers: Any, voice: Voice, *, address: str = ""
    ) -> tuple[str, dict[str, float]]:
        """Compute something without contributing it. Raises as ``contribute``."""
        plan = self.project(name)
        phase = drafts.open_phase(plan, self.phase(plan), "kinds")
        drafts.kind({"kind": Kind.WHAT_IF}, phase)
        self._pace.check("what-if", voice.author, address)
        return await self.what_ifs.start(plan, levers, author=voice.author)

    def comment(
        self, contribution: str, draft: Mapping[str, Any], voice: Voice, *, address: str = ""
    ) -> Comment:
        """Keep a comment. Raises as ``contribute``."""
        about = self.public(contribution)
        plan = self.project(about.project)
        drafts.open_phase(plan, self.phase(plan), "comments")
        drafts.refuse_others(draft, drafts.COMMENT)
        text, others = (
            drafts.text(draft, "text", required=True),
            self.book.comments(contribution=contribution),
        )
        parent = drafts.one_of(draft, "parent", [one.id for one in others if one.state is State.PUBLISHED])
        self._pace.check("comment", voice.author, address)
        spam.check_repeat(text, others)
        found = Comment(
            id=f"k-{secrets.token_hex(6)}",
            project=plan.id,
            contribution=contribution,
            parent=parent,
            text=text,
            **self._opening(plan, draft, voice, text),
        )
        self.book.keep([found])
        return found

    def rate(self, contribution: str, value: Any, voice: Voice, *, address: str = "") -> Rating:
        """Keep one person's rating: 1, -1, or 0 to take it back. Raises ``Conflict`` for one's own."""
        about = self.public(contribution)
        plan = self.project(about.project)
        drafts.open_phase(plan, self.phase(plan), "ratings")
        if value not in (-1, 0, 1) or isinstance(value, bool | float):
            raise errors.BadRequestData("expected 1, -1 or 0", where="value")
        if about.author == voice.author:
            raise errors.Conflict("this is your own", where="contribution", hint="others rate it")
        self._pace.check("rating", voice.author, address)
        rating = Rating(contribution, plan.id, voice.author, value)
        self.book.rate(rating)
        return rating

    async def add_photo(self, contribution: str, raw: bytes, voice: Voice, *, address: str = "") -> Photo:
        """Add a photo to one's own contribution, made anew without metadata."""
        plan = self.project(self._photographed(contribution, voice).project)
        if not plan.photos:
            raise errors.Conflict("this project takes no photos", where="project")
        self._pace.check("photo", voice.author, address)
        body = await asyncio.to_thread(photos.made_anew, raw)
        about = self._photographed(contribution, voice)  # again: others may have been added meanwhile
        photo = Photo(
            id=f"f-{secrets.token_hex(8)}",
            contribution=about.id,
            project=plan.id,
            media=photos.MEDIA,
            body=body,
        )
        state = State.WAITING if plan.moderation == "before" else about.state
        self.book.keep([replace(about, photos=(*about.photos, photo.id), state=state)], photos=[photo])
        return photo

    # --- reading

    def public(self, contribution: str) -> Contribution:
        """One that everybody may read. Raises ``NotFound``."""
        found = self.book.contribution(contribution)
        if found is None or found.state is not State.PUBLISHED:
            raise errors.NotFound(f"there is no contribution {contribution[:60]}", where="contribution")
        return found

    def utterance(self, name: str) -> Utterance:
        """A contribution or a comment, whatever its state. Raises ``NotFound``."""
        found = self.book.contribution(name) or self.book.comment(name)
        if found is None:
            raise errors.NotFound(f"there is no {name[:60]}", where="id")
        return found

    def own(self, name: str, voice: Voice) -> Utterance:
        """One's own contribution or comment. Raises ``NotFound`` also for another's."""
        found = self.utterance(name)
        if found.author != voice.author or found.state is State.ERASED:
            raise errors.NotFound(f"there is no {name[:60]} of yours", where="id")
        return found

    def mine(self, voice: Voice) -> list[Utterance]:
        """Everything that somebody said in a project, oldest first."""
        return self.book.said_by(voice.project, voice.author)

    # --- looking at it again

    def moderate(self, name: str, act: str, *, by: str, reason: str, alone: bool) -> Utterance:
        """Publish or hide. Raises ``NotFound``, ``Conflict``, ``BadRequestData``."""
        found = self.utterance(name)
        changed = moderation.moderated(found, act, by=by, reason=reason, at=self.now(), alone=alone)
        self.book.keep([changed])
        return changed

    def report(self, name: str, reason: str, voice: Voice, *, address: str = "") -> None:
        """Say that something is wrong with it, once a person. Raises ``NotFound``, ``BadRequestData``."""
        self._pace.check("report", voice.author, address)
        self._pace.once("report", voice.author, name)
        self.book.keep([moderation.reported(self.utterance(name), reason=reason, at=self.now())])

    def appeal(self, name: str, text: str, voice: Voice) -> Utterance:
        """Disagree with what was hidden. Raises ``NotFound``, ``Conflict``."""
        changed = moderation.appealed(self.own(name, voice), text=text, at=self.now())
        self.book.keep([changed])
        return changed

    def withdraw(self, name: str, voice: Voice) -> None:
        """Take one's own back. Raises ``NotFound``, ``Conflict``."""
        self.book.keep([moderation.withdrawn(self.own(name, voice), at=self.now())])

    def erase(self, voice: Voice, *, by: str = "", why: str = OWN_WISH) -> tuple[int, Reach]:
        """Erase everything of somebody in a project: how much it was, and which backups will leave it out."""
        now = self.now()
        erasure = erasure_of(voice.project, voice.author, at=now, by=by, why=why)
        reach = self._forgotten(erasure)  # first: nothing brings it back from here on
        return erase(self.book, voice.project, voice.author, at=now), reach

    # --- parts

    def _drafted(self, plan: ProjectPlan, draft: Mapping[str, Any], voice: Voice) -> Contribution:
        phase = drafts.open_phase(plan, self.phase(plan), "kinds")
        drafts.refuse_others(draft, drafts.CONTRIBUTION)
        title, text = drafts.text(draft, "title", required=True), drafts.text(draft, "text", required=True)
        return Contribution(
            id=f"c-{secrets.token_hex(6)}",
            project=plan.id,
            phase=phase.id,
            kind=drafts.kind(draft, phase),
            category=drafts.one_of(draft, "category", [one.id for one in plan.categories], required=True),
            title=title,
            text=text,
            age=drafts.one_of(draft, "age", [one.id for one in plan.ages]),
            language=drafts.one_of(draft, "language", ["it", "de", "en"]),
            **self._opening(plan, draft, voice, f"{title} {text}"),
        )

    def _opening(
        self, plan: ProjectPlan, draft: Mapping[str, Any], voice: Voice, text: str
    ) -> dict[str, Any]:
        """Who says it when, and whether somebody reads it first."""
        now, held = self.now(), spam.suspicious(text)
        waits = plan.moderation == "before" or held
        trail = (Step(now, moderation.HELD, "", held),) if held else ()
        return {
            "author": voice.author,
            "name": drafts.name(draft),
            "at": now,
            "state": State.WAITING if waits else State.PUBLISHED,
            "trail": trail,
        }

    async def _placed(self, plan: ProjectPlan, draft: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
        """Where it lies, which scenario it is about, where its author lives."""
        found: dict[str, Any] = {"home": await self._home(draft), "scenario": drafts.text(draft, "scenario")}
        if found["scenario"]:
            await self._desk.scenario(found["scenario"])
        if pick := drafts.text(draft, "pick"):
            place, name = await self.places.picked(plan, pick)
            found |= {"place": place, "place_name": name, "place_id": pick}
        elif draft.get("place") is not None:
            found["place"] = self.places.drawn(plan, draft["place"])
        elif kind in _PLACED:
            raise errors.BadRequestData(
                "a design is drawn", where="place", hint="send a geometry, or pick a place"
            )
        return found

    async def _home(self, draft: Mapping[str, Any]) -> str:
        home = drafts.text(draft, "home")
        if home and home not in {one.id for one in await self.places.groups()}:
            raise errors.BadRequestData("is no area of this city", where="home")
        return home

    def _photographed(self, contribution: str, voice: Voice) -> Contribution:
        found = self.own(contribution, voice)
        if not isinstance(found, Contribution) or found.state not in (State.WAITING, State.PUBLISHED):
            raise errors.NotFound(
                f"there is no contribution {contribution[:60]} of yours", where="contribution"
            )
        if len(found.photos) >= photos.MOST_PER_CONTRIBUTION:
            raise errors.Conflict(f"at most {photos.MOST_PER_CONTRIBUTION} photos", where="photos")
        return found

    async def _levers(self) -> dict[str, dict[str, tuple[float | None, float | None]]]:
        services = await self._desk.services()
        return {
            one["id"]: {lever["name"]: (lever["low"], lever["high"]) for lever in one["levers"]}
            for one in services
        }
