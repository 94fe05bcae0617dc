"""What is made of what people said: counts, topics, answers of the city, links to speak with, and forgetting."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from sympolis.decision.participation import counting, representing, telling, topics
from sympolis.decision.participation.counting import Said
from sympolis.decision.participation.project import ProjectPlan
from sympolis.decision.participation.record import (
    MOST_ANSWERED,
    Answer,
    Contribution,
    Invitation,
    State,
    Tally,
)
from sympolis.decision.participation.representing import Group
from sympolis.decision.participation.voice import ACCOUNT, LINK, MAIL, Voice
from sympolis.domain import errors
from sympolis.governance.privacy.erasures import Reach
from sympolis.orchestration.participating.desk import ParticipationDesk

Json = dict[str, Any]
MOST_INVITED: Final = 1000
LONGEST_INVITATION: Final = timedelta(days=366)
_KEPT_TOPICS: Final = 32


class Hearing:
    """See the module."""

    def __init__(self, desk: ParticipationDesk) -> None:
        self._desk = desk
        self._book = desk.book
        self._topics: dict[str, tuple[str, topics.Grouped]] = {}

    # --- counting

    def said(self, plan: ProjectPlan) -> Said:
        """Everything of a project."""
        return Said(
            self._book.contributions(plan.id), self._book.comments(plan.id), self._book.ratings(plan.id)
        )

    async def statistics(self, plan: ProjectPlan) -> Json:
        """Counts, and how those who spoke compare with those who live here, by area and by age."""
        said = self.said(plan)
        published = said.published
        groups = await self._desk.places.groups()
        located = await self._desk.places.counted([one.place for one in published if one.place is not None])
        ages = [Group(one.id, one.title, one.population) for one in plan.ages]
        return {
            **counting.figures(said),
            "by_area": [
                {"id": one.id, "title": one.title, "contributions": located[one.id]}
                for one in groups
                if one.id in located
            ],
            "representativeness": {
                "area": _compared(counting.homes(published), groups),
                "age": _compared(counting.ages(published), ages),
                "fewest": representing.FEWEST,
                "level": 0.9,
            },
        }

    async def topics(self, plan: ProjectPlan) -> Json:
        """Topics with their contributions. Raises ``NotImplementedHere`` without the extra `participation`."""
        texts = {one.id: f"{one.title}. {one.text}" for one in self.said(plan).published}
        mark = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()
        if self._topics.get(plan.id, ("",))[0] != mark:
            found = await asyncio.to_thread(topics.group, texts)
            if len(self._topics) >= _KEPT_TOPICS:
                self._topics.clear()
            self._topics[plan.id] = (mark, found)
        return {**asdict(self._topics[plan.id][1]), "of": len(texts), "fewest": topics.FEWEST}

    # --- answering

    def answer(self, plan: ProjectPlan, draft: Mapping[str, Any], *, by: str) -> Answer:
        """ "You said - we did", to at least one published contribution. Raises ``NotFound``, ``BadRequestData``."""
        names = tuple(dict.fromkeys(draft["contributions"]))
        if not 0 < len(names) <= MOST_ANSWERED:
            raise errors.BadRequestData(f"expected 1 to {MOST_ANSWERED} contributions", where="contributions")
        known = {one.id for one in self.said(plan).published}
        if missing := [name for name in names if name not in known]:
            raise errors.NotFound(f"there is no contribution {missing[0][:60]}", where="contributions")
        answer = Answer(
            id=f"a-{secrets.token_hex(6)}",
            project=plan.id,
            said=draft["said"],
            did=draft["did"],
            contributions=names,
            decision=draft["decision"],
            by=by,
            at=self._desk.now(),
        )
        self._book.keep_answer(answer)
        return answer

    async def cite(self, ids: Sequence[str]) -> list[Json]:
        """Contributions for a decision file: see ``orchestration.decision_desk.Contributions``."""
        found = [self._desk.public(name) for name in ids]
        tallies = {name: self._book.tallies(name) for name in {one.project for one in found}}
        return [telling.cited(one, tallies[one.project].get(one.id, Tally())) for one in found]

    # --- links to speak with

    def invite(
        self, plan: ProjectPlan, *, count: int, mails: Sequence[str], days: int
    ) -> list[tuple[str, str]]:
        """Links for ``count`` people, or for these addresses: (address or '', token).

        One address has one voice in a project, however often it is invited. Raises ``BadRequestData``, ``Conflict``.
        """
        whole = count + len(mails)
        if not 0 < whole <= MOST_INVITED or count < 0:
            raise errors.BadRequestData(f"expected 1 to {MOST_INVITED} links", where="count")
        if self._desk.today() > plan.last_day:
            raise errors.Conflict("this project is over", where="project")
        now = self._desk.now()
        until = now + min(timedelta(days=days), LONGEST_INVITATION)
        voices = self._desk.voices
        whose = [(mail, voices.author(plan.id, MAIL, mail)) for mail in mails]
        whose += [("", voices.author(plan.id, LINK, secrets.token_hex(16))) for _ in range(count)]
        self._book.keep_invitations([self._invitation(plan, one, now, until) for _, one in whose])
        return [(mail, voices.token(plan.id, one, until, since=now)) for mail, one in whose]

    def _invitation(self, plan: ProjectPlan, author: str, now: datetime, until: datetime) -> Invitation:
        known = self._book.invitation(plan.id, author)
        since = None if known is None else known.anew(now)
        return Invitation(author=author, project=plan.id, made_at=now, expires=until, since=since)

    def revoke(self, plan: ProjectPlan, author: str) -> None:
        """Take a link back. Raises ``NotFound``."""
        found = self._book.invitation(plan.id, author)
        if found is None:
            raise errors.NotFound("there is no such invitation", where="invitation")
        self._book.keep_invitations(
            [replace(found, revoked=True)],
        )

    # --- forgetting

    def tidy(self, *, dry_run: bool = False) -> list[Json]:
        """Unlink what is past its project's time from whoever said it."""
        today = self._desk.today()
        over = [plan for plan in self._desk.projects() if today > plan.kept_until]
        return [
            {
                "project": plan.id,
                "kept_until": plan.kept_until,
                "unlinked": None if dry_run else self._book.unlink(plan.id),
            }
            for plan in over
        ]

    def held_of(self, *, account: str = "", mail: str = "") -> Json:
        """What is held of somebody with this account or address: in which project, what, with its state."""
        found = []
        for voice in self._voices(account, mail):
            rated = [one for one in self._book.ratings(voice.project) if one.author == voice.author]
            said = [telling.own(one) for one in self._desk.mine(voice) if one.state is not State.ERASED]
            invited = self._book.invitation(voice.project, voice.author)
            if said or rated or invited:
                entry = {"project": voice.project, "said": said, "about": _about(self._desk.mine(voice))}
                found.append({**entry, "ratings": len(rated), "invited": invited is not None})
        return {"participation": found}

    def forget(self, *, by: str, why: str, account: str = "", mail: str = "") -> tuple[int, Reach]:
        """Erase everything of somebody in every project: how much it was, and which backups will leave it out."""
        gone = [self._desk.erase(voice, by=by, why=why) for voice in self._voices(account, mail)]
        backups = {folder for _, reach in gone for folder in reach.backups}
        missed = {problem for _, reach in gone for problem in reach.missed}
        return sum(count for count, _ in gone), Reach(tuple(sorted(backups)), tuple(sorted(missed)))

    def _voices(self, account: str, mail: str) -> list[Voice]:
        ways = [(ACCOUNT, account)] if account else []
        ways += [(MAIL, mail)] if mail else []
        return [
            Voice(self._desk.voices.author(plan.id, way, who), plan.id)
            for plan in self._desk.projects()
            for way, who in ways
        ]


def _compared(voices: Mapping[str, int], groups: Sequence[Group]) -> list[Json]:
    return [asdict(one) for one in representing.compared(voices, groups)]


def _about(said: Sequence[Any]) -> list[Json]:
    """What the person said of themselves."""
    return [
        {"id": one.id, "name": one.name, "age": one.age, "home": one.home}
        for one in said
        if isinstance(one, Contribution) and (one.name or one.age or one.home)
    ]
