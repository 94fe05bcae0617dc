"""The same in the words of DIPAS's participation data service (PDS): projects, contributions, comments as GeoJSON.

Names of members are those of DIPAS's responses; what it says and this twin does not know is left out, not made up. A
contribution without a place lies on the project's area, with ``dipasLocated`` false, as there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.negotiation import language_of
from sympolis.decision.participation.project import ProjectPlan
from sympolis.decision.participation.record import Comment, Contribution, State, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sympolis.orchestration.participating.desk import ParticipationDesk

Json = dict[str, Any]
MEDIA = "application/geo+json"


class Pds:
    """Handlers of ``/api/participation/pds``."""

    def __init__(self, desk: ParticipationDesk) -> None:
        self._desk = desk

    async def projects(self, request: Request) -> Reply:
        """Every project as a feature with its area."""
        return _collection([self._project(request, plan) for plan in self._desk.projects()])

    async def project(self, request: Request) -> Reply:
        """One project."""
        return _collection([self._project(request, self._desk.project(request.arguments["project"]))])

    async def contributions(self, request: Request) -> Reply:
        """Every contribution of a project as a feature with its place."""
        plan = self._desk.project(request.arguments["project"])
        return _collection(self._contributions(request, plan, comments=False))

    async def commented(self, request: Request) -> Reply:
        """The same with their comments."""
        plan = self._desk.project(request.arguments["project"])
        return _collection(self._contributions(request, plan, comments=True))

    async def contribution(self, request: Request) -> Reply:
        """One contribution."""
        one = self._one(request)
        tally = self._desk.book.tally(one.id)
        plan = self._desk.project(one.project)
        return _collection([self._feature(request, plan, one, tally)])

    async def comments(self, request: Request) -> Reply:
        """The comments of a contribution, on its place."""
        one = self._one(request)
        found = _threads(self._comments(one.id))
        plan = self._desk.project(one.project)
        place = one.place or self._desk.places.outline(plan)
        features = (
            [{"type": "Feature", "geometry": place, "properties": {"comments": found}}] if found else []
        )
        return _collection(features)

    # ------------------------------------------------------------------------------------------------------------------

    def _one(self, request: Request) -> Contribution:
        plan = self._desk.project(request.arguments["project"])
        one = self._desk.public(request.arguments["contribution"])
        return one if one.project == plan.id else self._desk.public("")

    def _comments(self, contribution: str) -> list[Comment]:
        found = self._desk.book.comments(contribution=contribution)
        return [one for one in found if one.state is State.PUBLISHED]

    def _project(self, request: Request, plan: ProjectPlan) -> Json:
        phase = self._desk.phase(plan)
        properties = {
            "id": plan.id,
            "nameFull": _say(request, plan.title),
            "description": _say(request, plan.text) or _say(request, plan.question),
            "dateStart": plan.first_day.isoformat(),
            "dateEnd": plan.last_day.isoformat(),
            "dipasPhase": phase.id if phase else plan.status(self._desk.today()),
            "website": f"{request.base_url}/#/participation/{plan.id}",
            "owner": _say(request, plan.owner),
            "standardCategories": [_say(request, one.title) for one in plan.categories],
            "projectContributionType": sorted({kind for one in plan.phases for kind in one.kinds}),
            "referenceSystem": "4326",
            "hasParticipatoryText": [one.id for one in self._published(plan)],
        }
        return {"type": "Feature", "geometry": self._desk.places.outline(plan), "properties": properties}

    def _published(self, plan: ProjectPlan) -> list[Contribution]:
        found = self._desk.book.contributions(plan.id)
        return [one for one in found if one.state is State.PUBLISHED]

    def _contributions(self, request: Request, plan: ProjectPlan, *, comments: bool) -> list[Json]:
        tallies = self._desk.book.tallies(plan.id)
        features = []
        for one in self._published(plan):
            feature = self._feature(request, plan, one, tallies.get(one.id, Tally()))
            if comments:
                feature["properties"]["commentedBy"] = _threads(self._comments(one.id))
            features.append(feature)
        return features

    def _feature(self, request: Request, plan: ProjectPlan, one: Contribution, tally: Tally) -> Json:
        titles = {found.id: found.title for found in plan.categories}
        properties = {
            "id": one.id,
            "dateCreated": one.at,
            "link": f"{request.base_url}/#/participation/{plan.id}?contribution={one.id}",
            "title": one.title,
            "contributionType": one.kind,
            "contributionContent": one.text,
            "commentsNumber": tally.comments,
            "category": _say(request, titles.get(one.category, {})) or one.category,
            "votingPro": tally.up,
            "votingContra": tally.down,
            "belongToProject": plan.id,
            "dipasLocated": one.place is not None,
        }
        geometry = one.place or self._desk.places.outline(plan)
        return {"type": "Feature", "geometry": geometry, "properties": properties}


def _collection(features: list[Json]) -> Reply:
    return json_reply({"type": "FeatureCollection", "features": features}, media=MEDIA)


def _threads(comments: Sequence[Comment], parent: str = "", level: int = 0) -> list[Json]:
    """Comments with their replies below them."""
    if level > 20:
        return []
    return [
        {
            "id": one.id,
            "dateCreated": one.at,
            "title": "",
            "commentContent": one.text,
            "commentOnContribution": one.contribution,
            **({"commentOnComment": parent} if parent else {}),
            "commentedBy": _threads(comments, one.id, level + 1),
        }
        for one in comments
        if one.parent == parent
    ]


def _say(request: Request, texts: Mapping[str, str]) -> str:
    language = language_of(request.header(b"accept-language"))
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
