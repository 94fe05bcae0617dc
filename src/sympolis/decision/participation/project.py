"""What people are asked: a project with its question, its area, its phases, and the bounds of what they may build.

One form for both doors: ``participation/<id>.toml`` in a city package, and ``POST /api/participation/projects``.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sympolis.context.geojson import check_geometry
from sympolis.domain.errors import InvalidRequest
from sympolis.domain.reading import Texts, did_you_mean, option

NAME: Final = "[a-z][a-z0-9-]{0,62}"
LANGUAGE: Final = "[a-z]{2}"
_MOST: Final = {"phases": 12, "categories": 30, "ages": 20, "levers": 30}
_LONGEST: Final = 5000
_LAST_YEAR: Final = 2200


class Kind(StrEnum):
    """What somebody says."""

    IDEA = "idea"
    CONCERN = "concern"
    QUESTION = "question"
    PRAISE = "praise"
    DESIGN = "design"
    """A proposal drawn on the map."""
    WHAT_IF = "what-if"
    """A scenario within the planner's bounds, with its run."""


def _area(value: Any) -> str | None:
    if value is None:
        return None
    try:
        kind = check_geometry(value, where="area")["type"]
    except InvalidRequest as problem:
        return problem.message
    return (
        None if kind in ("Polygon", "MultiPolygon") else "expected a Polygon or MultiPolygon (GeoJSON, WGS84)"
    )


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A time in which something may be said (``[[phases]]``). Both days are part of it."""

    id: str = option(pattern=NAME)
    title: Texts
    since: date
    until: date
    kinds: tuple[Kind, ...] = ()
    """What may be contributed; none: what was said is only read, discussed and rated."""
    comments: bool = True
    ratings: bool = True


@dataclass(frozen=True, kw_only=True)
class Category:
    """What contributions are about (``[[categories]]``)."""

    id: str = option(pattern=NAME)
    title: Texts


@dataclass(frozen=True, kw_only=True)
class AgeGroup:
    """An age group that people may say they belong to (``[[ages]]``), and how many of it live here."""

    id: str = option(pattern="[a-z0-9][a-z0-9-]{0,62}")
    title: Texts
    population: int = option(minimum=0)
    source: str
    """Where the number comes from."""


@dataclass(frozen=True, kw_only=True)
class LeverBounds:
    """How far people may move a lever of the service: never further than the service itself allows."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The bounded what-if (``[what_if]``): a service of this city, and the levers that people may move."""

    service: str
    levers: tuple[LeverBounds, ...]
    cpu_s_per_day: float = option(600.0, minimum=1, maximum=86_400)
    """What each person may have computed in a day (UTC)."""


@dataclass(frozen=True, kw_only=True)
class ProjectPlan:
    """A participation project."""

    id: str = option(pattern=NAME)
    title: Texts
    question: Texts
    text: Texts = option({})
    """What it is about, what is open and what is not, what happens with what is said."""
    owner: Texts
    """Who asks, and answers."""
    area: Mapping[str, Any] | None = option(None, check=_area)
    """Where contributions may lie (GeoJSON polygon); None: anywhere in the city."""
    area_source: str = ""
    """Where the outline comes from."""
    phases: tuple[Phase, ...]
    categories: tuple[Category, ...]
    moderation: str = option("before", choices=("before", "after"))
    """Whether a contribution is read by the city before or after others can read it."""
    photos: bool = False
    ages: tuple[AgeGroup, ...] = ()
    what_if: Bounds | None = None
    keep_days: int = option(365, minimum=1, maximum=3650)
    """After so many days past the last phase, nothing leads from a contribution to a person any more."""
    order: int = 100

    def phase(self, day: date) -> Phase | None:
        """The phase of a day; of several, the first."""
        return next((one for one in self.phases if one.since <= day <= one.until), None)

    @property
    def first_day(self) -> date:
        """The first day of the first phase."""
        return min(one.since for one in self.phases)

    @property
    def last_day(self) -> date:
        """The last day of the last phase."""
        return max(one.until for one in self.phases)

    @property
    def kept_until(self) -> date:
        """The last day on which something leads from contributions to persons."""
        return self.last_day + timedelta(days=self.keep_days)

    def status(self, day: date) -> str:
        """``planned``, ``open``, ``between`` two phases, or ``closed``."""
        if day < self.first_day:
            return "planned"
        if day > self.last_day:
            return "closed"
        return "open" if self.phase(day) else "between"


Complaint = tuple[str, str, str]
"""(field, message, hint)."""


def complaints(
    plan: ProjectPlan, levers: Mapping[str, Mapping[str, tuple[float | None, float | None]]]
) -> Iterator[Complaint]:
    """What is wrong with a project. ``levers``: service → lever → its bounds there."""
    yield from _sizes(plan)
    if not plan.phases:
        yield "phases", "has no phase", "add [[phases]] with since and until"
    if not plan.categories:
        yield "categories", "has no category", "add [[categories]]"
    for part in ("phases", "categories", "ages"):
        yield from _twice(part, [one.id for one in getattr(plan, part)])
    for phase in plan.phases:
        if phase.since > phase.until:
            yield f"phases.{phase.id}", "ends before it begins", "mend since or until"
        if phase.until.year > _LAST_YEAR:  # what is kept for years beyond must be a date, too
            yield f"phases.{phase.id}", f"ends after {_LAST_YEAR}", "mend until"
        if Kind.WHAT_IF in phase.kinds and plan.what_if is None:
            yield f"phases.{phase.id}.kinds", "what-if needs bounds", "add [what_if] with service and levers"
    if plan.what_if is not None:
        yield from _bounds(plan.what_if, levers)


def _sizes(plan: ProjectPlan) -> Iterator[Complaint]:
    found = {"phases": plan.phases, "categories": plan.categories, "ages": plan.ages}
    found["levers"] = plan.what_if.levers if plan.what_if else ()
    for name, many in found.items():
        if len(many) > _MOST[name]:
            yield name, f"has {len(many)}, at most {_MOST[name]} are possible", "join some"
    for name in ("title", "question", "text", "owner"):
        texts: Texts = getattr(plan, name)
        if any(len(one) > _LONGEST for one in texts.values()) or len(texts) > 24:
            yield name, f"has more than {_LONGEST} characters, or more than 24 languages", "shorten it"
    for name in ("title", "owner"):
        if not getattr(plan, name):
            yield name, "has no text", f'write {name} = {{ en = "…" }}'


def _twice(part: str, ids: Collection[str]) -> Iterator[Complaint]:
    if len(set(ids)) < len(ids):
        yield part, "names one id twice", "give each its own"


def _bounds(
    bounds: Bounds, levers: Mapping[str, Mapping[str, tuple[float | None, float | None]]]
) -> Iterator[Complaint]:
    if bounds.service not in levers:
        yield (
            "what_if.service",
            f"there is no service {bounds.service[:60]!r}",
            did_you_mean(bounds.service, levers),
        )
        return
    known = levers[bounds.service]
    if not bounds.levers:
        yield "what_if.levers", "opens no lever", did_you_mean("", known)
    for one in bounds.levers:
        where = f"what_if.levers.{one.name[:60]}"
        if one.name not in known:
            yield where, "is no lever of this service", did_you_mean(one.name, known)
            continue
        low, high = known[one.name]
        if one.low > one.high:
            yield where, "low is above high", "mend one of them"
        if (low is not None and one.low < low) or (high is not None and one.high > high):
            yield where, f"reaches beyond what the service allows, {low} to {high}", "narrow it"
