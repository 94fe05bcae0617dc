"""Reading a CQL2 filter, as text or JSON, into one form: CQL2 JSON (OGC 21-065r2).

Parsing is the library's (``cql2``, in Rust); what the expressions mean here is in ``predicates`` and ``pushdown``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sympolis.api.ogc.reference_systems import ReferenceSystem
from sympolis.domain import errors

Expression = Any
"""CQL2 JSON: an operation ``{"op", "args"}``, a property, a literal."""

TEXT: Final = "cql2-text"
JSON: Final = "cql2-json"
LONGEST: Final = 4096
_MOST_BRACKETS: Final = 512
"""The library ends the whole process where a thousand of them or of signs nest: its stack is full. So all are counted,
wherever they stand; in as many characters, a shape with real coordinates has far fewer."""
_MOST_SIGNS: Final = 64
_SIGN_OF_SIGN: Final = re.compile(r"-(?=\s*-)")
_DEEPEST: Final = 40
_ARGUMENTS: Final = {
    **dict.fromkeys(("and", "or"), (1, LONGEST)),
    **dict.fromkeys(("not", "isNull", "casei", "accenti"), (1, 1)),
    "between": (3, 3),
}
"""How many arguments an operation takes; the others take two."""

LOGICAL: Final = frozenset(("and", "or", "not"))
COMPARISONS: Final = frozenset(("=", "<>", "<", ">", "<=", ">="))
SPATIAL: Final = frozenset(
    f"s_{name}"
    for name in ("intersects", "equals", "disjoint", "touches", "within", "overlaps", "crosses", "contains")
)
TEMPORAL: Final = frozenset(
    f"t_{name}"
    for name in (
        *(
            "after",
            "before",
            "contains",
            "disjoint",
            "during",
            "equals",
            "finishedBy",
            "finishes",
            "intersects",
        ),
        *("meets", "metBy", "overlappedBy", "overlaps", "startedBy", "starts"),
    )
)
ARRAYS: Final = frozenset(("a_equals", "a_contains", "a_containedBy", "a_overlaps"))
ARITHMETIC: Final = frozenset(("+", "-", "*", "/", "^", "%", "div"))
FUNCTIONS: Final = frozenset(("casei", "accenti"))
KNOWN: Final = (
    LOGICAL
    | COMPARISONS
    | SPATIAL
    | TEMPORAL
    | ARRAYS
    | ARITHMETIC
    | FUNCTIONS
    | {"like", "between", "in", "isNull"}
)


def parse_filter(text: str, language: str, system: ReferenceSystem) -> Expression:
    """The filter as CQL2 JSON, geometries in CRS84. Raises ``InvalidRequest`` with what is wrong."""
    if len(text) > LONGEST:
        raise errors.TooComplexQuery(f"longer than {LONGEST} characters", where="filter")
    if text.count("(") > _MOST_BRACKETS or len(_SIGN_OF_SIGN.findall(text)) > _MOST_SIGNS:
        raise errors.TooComplexQuery("the filter has too many brackets or signs", where="filter")
    found = _parsed(text, language)
    if operation(found) is None and not isinstance(found, bool):
        raise errors.InvalidRequest("a filter is a condition: true or false", where="filter")
    _check(found, 0)
    return _moved(found, system)


def _parsed(text: str, language: str) -> Expression:
    import cql2

    try:
        expression = cql2.Expr(json.loads(text)) if language == JSON else cql2.Expr(text)
        return expression.to_json()
    except Exception as problem:  # the library's own kinds differ by what is wrong
        first = str(problem).strip().splitlines()
        hint = "see https://docs.ogc.org/is/21-065r2/21-065r2.html, or filter-lang"
        raise errors.InvalidRequest(
            f"this is not {language}: {first[0] if first else 'no expression'}", where="filter", hint=hint
        ) from problem


def operation(expression: Expression) -> tuple[str, list[Any]] | None:
    """Operator and arguments, where the expression is an operation."""
    if isinstance(expression, Mapping) and "op" in expression:
        return str(expression["op"]), list(expression.get("args", ()))
    return None


def properties_in(expression: Expression) -> Iterator[str]:
    """Every property that the expression names."""
    if isinstance(expression, Mapping):
        if isinstance(expression.get("property"), str):
            yield expression["property"]
        for part in expression.get("args", ()):
            yield from properties_in(part)
    elif isinstance(expression, list):
        for part in expression:
            yield from properties_in(part)


def is_geometry(expression: Expression) -> bool:
    """Whether this is a literal geometry or a box."""
    return isinstance(expression, Mapping) and ("coordinates" in expression or "bbox" in expression)


def _check(expression: Expression, depth: int) -> None:
    """Refuse operators nobody here knows, and expressions too deep to be meant."""
    if depth > _DEEPEST:
        raise errors.TooComplexQuery("the filter nests too deeply", where="filter")
    found = operation(expression)
    parts = expression if isinstance(expression, list) else found[1] if found else []
    if found is not None and found[0] not in KNOWN:
        raise errors.InvalidRequest(
            f"the function {found[0]} is not known", where="filter", hint="known: " + ", ".join(sorted(KNOWN))
        )
    if found is not None:
        _check_arguments(*found)
    for part in parts:
        _check(part, depth + 1)


def _check_arguments(name: str, arguments: list[Any]) -> None:
    """The library leaves the number of arguments in CQL2 JSON unchecked."""
    least, most = _ARGUMENTS.get(name, (2, 2))
    if not least <= len(arguments) <= most:
        raise errors.InvalidRequest(f"{name} does not take {len(arguments)} arguments", where="filter")
    if name == "in" and not isinstance(arguments[1], list):
        raise errors.InvalidRequest("in needs a list of values", where="filter")


def _moved(expression: Expression, system: ReferenceSystem) -> Expression:
    """The expression with every literal geometry in CRS84."""
    if isinstance(expression, list):
        return [_moved(part, system) for part in expression]
    if not isinstance(expression, Mapping):
        return expression
    if is_geometry(expression):
        return system.to_crs84(_without_box(expression))
    return {
        name: _rebuilt(name, value, lambda one: _moved(one, system)) for name, value in expression.items()
    }


def _rebuilt(name: str, value: Any, move: Callable[[Any], Any]) -> Any:
    return move(value) if name == "args" else value


def _without_box(geometry: Mapping[str, Any]) -> Mapping[str, Any]:
    box = geometry.get("bbox")
    if box is None or "coordinates" in geometry:
        return geometry
    west, south, east, north = box if len(box) == 4 else (*box[:2], *box[3:5])
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
