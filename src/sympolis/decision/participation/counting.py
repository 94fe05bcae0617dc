"""Statistics of a project: how much was said, of what, where, when and by how many, from what everybody may read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sympolis.decision.participation.record import Comment, Contribution, Rating, State, Utterance

_MOST_RATED: Final = 10
TOGETHER: Final = 10
"""So many people at once enter what is told of areas and ages: whoever looks before and after somebody spoke learns
nothing of that person alone."""


@dataclass(frozen=True, slots=True)
class Said:
    """Everything of one project."""

    contributions: Sequence[Contribution]
    comments: Sequence[Comment]
    ratings: Sequence[Rating]

    @property
    def published(self) -> list[Contribution]:
        """What everybody may read."""
        return [one for one in self.contributions if one.state is State.PUBLISHED]


def figures(said: Said) -> dict[str, Any]:
    """The counts; ``voices`` are people who contributed, commented or rated, each once."""
    published = said.published
    ids = {one.id for one in published}
    comments = [one for one in said.comments if one.state is State.PUBLISHED and one.contribution in ids]
    ratings = [one for one in said.ratings if one.contribution in ids]
    return {
        "contributions": len(published),
        "comments": len(comments),
        "ratings": len(ratings),
        "voices": len(_authors(published) | _authors(comments) | {one.author for one in ratings}),
        "located": sum(1 for one in published if one.place is not None),
        "by_kind": _counted(one.kind for one in published),
        "by_category": _counted(one.category for one in published),
        "by_phase": _counted(one.phase for one in published),
        "by_day": dict(sorted(_counted(f"{one.at:%Y-%m-%d}" for one in published).items())),
        "most_rated": _most_rated(published, ratings),
    }


def _authors(said: Iterable[Utterance]) -> set[str]:
    return {one.author for one in said if one.author}


def homes(contributions: Iterable[Contribution]) -> dict[str, int]:
    """People by where they first said they live, as far as whole groups of ``TOGETHER`` have spoken."""
    return _people(contributions, "home")


def ages(contributions: Iterable[Contribution]) -> dict[str, int]:
    """People by the age group that they named; likewise."""
    return _people(contributions, "age")


def _people(contributions: Iterable[Contribution], what: str) -> dict[str, int]:
    first: dict[str, str] = {}
    for one in sorted(contributions, key=lambda one: one.at):
        if one.author and (value := getattr(one, what)):
            first.setdefault(one.author, value)
    told = len(first) // TOGETHER * TOGETHER
    return _counted(list(first.values())[:told])


def _most_rated(published: Sequence[Contribution], ratings: Sequence[Rating]) -> list[dict[str, Any]]:
    up = Counter(one.contribution for one in ratings if one.value > 0)
    down = Counter(one.contribution for one in ratings if one.value < 0)
    titles: Mapping[str, str] = {one.id: one.title for one in published}
    rated = sorted({*up, *down}, key=lambda name: (-(up[name] + down[name]), name))[:_MOST_RATED]
    return [{"id": name, "title": titles[name], "up": up[name], "down": down[name]} for name in rated]


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(map(str, values)).most_common())
