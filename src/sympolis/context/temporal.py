"""The temporal query language (clause 4.11) and the periods of aggregation (clause 4.5.19)."""

from __future__ import annotations

from sympolis.context.instants import parse_instant
from sympolis.context.periods import Duration, parse_duration
from sympolis.context.query import Aggregation, TimeProperty, TimeRange, TimeRelation
from sympolis.domain.errors import BadRequestData

_PERIOD = "aggrPeriodDuration"


def parse_range(
    timerel: str | None, time_at: str | None, end_time_at: str | None, timeproperty: str | None = None
) -> TimeRange | None:
    """The time range of these parameters, None where none is given. Raises ``BadRequestData`` naming the parameter."""
    if timerel is None:
        if time_at is not None or end_time_at is not None:
            raise BadRequestData(
                "timeAt and endTimeAt need timerel", where="timerel", hint="before, after, between"
            )
        if timeproperty is not None:
            _property(timeproperty)
        return None
    relation = _relation(timerel)
    if time_at is None:
        raise BadRequestData(f"{relation} needs timeAt", where="timeAt")
    at = parse_instant(time_at, where="timeAt")
    if relation is not TimeRelation.BETWEEN:
        if end_time_at is not None:
            raise BadRequestData(f"{relation} takes no endTimeAt", where="endTimeAt")
        return TimeRange(relation, at, None, _property(timeproperty))
    if end_time_at is None:
        raise BadRequestData("between needs endTimeAt", where="endTimeAt")
    end = parse_instant(end_time_at, where="endTimeAt")
    if end < at:
        raise BadRequestData("endTimeAt lies before timeAt", where="endTimeAt")
    return TimeRange(relation, at, end, _property(timeproperty))


def parse_period(text: str) -> int:
    """Seconds of an ISO 8601 duration; ``PT0S`` (0) stands for the whole range.

    Months and years have no fixed length and are refused with ``BadRequestData`` (see ``parse_calendar_period``).
    """
    found = parse_duration(text, where=_PERIOD)
    if found.months:
        raise BadRequestData("months and years have no fixed length", where=_PERIOD)
    return found.seconds


def parse_calendar_period(text: str | None) -> Duration:
    """An ISO 8601 duration that may have months; an empty one (``PT0S``, None) stands for the whole range."""
    return Duration() if text is None else parse_duration(text, where=_PERIOD)


def parse_methods(names: str | list[str]) -> tuple[Aggregation, ...]:
    """The aggregation methods in a comma-separated text or a list. Raises ``BadRequestData``."""
    given = names.split(",") if isinstance(names, str) else names
    known = set(Aggregation)
    for name in given:
        if name not in known:
            raise BadRequestData(
                f"unknown method {name!r}", where="aggrMethods", hint="any of " + ", ".join(Aggregation)
            )
    return tuple(dict.fromkeys(Aggregation(name) for name in given))


def _relation(text: str) -> TimeRelation:
    if text not in set(TimeRelation):
        raise BadRequestData(f"unknown relation {text!r}", where="timerel", hint="before, after or between")
    return TimeRelation(text)


def _property(text: str | None) -> TimeProperty:
    if text is None:
        return TimeProperty.OBSERVED_AT
    if text not in set(TimeProperty):
        raise BadRequestData(
            f"unknown time property {text!r}", where="timeproperty", hint="one of " + ", ".join(TimeProperty)
        )
    return TimeProperty(text)
