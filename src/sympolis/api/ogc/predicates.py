"""What a CQL2 expression says of one feature: true, false, or nobody knows (OGC 21-065r2, section 6).

A property that a feature lacks makes a comparison unknown, and what is unknown does not select.
"""

from __future__ import annotations

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.ogc.cql2 import (
    ARITHMETIC,
    ARRAYS,
    COMPARISONS,
    SPATIAL,
    TEMPORAL,
    Expression,
    is_geometry,
    operation,
)
from sympolis.later import later

if TYPE_CHECKING:
    import shapely
else:
    shapely = later("shapely")

Verdict = bool | None
Feature = Mapping[str, Any]
GEOMETRIES: Final = ("geometry", "geom", "location")
"""The names by which a filter may mean the feature's place."""


def selects(expression: Expression, feature: Feature) -> bool:
    """Whether the expression holds for the feature."""
    return _holds(expression, feature) is True


def _holds(expression: Expression, feature: Feature) -> Verdict:
    found = operation(expression)
    if found is None:
        value = _value(expression, feature)
        return value if isinstance(value, bool) else None
    name, arguments = found
    if name == "not":
        inner = _holds(arguments[0], feature)
        return None if inner is None else not inner
    if name in _JUNCTIONS:
        return _joined([_holds(part, feature) for part in arguments], decisive=_JUNCTIONS[name])
    return _predicate(name, [_value(part, feature) for part in arguments])


_JUNCTIONS: Final = {"and": False, "or": True}
"""Which verdict on one part settles the whole."""


def _joined(verdicts: Sequence[Verdict], *, decisive: bool) -> Verdict:
    if decisive in verdicts:
        return decisive
    return None if None in verdicts else not decisive


def _predicate(name: str, values: list[Any]) -> Verdict:
    if name == "isNull":
        return values[0] is None
    if any(value is None for value in values):
        return None
    if name in COMPARISONS:
        return _compare(_COMPARE[name], *values)
    for names, decide in _FAMILIES:
        if name in names:
            return decide(name, *values)
    return _REST[name](*values) if name in _REST else None


# --- values


def _value(expression: Expression, feature: Feature) -> Any:
    """The value of an operand; None where there is none."""
    if isinstance(expression, list):
        return [_value(part, feature) for part in expression]
    if not isinstance(expression, Mapping) or is_geometry(expression):
        return expression
    if "property" in expression:
        return _property(str(expression["property"]), feature)
    for kind in ("timestamp", "date", "interval"):
        if kind in expression:
            return _Time.of(expression[kind])
    found = operation(expression)
    return None if found is None else _called(*found, feature)


def _property(name: str, feature: Feature) -> Any:
    if name == "id":
        return feature["id"]
    if name in GEOMETRIES:
        return feature.get("geometry")
    return feature.get("properties", {}).get(name)


def _called(name: str, arguments: list[Any], feature: Feature) -> Any:
    values = [_value(part, feature) for part in arguments]
    if any(value is None for value in values):
        return None
    if name in ARITHMETIC:
        return _calculated(name, *values)
    if name in ("casei", "accenti"):
        return _folded(name, values[0])
    return _holds({"op": name, "args": arguments}, feature)


def _folded(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_folded(name, one) for one in value]
    if not isinstance(value, str):
        return value
    if name == "casei":
        return value.casefold()
    letters = unicodedata.normalize("NFKD", value)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _calculated(name: str, left: Any, right: Any) -> float | None:
    if not (_is_number(left) and _is_number(right)):
        return None
    try:
        found = _CALCULATE[name](left, right)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return found if isinstance(found, int | float) and math.isfinite(found) else None


_CALCULATE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,
    "div": lambda left, right: math.trunc(left / right),
    "^": math.pow,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- comparing


_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def _compare(compare: Callable[[Any, Any], Any], left: Any, right: Any) -> Verdict:
    """None where the two are of different kinds. Of a list of values, some value has to fit."""
    if isinstance(left, list) and not isinstance(right, list):
        return any(_compare(compare, one, right) for one in left)
    left, right = _as_times(left, right)
    comparable = (_is_number(left) and _is_number(right)) or type(left) is type(right)
    if not comparable or isinstance(left, Mapping | list):
        return None
    if isinstance(left, bool) and compare not in (operator.eq, operator.ne):
        return None
    return bool(compare(left, right))


def _as_times(left: Any, right: Any) -> tuple[Any, Any]:
    """Where one side is a time, the other's text is read as one; both as the start of what they mean."""
    if not isinstance(left, _Time) and not isinstance(right, _Time):
        return left, right
    first, second = _Time.of(left), _Time.of(right)
    return (left, None) if first is None or second is None else (first.start, second.start)


def _like(value: Any, pattern: Any) -> Verdict:
    if not (isinstance(value, str) and isinstance(pattern, str)):
        return None
    return _pattern(pattern).fullmatch(value) is not None


@lru_cache(maxsize=128)
def _pattern(text: str) -> re.Pattern[str]:
    """``%`` any text, ``_`` one character, a backslash takes the next one as it is (section 6.3.1).

    What stands between two ``%`` is taken where it first comes, for good: any later place would leave less of the text.
    So the time does not grow with the power of the number of ``%``.
    """
    pieces = [""]
    letters = iter(text)
    for letter in letters:
        if letter == "%":
            pieces.append("")
        elif letter == "\\":
            pieces[-1] += re.escape(next(letters, "\\"))
        else:
            pieces[-1] += "." if letter == "_" else re.escape(letter)
    first, *between = pieces
    if not between:
        return re.compile(first, re.DOTALL)
    fixed = "".join(f"(?>.*?{piece})" for piece in between[:-1] if piece)
    return re.compile(f"{first}{fixed}.*{between[-1]}", re.DOTALL)


def _between(value: Any, low: Any, high: Any) -> Verdict:
    bounds = (_compare(operator.ge, value, low), _compare(operator.le, value, high))
    return _joined(bounds, decisive=False)


def _within_list(value: Any, choices: Any) -> Verdict:
    return (
        _joined([_compare(operator.eq, value, one) for one in choices], decisive=True) if choices else False
    )


_REST: Final[Mapping[str, Callable[..., Verdict]]] = {
    "like": _like,
    "between": _between,
    "in": _within_list,
}


# --- places, times, lists


def _spatial(name: str, left: Any, right: Any) -> Verdict:
    if not (isinstance(left, Mapping) and isinstance(right, Mapping)):
        return None
    return bool(
        getattr(shapely, name.removeprefix("s_"))(shapely.geometry.shape(left), shapely.geometry.shape(right))
    )


class _Time(tuple[datetime, datetime]):
    """An instant or an interval as (start, end)."""

    __slots__ = ()

    @property
    def start(self) -> datetime:
        return self[0]

    @property
    def end(self) -> datetime:
        return self[1]

    @classmethod
    def of(cls, value: Any) -> _Time | None:
        """A literal or a feature's value as a time; a day lasts until its last microsecond. None where it is none."""
        if isinstance(value, _Time):
            return value
        if isinstance(value, list) and len(value) == 2:
            start, end = (cls._bound(one, first=index == 0) for index, one in enumerate(value))
            return None if start is None or end is None else cls((start, end))
        if not isinstance(value, str):
            return None
        start, end = cls._bound(value, first=True), cls._bound(value, first=False)
        return None if start is None or end is None else cls((start, end))

    @staticmethod
    def _bound(value: Any, *, first: bool) -> datetime | None:
        if value == "..":
            return datetime.min.replace(tzinfo=UTC) if first else datetime.max.replace(tzinfo=UTC)
        try:
            if len(value) == 10:
                day = datetime.combine(date.fromisoformat(value), time(), UTC)
                return day if first else day + timedelta(days=1, microseconds=-1)
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return None
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at


_RELATIONS: Final[Mapping[str, Callable[[_Time, _Time], bool]]] = {
    "after": lambda a, b: a.start > b.end,
    "before": lambda a, b: a.end < b.start,
    "contains": lambda a, b: a.start < b.start and a.end > b.end,
    "disjoint": lambda a, b: a.end < b.start or a.start > b.end,
    "during": lambda a, b: a.start > b.start and a.end < b.end,
    "equals": lambda a, b: tuple(a) == tuple(b),
    "finishedBy": lambda a, b: a.start < b.start and a.end == b.end,
    "finishes": lambda a, b: a.start > b.start and a.end == b.end,
    "intersects": lambda a, b: a.start <= b.end and a.end >= b.start,
    "meets": lambda a, b: a.end == b.start,
    "metBy": lambda a, b: a.start == b.end,
    "overlappedBy": lambda a, b: b.start < a.start < b.end < a.end,
    "overlaps": lambda a, b: a.start < b.start < a.end < b.end,
    "startedBy": lambda a, b: a.start == b.start and a.end > b.end,
    "starts": lambda a, b: a.start == b.start and a.end < b.end,
}


def _temporal(name: str, left: Any, right: Any) -> Verdict:
    first, second = _Time.of(left), _Time.of(right)
    if first is None or second is None:
        return None
    return _RELATIONS[name.removeprefix("t_")](first, second)


def _array(name: str, left: Any, right: Any) -> Verdict:
    if not (isinstance(left, list) and isinstance(right, list)):
        return None
    if name == "a_equals":
        return left == right
    if name == "a_contains":
        return all(one in left for one in right)
    if name == "a_containedBy":
        return all(one in right for one in left)
    return any(one in right for one in left)


_FAMILIES: Final[tuple[tuple[frozenset[str], Callable[[str, Any, Any], Verdict]], ...]] = (
    (SPATIAL, _spatial),
    (TEMPORAL, _temporal),
    (ARRAYS, _array),
)
