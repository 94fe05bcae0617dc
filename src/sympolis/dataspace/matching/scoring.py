"""How well two profiles match, and how alike two cities are: sums of points, each with its reason.

The points are a convention, not a measurement: they order partners, and every one of them can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Final

from sympolis.dataspace.matching.profile import Need, Offer, Profile

Json = dict[str, Any]
POINTS: Final[Mapping[str, float]] = {
    "they-have-open": 3.0,
    "they-have-gap": 2.0,
    "we-have-open": 3.0,
    "we-have-gap": 2.0,
    "their-service-runs": 2.0,
    "their-service-adapts": 1.0,
    "same-question": 1.0,
    "other-helix": 1.0,
    "other-country": 0.5,
}
"""What each reason is worth."""
WEIGHTS: Final[Mapping[str, float]] = {"questions": 0.4, "data": 0.4, "size": 0.2}
"""Of the likeness of two cities; what is unknown of one of them leaves its weight to the others."""
_MOST_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two match: what the reason is, and what it is about (titles by language)."""

    name: str
    about: Mapping[str, str]
    detail: str = ""

    @property
    def points(self) -> float:
        """What it is worth."""
        return POINTS[self.name]

    def to_json(self) -> Json:
        """As the API tells it."""
        return {
            "reason": self.name,
            "points": self.points,
            "about": dict(self.about),
            "detail": self.detail,
        }


def matched(ours: Profile, theirs: Profile, verdicts: Mapping[str, str]) -> list[Reason]:
    """Every reason to work together, the weightiest first.

    ``verdicts`` says which service of theirs, by its id, runs on our data: ``runs`` or ``runs with adaptations``.
    """
    found = [*_needs(ours, theirs), *_services(theirs, verdicts), *_alike(ours, theirs)]
    return sorted(found, key=lambda one: (-one.points, one.name, sorted(one.about.items()), one.detail))


def score(reasons: Iterable[Reason]) -> float:
    """The sum of all points."""
    return round(sum(one.points for one in reasons), 2)


def _needs(ours: Profile, theirs: Profile) -> Iterator[Reason]:
    for side, needing, offering in (("they", ours, theirs), ("we", theirs, ours)):
        for need in needing.needs:
            offer = _answering(need, offering.offers)
            if offer is not None:
                name = f"{side}-have-{'open' if need.of == 'open need' else 'gap'}"
                yield Reason(name, need.title, offer.id)


def _answering(need: Need, offers: Sequence[Offer]) -> Offer | None:
    """The first dataset of the kind that is looked for; a need without a kind is for people to judge."""
    return next(
        (one for one in offers if need.type and one.kind == "dataset" and one.type == need.type), None
    )


def _services(theirs: Profile, verdicts: Mapping[str, str]) -> Iterator[Reason]:
    names = {"runs": "their-service-runs", "runs with adaptations": "their-service-adapts"}
    for one in theirs.offers:
        name = names.get(verdicts.get(one.id, "")) if one.kind == "service" else None
        if name is not None:
            yield Reason(name, one.title, one.id)


def _alike(ours: Profile, theirs: Profile) -> Iterator[Reason]:
    for one in ours.questions:
        same = next(
            (it for it in theirs.questions if _same(one.id, it.id, one.simulators, it.simulators)), None
        )
        if same is not None:
            yield Reason("same-question", one.title, same.id)
    if ours.helix and theirs.helix and ours.helix != theirs.helix:
        yield Reason("other-helix", {"": theirs.helix})
    if ours.country and theirs.country and ours.country != theirs.country:
        yield Reason("other-country", {"": theirs.country})


def _same(one: str, other: str, simulators: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two questions are the same: by name, or answered by the same simulators."""
    return one == other or (bool(simulators) and set(simulators) == set(others))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two cities are, 0..1, part by part; None where a part is not known of both."""

    parts: Mapping[str, float | None]
    shared_questions: tuple[Mapping[str, str], ...]
    shared_kinds: tuple[str, ...]

    @property
    def value(self) -> float | None:
        """The weighted mean of what is known; None where nothing is."""
        known = {name: part for name, part in self.parts.items() if part is not None}
        if not known:
            return None
        total = sum(WEIGHTS[name] for name in known)
        return round(sum(WEIGHTS[name] * part for name, part in known.items()) / total, 3)

    def to_json(self) -> Json:
        """As the API tells it."""
        return {
            "likeness": self.value,
            "parts": {
                name: {"value": None if part is None else round(part, 3), "weight": WEIGHTS[name]}
                for name, part in self.parts.items()
            },
            "shared_questions": [dict(one) for one in self.shared_questions[:_MOST_TOLD]],
            "shared_kinds": list(self.shared_kinds[:_MOST_TOLD]),
        }


def alike(ours: Profile, theirs: Profile) -> Likeness:
    """Likeness by questions (simulators), kinds of data, and size (residents and density)."""
    kinds, others = _kinds(ours), _kinds(theirs)
    shared = tuple(one.about for one in _alike(ours, theirs) if one.name == "same-question")
    return Likeness(
        parts={
            "questions": _jaccard(_simulators(ours), _simulators(theirs)),
            "data": _jaccard(kinds, others),
            "size": _size(ours, theirs),
        },
        shared_questions=shared,
        shared_kinds=tuple(sorted(kinds & others)),
    )


def _simulators(profile: Profile) -> frozenset[str]:
    return frozenset(name for one in profile.questions for name in one.simulators)


def _kinds(profile: Profile) -> frozenset[str]:
    return frozenset(one.type for one in profile.offers if one.kind == "dataset" and one.type)


def _jaccard(ours: frozenset[str], theirs: frozenset[str]) -> float | None:
    """Shared of all (Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x); None where one side is empty."""
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else None


def _size(ours: Profile, theirs: Profile) -> float | None:
    """1 for equal, 0 from a factor of ten on; the mean of residents and density, as far as both are known."""
    pairs = ((ours.residents, theirs.residents), (ours.density, theirs.density))
    found = [max(0.0, 1 - abs(log10(a / b))) for a, b in pairs if a and b]
    return sum(found) / len(found) if found else None
