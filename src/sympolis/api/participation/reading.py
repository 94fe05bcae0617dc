"""Handlers for everybody: projects and what was said in them, without an account."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.asking import may
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import IntegerParameter, Parameter
from sympolis.api.participation import files
from sympolis.api.participation.speaking import MODERATE
from sympolis.decision.participation import telling
from sympolis.decision.participation.project import Kind, ProjectPlan
from sympolis.decision.participation.record import Contribution, State, Tally, Wanted
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.orchestration.participating.desk import ParticipationDesk
    from sympolis.orchestration.participating.hearing import Hearing

KIND: Final = Parameter(name="kind", text="Only of this type.", choices=tuple(Kind))
CATEGORY: Final = Parameter(name="category", text="Only of this category.", max_length=63)
WORDS: Final = Parameter(name="q", text="Only with these words in title or text.", max_length=200)
SORT: Final = Parameter(
    name="sort", text="In this order.", choices=("newest", "oldest", "rated", "discussed")
)
LIMIT: Final = IntegerParameter(name="limit", text="At most so many.", low=1, high=1000, default=100)
OFFSET: Final = IntegerParameter(name="offset", text="From this one on.", high=20_000)
_ALL: Final = OFFSET.high
FORM: Final = Parameter(name="format", text="As this.", choices=("csv", "geojson", "json"))


class Reading:
    """See the module."""

    def __init__(self, parts: ApiParts, desk: ParticipationDesk, hearing: Hearing) -> None:
        self._parts = parts
        self._desk = desk
        self._hearing = hearing

    async def projects(self, request: Request) -> Reply:  # noqa: ARG002
        """Every project, those under way first."""
        order = ("open", "between", "planned", "closed")
        found = [self._project(plan) for plan in self._desk.projects()]
        return json_reply(
            {"projects": sorted(found, key=lambda one: (order.index(one["status"]), one["order"]))}
        )

    async def project(self, request: Request) -> Reply:
        """One project with its outline, and the levers that it opens."""
        plan = self._plan(request)
        found = self._project(plan)
        outline, levers = self._desk.places.outline(plan), await self._desk.what_ifs.levers(plan)
        return json_reply({**found, "outline": outline, "levers": levers})

    async def places(self, request: Request) -> Reply:
        """Areas and streets inside the project, to pick one instead of drawing."""
        picks = await self._desk.places.picks(self._plan(request))
        return json_reply({"places": [asdict(one) for one in picks]})

    async def contributions(self, request: Request) -> Reply:
        """What everybody may read in a project."""
        plan, wanted, book = self._plan(request), _wanted(request), self._desk.book
        page = book.published(plan.id, wanted)
        total = book.count_published(plan.id, wanted)
        return json_reply({"total": total, "contributions": [telling.contribution(*one) for one in page]})

    async def contribution(self, request: Request) -> Reply:
        """One contribution with its comments, the city's answers, and its run."""
        one = self._desk.public(request.arguments["contribution"])
        book = self._desk.book
        comments = [one for one in book.comments(contribution=one.id) if one.state is State.PUBLISHED]
        answers = [found for found in book.answers(one.project) if one.id in found.contributions]
        document = telling.contribution(one, book.tally(one.id))
        document["discussion"] = [telling.comment(found) for found in comments]
        document["answers"] = [telling.answer(found) for found in answers]
        document["result"] = await self._desk.what_ifs.told(one.run) if one.run else None
        return json_reply(document)

    async def photo(self, request: Request) -> Reply:
        """A photo of a contribution that everybody may read; of any for moderators."""
        found = self._desk.book.photo(request.arguments["photo"])
        about = self._desk.book.contribution(found.contribution) if found else None
        if found is None or about is None or not (about.state is State.PUBLISHED or self._moderates(request)):
            raise errors.NotFound("there is no such photo", where="photo")
        return Reply(body=found.body, media=found.media, cache="private, max-age=300")

    async def statistics(self, request: Request) -> Reply:
        """Counts, and how those who spoke compare with those who live here."""
        return json_reply(await self._hearing.statistics(self._plan(request)))

    async def topics(self, request: Request) -> Reply:
        """What people speak about: topics, each with its contributions."""
        plan = self._plan(request)
        titles = {one.id: one.title for one, _ in self._published(plan.id)}
        found = await self._hearing.topics(plan)
        for topic in found["topics"]:
            topic["contributions"] = [
                {"id": name, "title": titles.get(name, "")} for name in topic["contributions"]
            ]
        return json_reply(found)

    async def answers(self, request: Request) -> Reply:
        """What the city says to contributions, newest first."""
        found = self._desk.book.answers(self._plan(request).id)
        return json_reply({"answers": [telling.answer(one) for one in found]})

    async def export(self, request: Request) -> Reply:
        """Everything that everybody may read, as a file."""
        plan = self._plan(request)
        form = FORM.raw(request) or "json"
        rows = [telling.contribution(*one) for one in self._published(plan.id)]
        ids = {one["id"] for one in rows}
        comments = [
            telling.comment(one)
            for one in self._desk.book.comments(plan.id)
            if one.state is State.PUBLISHED and one.contribution in ids
        ]
        answers = [telling.answer(one) for one in self._desk.book.answers(plan.id)]
        return files.export(plan, form, rows, comments, answers)

    # ------------------------------------------------------------------------------------------------------------------

    def _plan(self, request: Request) -> ProjectPlan:
        return self._desk.project(request.arguments["project"])

    def _moderates(self, request: Request) -> bool:
        return may(request, MODERATE, self._parts.governed)

    def _project(self, plan: ProjectPlan) -> dict[str, Any]:
        phase = self._desk.phase(plan)
        count = self._desk.book.count_published(plan.id)
        status = plan.status(self._desk.today())
        return telling.project(plan, status=status, phase=phase.id if phase else None, contributions=count)

    def _published(self, project: str) -> list[tuple[Contribution, Tally]]:
        """All of them, newest first, for what is made of all."""
        return self._desk.book.published(project, Wanted(limit=_ALL))


def _wanted(request: Request) -> Wanted:
    return Wanted(
        kind=KIND.raw(request) or "",
        category=CATEGORY.raw(request) or "",
        words=tuple((WORDS.raw(request) or "").casefold().split()),
        sort=SORT.raw(request) or "newest",
        limit=LIMIT.of(request),
        offset=OFFSET.of(request),
    )
