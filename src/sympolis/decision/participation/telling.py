"""What others read of what was said: never who said it, nor what they said of themselves."""

from __future__ import annotations

from typing import Any

import msgspec

from sympolis.decision.participation.project import ProjectPlan
from sympolis.decision.participation.record import Answer, Comment, Contribution, Tally

Json = dict[str, Any]

_SHOWN = (
    "id", "project", "phase", "kind", "category", "title", "text", "name", "at", "state", "place", "place_name",
    "scenario", "run", "levers", "photos", "language",
)  # fmt: skip


def project(plan: ProjectPlan, *, status: str, phase: str | None, contributions: int) -> Json:
    """A project as everybody reads it."""
    return {
        **msgspec.to_builtins(plan),
        "status": status,
        "phase": phase,
        "contributions": contributions,
        "since": plan.first_day.isoformat(),
        "until": plan.last_day.isoformat(),
    }


def contribution(one: Contribution, tally: Tally = Tally()) -> Json:  # noqa: B008 - a frozen value
    """A contribution as everybody reads it."""
    document = msgspec.to_builtins(one)
    return {**{name: document[name] for name in _SHOWN}, **msgspec.to_builtins(tally)}


def comment(one: Comment) -> Json:
    """A comment as everybody reads it."""
    names = ("id", "project", "contribution", "parent", "name", "text", "at", "state")
    document = msgspec.to_builtins(one)
    return {name: document[name] for name in names}


def own(one: Contribution | Comment) -> Json:
    """The same for its author, with every step of moderation; moderators are not named."""
    shown = contribution(one) if isinstance(one, Contribution) else comment(one)
    trail = [{"at": step.at, "act": step.act, "reason": step.reason} for step in one.trail]
    return {**shown, "trail": trail, "of": "contribution" if isinstance(one, Contribution) else "comment"}


def queued(one: Contribution | Comment) -> Json:
    """The same for moderators, with who did what."""
    return {**own(one), "trail": msgspec.to_builtins(one.trail), "reports": one.reports}


def answer(one: Answer) -> Json:
    """An answer of the city, who speaks by its office: the audit log knows who wrote it."""
    return {name: value for name, value in msgspec.to_builtins(one).items() if name != "by"}


def cited(one: Contribution, tally: Tally) -> Json:
    """A contribution as a decision file keeps it: without the name that its author chose."""
    shown = contribution(one, tally)
    names = (
        "id",
        "project",
        "kind",
        "category",
        "title",
        "text",
        "place_name",
        "run",
        "at",
        "up",
        "down",
        "comments",
    )
    return {
        **{name: shown[name] for name in names},
        "page": f"/#/participation/{one.project}?contribution={one.id}",
    }
