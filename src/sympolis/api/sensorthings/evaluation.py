"""What an OData expression says of a record: operators and functions of OGC 18-088, tables 22 and 23.

A path across navigation has as many values as there are things related; a comparison holds where it holds for one of
them. What cannot be compared is unequal; nothing is an error but a filter that asks the impossible of every record.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.sensorthings.odata import Call, Expression, Literal, Path
from sympolis.context.geometry import distance_m
from sympolis.context.instants import find_instant, format_instant
from sympolis.domain import errors
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import shapely
else:
    np = later("numpy")
    shapely = later("shapely")

Values = Callable[[tuple[str, ...]], list[Any]]
"""The values of a path."""
_MOST: Final = 10_000


def holds(expression: Expression, values: Values) -> bool:
    """Whether a filter selects what these values belong to. Raises ``InvalidRequest``."""
    return any(one is True for one in evaluate(expression, values))


def evaluate(expression: Expression, values: Values) -> list[Any]:
    """All values of an expression."""
    if isinstance(expression, Literal):
        return [expression.value]
    if isinstance(expression, Path):
        return values(expression.names) or [None]
    if expression.name in _LOGICAL:
        return [_LOGICAL[expression.name](expression.arguments, values)]
    parts = [evaluate(one, values) for one in expression.arguments]
    if math.prod(map(len, parts)) > _MOST:
        raise errors.TooComplexQuery("too many related things to compare", where="$filter")
    return [_applied(expression, arguments) for arguments in itertools.product(*parts)]


_LOGICAL: Final[Mapping[str, Callable[[tuple[Any, ...], Values], bool]]] = {
    "and": lambda parts, values: all(holds(one, values) for one in parts),
    "or": lambda parts, values: any(holds(one, values) for one in parts),
    "not": lambda parts, values: not holds(parts[0], values),
}


def _applied(expression: Call, arguments: tuple[Any, ...]) -> Any:
    """The result; None where these values have none."""
    work = _WORK[expression.name]
    try:
        return work(*arguments)
    except (
        TypeError,
        ValueError,
        AttributeError,
        ZeroDivisionError,
        OverflowError,
        KeyError,
        shapely.errors.ShapelyError,
    ):
        return None


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Both sides as one kind: a text beside an instant is read as one."""
    if isinstance(left, datetime) and isinstance(right, str):
        return left, find_instant(right)
    if isinstance(right, datetime) and isinstance(left, str):
        return find_instant(left), right
    if isinstance(left, bool) is not isinstance(right, bool):
        raise TypeError
    return left, right


def _compared(work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        left, right = _alike(left, right)
        return bool(left is not None and right is not None and work(left, right))

    return compare


def _equal(left: Any, right: Any) -> bool:
    try:
        left, right = _alike(left, right)
    except TypeError:
        return False
    return bool(left == right)


def _instant(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else find_instant(value)
    if found is None:
        raise ValueError
    return found


def _geometry(value: Any) -> Any:
    return shapely.geometry.shape(value) if isinstance(value, Mapping) else value


def _spatial(name: str) -> Callable[..., bool]:
    def test(left: Any, right: Any, *more: Any) -> bool:
        return bool(getattr(shapely, name)(_geometry(left), _geometry(right), *more))

    return test


def _metres(left: Any, right: Any) -> float:
    return float(distance_m(np.array([_geometry(left)]), _geometry(right))[0])


def _part(name: str) -> Callable[[Any], Any]:
    return lambda at: getattr(_instant(at), name)


_WORK: Final[Mapping[str, Callable[..., Any]]] = {
    "eq": _equal,
    "ne": lambda left, right: not _equal(left, right),
    **{name: _compared(getattr(operator, name)) for name in ("gt", "ge", "lt", "le")},
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "mod": math.fmod,
    "substringof": lambda part, text: part in text,
    "contains": lambda text, part: part in text,
    "endswith": lambda text, part: text.endswith(part),
    "startswith": lambda text, part: text.startswith(part),
    "indexof": lambda text, part: text.find(part),
    "concat": lambda left, right: left + right,
    "substring": lambda text, start, length=None: text[start:][:length],
    "length": len,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "round": lambda number: math.floor(number + 0.5),
    "floor": math.floor,
    "ceiling": math.ceil,
    **{name: _part(name) for name in ("year", "month", "day", "hour", "minute", "second")},
    "fractionalseconds": lambda at: _instant(at).microsecond / 1e6,
    "date": lambda at: _instant(at).date().isoformat(),
    "time": lambda at: _instant(at).time().isoformat(),
    "totaloffsetminutes": lambda at: _instant(at) and 0,
    "now": lambda: datetime.now(UTC),
    "mindatetime": lambda: datetime.min.replace(tzinfo=UTC),
    "maxdatetime": lambda: datetime.max.replace(tzinfo=UTC),
    "geo.distance": _metres,
    "geo.length": lambda line: shapely.length(_geometry(line)),
    "geo.intersects": _spatial("intersects"),
    **{
        f"st_{name}": _spatial(name)
        for name in (
            "equals",
            "disjoint",
            "touches",
            "within",
            "overlaps",
            "crosses",
            "intersects",
            "contains",
        )
    },
    "st_relate": _spatial("relate_pattern"),
}


def sort_key(value: Any) -> tuple[int, Any]:
    """Something to order values of any kind by: nothing first, then truths, numbers, texts, the rest as text."""
    if value is None:
        return (0, 0)
    if isinstance(value, bool):
        return (1, value)
    if isinstance(value, int | float):
        return (2, value)
    return (3, format_instant(value) if isinstance(value, datetime) else str(value))
