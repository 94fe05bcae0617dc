"""The part of a CQL2 filter that the store's indexes can answer; the rest is decided feature by feature.

What is handed to the store never loses a feature that the filter selects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sympolis.api.ogc.cql2 import Expression, is_geometry, operation
from sympolis.api.ogc.predicates import GEOMETRIES
from sympolis.context.codec import LOCATION
from sympolis.context.query import AnyOf, Comparison, GeoQuery, GeoRelation, Term, ValueRange
from sympolis.context.terms import Terms

_COMPARISONS: Final = {
    "=": Comparison.EQUAL,
    "<": Comparison.LESS,
    ">": Comparison.GREATER,
    "<=": Comparison.LESS_EQUAL,
    ">=": Comparison.GREATER_EQUAL,
}
_MIRRORED: Final = {"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_RELATIONS: Final = {
    "s_intersects": GeoRelation.INTERSECTS,
    "s_within": GeoRelation.WITHIN,
}

Test = Term | AnyOf


@dataclass(frozen=True, slots=True)
class Pushed:
    """Conditions for the store, all of which have to hold, and what remains to be decided (None: nothing)."""

    tests: tuple[Test, ...] = ()
    geo: GeoQuery | None = None
    rest: Expression | None = None


def push(expression: Expression, terms: Terms, *, has_geo: bool) -> Pushed:
    """Split a filter. ``has_geo``: the request has a box already, and the store takes one place at a time."""
    tests: list[Test] = []
    geo: GeoQuery | None = None
    rest: list[Expression] = []
    for part in _parts(expression):
        test = _test(part, terms)
        place = None if has_geo or geo is not None else _place(part)
        if test is not None:
            tests.append(test)
        elif place is not None:
            geo = place
        else:
            rest.append(part)
    return Pushed(tuple(tests), geo, _joined(rest))


def _parts(expression: Expression) -> list[Expression]:
    found = operation(expression)
    if found is None or found[0] != "and":
        return [expression]
    return [inner for part in found[1] for inner in _parts(part)]


def _joined(parts: list[Expression]) -> Expression | None:
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"op": "and", "args": parts}


def _test(expression: Expression, terms: Terms) -> Test | None:
    found = operation(expression)
    if found is None:
        return None
    name, arguments = found
    if name == "or":
        inner = [_test(part, terms) for part in arguments]
        known = tuple(one for one in inner if one is not None)
        return AnyOf(known) if len(known) == len(inner) else None
    if name in _COMPARISONS:
        return _comparison(name, *arguments, terms=terms)
    iri = _name(arguments[0], terms) if arguments else None
    operand = _operand(name, arguments[1:])
    return None if iri is None or operand is None else Term((iri,), Comparison.EQUAL, operand)


def _operand(name: str, arguments: list[Any]) -> Any:
    """What ``between`` and ``in`` compare with, in the words of the store; None for anything else."""
    if name == "between" and all(map(_plain, arguments)):
        return ValueRange(*arguments)
    if name == "in" and arguments[0] and all(map(_plain, arguments[0])):
        return tuple(arguments[0])
    return None


def _comparison(name: str, left: Any, right: Any, *, terms: Terms) -> Term | None:
    if _plain(left):
        name, left, right = _MIRRORED[name], right, left
    iri = _name(left, terms)
    if iri is None or not _plain(right) or (isinstance(right, bool) and name != "="):
        return None
    return Term((iri,), _COMPARISONS[name], right)


def _name(expression: Expression, terms: Terms) -> str | None:
    """The attribute behind a property; None for what is none."""
    if not isinstance(expression, Mapping) or not isinstance(expression.get("property"), str):
        return None
    name = expression["property"]
    return None if name in (*GEOMETRIES, "id") else terms.find(name)


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _place(expression: Expression) -> GeoQuery | None:
    found = operation(expression)
    if found is None or found[0] not in _RELATIONS or len(found[1]) != 2:
        return None
    left, right = found[1]
    named = isinstance(left, Mapping) and left.get("property") in GEOMETRIES
    if not named or not is_geometry(right) or right.get("type") == "GeometryCollection":
        return None
    return GeoQuery(_RELATIONS[found[0]], right, LOCATION)
