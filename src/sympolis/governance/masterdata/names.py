"""How alike two names are, once what does not matter is left out; the reasons are told with the score."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Final

from sympolis.governance.masterdata.model import Kind, Thing

LEAST: Final = 0.6
"""Below this a candidate is not worth a steward's time."""
MOST: Final = 5
_REMEMBERED: Final = 1_000_000
_EARTH_M: Final = 6_371_008.8
"""Mean radius of the earth (IUGG)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thing that a name may mean: how likely (0 to 1), and why."""

    thing: Thing
    score: float
    reasons: tuple[str, ...]


def folded(text: str) -> str:
    """Small letters without accents and signs, single blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())


class Normaliser:
    """Turns the names of one kind into what is compared."""

    def __init__(self, kind: Kind) -> None:
        self._drop = {folded(word) for word in kind.drop}
        self._replace = {folded(word): folded(by) for word, by in kind.replace.items()}
        self._known: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """The words that matter, abbreviations spelt out. Remembered: the same names are compared again and again."""
        known = self._known.get(name)
        if known is None:
            known = self._normalised(name)
            if len(self._known) < _REMEMBERED:
                self._known[name] = known
        return known

    def _normalised(self, name: str) -> str:
        text = folded(name)
        for short, full in self._replace.items():
            text = re.sub(rf"(?<!\S){re.escape(short)}(?!\S)", full, text)
        kept = [word for word in text.split() if word not in self._drop]
        return " ".join(kept) or text


def candidates(
    words: str,
    things: Iterable[Thing],
    kind: Kind,
    position: tuple[float, float] | None = None,
    normalise: Normaliser | None = None,
) -> list[Candidate]:
    """The things that ``words`` may mean, likeliest first. ``position``: where the thing in question is."""
    normalise = normalise or Normaliser(kind)
    wanted = normalise(words)
    found = [_candidate(words, wanted, one, normalise, kind, position) for one in things]
    good = [one for one in found if one.score >= LEAST]
    return sorted(good, key=lambda one: (-one.score, one.thing.id))[:MOST]


def _candidate(
    words: str,
    wanted: str,
    thing: Thing,
    normalise: Normaliser,
    kind: Kind,
    position: tuple[float, float] | None,
) -> Candidate:
    if words in thing.codes or words == thing.id:
        return Candidate(thing, 1.0, ("its code",))
    score, reason = max((_alike(wanted, normalise(name)), name) for name in (thing.name, *thing.aliases))
    reasons = [f"{reason!r} is {score:.0%} like it"]
    if position is not None and thing.position is not None:
        away = distance_m(position, thing.position)
        nearness = max(0.0, 1 - away / (4 * kind.near_m)) if away > kind.near_m else 1.0
        reasons.append(f"{away:.0f} m away")
        score *= 0.6 + 0.4 * nearness
    if thing.valid_to is not None:
        reasons.append(f"ended {thing.valid_to.isoformat()}")
        score *= 0.9
    return Candidate(thing, round(score, 3), tuple(reasons))


def _alike(one: str, other: str) -> float:
    """The best of letters in order, words in any order, and words that are among the other's; the last is less sure."""
    from rapidfuzz import fuzz

    likeness = (
        fuzz.ratio(one, other),
        0.95 * fuzz.token_sort_ratio(one, other),
        0.85 * fuzz.token_set_ratio(one, other),
    )
    return max(likeness) / 100


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance in metres of two (longitude, latitude) in degrees (haversine formula)."""
    lon1, lat1, lon2, lat2 = map(radians, (*one, *other))
    a = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_M * asin(sqrt(a))
