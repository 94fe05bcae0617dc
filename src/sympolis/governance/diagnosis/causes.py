"""Weighs what may explain an odd value. Each weight, 0..1, follows from what was seen and says how far it carries.

The rules in a sentence each. Where many neighbours stray alike, the city is the cause, the more of them the surer;
where none does, the sensor, or something at that place only. Rare weather and holidays explain what many share, and
little of what one shows alone. Another delivery than before, or a value a round factor off, point at the data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sympolis.governance.diagnosis.observing import ALIKE, ODD, Sight
from sympolis.governance.diagnosis.wording import CAUSES, EVIDENCE
from sympolis.governance.saying import said

UNKNOWN_SHARE: Final = 0.5
"""What is assumed of neighbours where there are too few to ask."""
_FACTORS: Final = (10.0, 100.0, 1000.0, 0.1, 0.01, 0.001)
"""Slips of a decimal point or a prefix; other factors between units are hit by chance too easily."""
_FACTOR_TOLERANCE: Final = 0.15
_RARE_DAYS_SHOWN: Final = 3
_MANY: Final = 0.5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What kind of day it was."""

    day: date
    holiday: bool
    """A day off on what is otherwise a working day."""
    clock_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Where the value and the one before it came from; ``link`` leads to the row."""

    now: str
    before: str | None
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One explanation with its weight and what speaks for it."""

    cause: str
    weight: float
    text: dict[str, str]
    evidence: tuple[Json, ...]

    def to_json(self) -> Json:
        """The form of docs/reference/twin-api.md."""
        return {
            "cause": self.cause,
            "weight": round(self.weight, 2),
            "text": self.text,
            "evidence": list(self.evidence),
        }


def candidates(sight: Sight, calendar: Calendar, delivered: Delivered | None) -> list[Candidate]:
    """Explanations, most plausible first."""
    if sight.value is None:
        return _of_nothing(sight)
    if sight.score is None or abs(sight.score) < ODD:
        return [_candidate("ordinary", 1.0, [_usual(sight)] if sight.expected is not None else [])]
    share = sight.share_alike
    shared = UNKNOWN_SHARE if share is None else share
    found = [
        *_of_the_city(sight, share),
        *_of_the_sensor(sight, shared),
        *_of_the_weather(sight, shared),
        *_of_the_calendar(calendar, shared),
        *_of_the_unit(sight),
        *_of_the_delivery(delivered),
    ]
    return sorted(found, key=lambda one: (-one.weight, one.cause))


def _of_nothing(sight: Sight) -> list[Candidate]:
    """The value is missing: here alone, or everywhere?"""
    if not sight.neighbours:
        return [_candidate("missing_here", UNKNOWN_SHARE, [])]
    lacking = 1.0 - len(sight.judged) / len(sight.neighbours)
    cause = "missing_everywhere" if lacking >= _MANY else "missing_here"
    return [_candidate(cause, max(lacking, 1.0 - lacking), _around(sight))]


def _of_the_city(sight: Sight, share: float | None) -> list[Candidate]:
    if not share:
        return []
    return [_candidate("event", min(0.95, 0.2 + share), [_usual(sight), _alike(sight), *_nearest(sight)])]


def _of_the_sensor(sight: Sight, shared: float) -> list[Candidate]:
    """The sensor, surer where it hung or jumped around then; or something real that only it could see."""
    evidence = [_usual(sight), *([_alike(sight)] if sight.judged else []), *_nearest(sight)]
    around = _around(sight)
    alone = max(0.0, 0.8 * (1.0 - 2.0 * shared)) + (0.15 if around else 0.0)
    if alone <= 0.0:
        return []
    return [
        _candidate("sensor", min(alone, 0.95), [*around, *evidence]),
        _candidate("local", 0.5 * min(alone, 0.95), evidence),
    ]


def _of_the_weather(sight: Sight, shared: float) -> list[Candidate]:
    rare = sorted(sight.weather, key=lambda one: one.share)
    if not rare:
        return []
    evidence = [
        _evidence(
            "rare_high" if one.high else "rare_low",
            None,
            attribute=one.attribute,
            value=one.value,
            percent=100 * one.share,
            days=one.days,
        )
        for one in rare[:_RARE_DAYS_SHOWN]
    ]
    return [_candidate("weather", 0.15 + 0.7 * shared, evidence)]


def _of_the_calendar(calendar: Calendar, shared: float) -> list[Candidate]:
    evidence = [
        _evidence(name, None, day=calendar.day.isoformat())
        for name, applies in (("holiday", calendar.holiday), ("clock", calendar.clock_changed))
        if applies
    ]
    return [_candidate("calendar", 0.25 + 0.7 * shared, evidence)] if evidence else []


def _of_the_unit(sight: Sight) -> list[Candidate]:
    if not sight.value or not sight.expected or sight.value / sight.expected <= 0:
        return []
    ratio = sight.value / sight.expected
    near = min(_FACTORS, key=lambda factor: abs(math.log(ratio / factor)))
    if abs(math.log(ratio / near)) > _FACTOR_TOLERANCE:
        return []
    share = sight.share_alike
    weight = 0.7 if share is None or share < _MANY else 0.5
    return [_candidate("unit", weight, [_usual(sight)], factor=round(near, 3))]


def _of_the_delivery(delivered: Delivered | None) -> list[Candidate]:
    if delivered is None or delivered.before is None or delivered.before == delivered.now:
        return []
    words = {"now": delivered.now, "before": delivered.before}
    return [_candidate("delivery", 0.5, [_evidence("other_delivery", delivered.link, **words)])]


def _usual(sight: Sight) -> Json:
    return _evidence("usual", None, value=sight.value, low=sight.low, high=sight.high)


def _alike(sight: Sight) -> Json:
    known = [one.score for one in sight.judged if one.score is not None]
    sign = math.copysign(1.0, sight.score or 0.0)
    return _evidence("alike", None, count=sum(one * sign >= ALIKE for one in known), all=len(known))


def _nearest(sight: Sight) -> list[Json]:
    near = [one for one in sight.judged if one.distance_m is not None]
    if not near:
        return []
    words = {"metres": near[0].distance_m, "score": near[0].score}
    return [_evidence("nearest", f"/ngsi-ld/v1/entities/{near[0].feature}", **words)]


def _around(sight: Sight) -> list[Json]:
    return [_evidence("around", None, text=one.reason) for one in sight.events]


def _evidence(name: str, link: str | None, **words: Any) -> Json:
    return {"text": said(EVIDENCE[name], **words), "link": link}


def _candidate(cause: str, weight: float, evidence: Sequence[Json], **words: Any) -> Candidate:
    text = said(CAUSES[cause], **words)
    return Candidate(cause=cause, weight=weight, text=text, evidence=tuple(evidence))
