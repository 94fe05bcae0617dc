"""The query language of the ``q`` parameter (clause 4.9): text to a tree of terms.

``;`` binds tighter than ``|``. Texts stand in double quotes (a bare word is taken as a text too); numbers, truth
values, times and URIs need none. Braces lead across a relationship: ``locatedAt{City:name}=="Trento"``, or a whole
expression about the entity there: ``locatedAt{City:name=="Trento";population>1000}``.
"""

from __future__ import annotations

import re
import re._parser as patterns  # type: ignore[import-not-found]
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sympolis.context.bounded_patterns import complaint
from sympolis.context.instants import parse_instant
from sympolis.context.query import AllOf, AnyOf, Comparison, LinkedTerm, Term, ValueRange
from sympolis.context.scanning import Cursor
from sympolis.context.terms import Terms
from sympolis.domain.errors import BadRequestData, TooComplexQuery

_OPERATOR = re.compile("==|!=|!~=|~=|>=|<=|>|<")
_COMPARISONS = {one.value: one for one in Comparison}
_HINT = 'for example speed>=50;name=="Via Zamboni" or refRoadNode==urn:ngsi-ld:RoadNode:trento:1'
_IRI_NAME = re.compile(r"(?:https?|urn):[^\s;|()\[\]{}=!<>~\"]+")
_NAME = re.compile(r"[^\s.;|()\[\]{}=!<>~\",@][^\s.;|()\[\]{}=!<>~\",]*")
_INSIDE = re.compile(r"[^\s.\[\]\";|]+|\"[^\"]+\"")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_DATE_OR_TIME = re.compile(r"\d{4}-\d\d-\d\d(?![\dT])|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z?")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w:])")
_WORD = re.compile(r"[^\W\d][\w-]*(?![\w:])")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s;|()\[\]{}\",]+?(?=\.\.|[;|(),]|$)")
_TYPES = re.compile(
    r"(?P<types>[^\s;()\[\]{}=!<>~\"]+?):(?=https?:|urn:|[^\s:;()\[\]{}=!<>~\"]+[;|(\[{}=!<>~])"
)
"""The types before a path inside braces; what follows them has no more colons of its own, or is an IRI."""
_PATTERNS = (Comparison.MATCHES, Comparison.NOT_MATCHES)
_BARE_PATTERN = re.compile(r"[^;|]+")
_MAX_PATTERN = 256
"""Matching takes time to the power of this, on the first 256 characters of a text."""


Expression = AnyOf | AllOf | Term | LinkedTerm


def parse(text: str, terms: Terms, *, parameter: str = "q", expanding: Iterable[str] = ()) -> Expression:
    """The expression in ``text``.

    ``expanding``: attributes whose values are names of the @context too (``expandValues``). Raises ``BadRequestData``
    with the position, and ``TooComplexQuery`` beyond the bounds of ``scanning``.
    """
    cursor = Cursor(text, parameter)
    found: Expression = _any_of(cursor, terms)
    if not cursor.ended:
        raise cursor.wrong(f"unexpected {cursor.peek()!r}", hint=_HINT)
    names = frozenset(terms.expand(name) for name in expanding)
    return _with_values(found, names, terms) if names else found


def _with_values(expression: Any, names: frozenset[str], terms: Terms) -> Any:
    """The expression with the values of these attributes expanded."""
    if isinstance(expression, Term):
        if expression.path[-1] not in names or expression.comparison in _PATTERNS:
            return expression
        return replace(expression, operand=_expanded(expression.operand, terms))
    if isinstance(expression, LinkedTerm):
        return replace(expression, inner=_with_values(expression.inner, names, terms))
    return type(expression)(tuple(_with_values(part, names, terms) for part in expression.parts))


def _expanded(operand: Any, terms: Terms) -> Any:
    if isinstance(operand, tuple):
        return tuple(_expanded(part, terms) for part in operand)
    return terms.expand(operand) if isinstance(operand, str) else operand


def _any_of(cursor: Cursor, terms: Terms) -> Any:
    return _joined(cursor, terms, "|", _all_of, AnyOf)


def _all_of(cursor: Cursor, terms: Terms) -> Any:
    return _joined(cursor, terms, ";", _part, AllOf)


def _joined(
    cursor: Cursor, terms: Terms, sign: str, inner: Callable[[Cursor, Terms], Any], join: type
) -> Any:
    parts = [inner(cursor, terms)]
    while cursor.accept(sign):
        parts.append(inner(cursor, terms))
    return parts[0] if len(parts) == 1 else join(tuple(parts))


def _part(cursor: Cursor, terms: Terms) -> Any:
    if not cursor.accept("("):
        return _term(cursor, terms)
    cursor.descend()
    found = _any_of(cursor, terms)
    cursor.expect(")", "to close the parenthesis")
    cursor.ascend()
    return found


def _term(cursor: Cursor, terms: Terms) -> Term | LinkedTerm:
    cursor.count_leaf()
    path = _path(cursor, terms)
    if cursor.peek() == "{":
        return _linked(cursor, terms, path)
    inside = _inside(cursor)
    return _compared(cursor, Term(path, inside=inside))


def _compared(cursor: Cursor, term: Term) -> Term:
    """The term with the comparison that follows, if one does."""
    sign = cursor.take(_OPERATOR)
    if sign is None:
        return term
    comparison = _COMPARISONS[sign.group()]
    operand = _pattern(cursor) if comparison in _PATTERNS else _operand(cursor, comparison)
    return Term(term.path, comparison, operand, term.inside)


def _path(cursor: Cursor, terms: Terms) -> tuple[str, ...]:
    iri = cursor.take(_IRI_NAME)
    if iri is not None:
        return (iri.group(),)
    names: list[str] = []
    scope = terms
    while True:
        found = cursor.take(_NAME)
        if found is None:
            raise cursor.wrong("expected the name of an attribute", hint=_HINT)
        names.append(scope.expand(found.group()))
        if not cursor.accept("."):
            return tuple(names)
        scope = scope.within(found.group())


def _linked(cursor: Cursor, terms: Terms, path: tuple[str, ...]) -> LinkedTerm:
    """``{Types:expression}`` after a relationship, or ``{Types:path}`` with the comparison behind the brace."""
    cursor.expect("{", "before the linked entity")
    cursor.descend()
    types = cursor.take(_TYPES)
    names = re.split("[,|]", types["types"]) if types is not None else []
    inner = _any_of(cursor, terms)
    cursor.expect("}", "to close the brace")
    cursor.ascend()
    return LinkedTerm(path, tuple(terms.expand(name) for name in names), _compared_inside(cursor, inner))


def _compared_inside(cursor: Cursor, inner: Any) -> Any:
    if isinstance(inner, LinkedTerm):
        return replace(inner, inner=_compared_inside(cursor, inner.inner))
    if isinstance(inner, Term) and inner.comparison is Comparison.EXISTS:
        return _compared(cursor, inner)
    return inner


def _inside(cursor: Cursor) -> tuple[str, ...]:
    if not cursor.accept("["):
        return ()
    steps: list[str] = []
    while True:
        found = cursor.take(_INSIDE)
        if found is None:
            raise cursor.wrong("expected a name inside the brackets", hint="for example address[city]")
        steps.append(found.group().strip('"'))
        if not cursor.accept("."):
            break
    cursor.expect("]", "to close the bracket")
    return () if steps == ["*"] else tuple(steps)


def _operand(cursor: Cursor, comparison: Comparison) -> Any:
    first = _value(cursor)
    several = comparison in (Comparison.EQUAL, Comparison.UNEQUAL)
    if several and cursor.accept(".."):
        return _range(cursor, first)
    values = [first]
    while several and cursor.accept(","):
        values.append(_value(cursor))
        cursor.count_leaf()
    return first if len(values) == 1 else tuple(values)


def _range(cursor: Cursor, low: Any) -> ValueRange:
    start = cursor.at
    high = _value(cursor)
    numbers = isinstance(low, int | float) and isinstance(high, int | float)
    if isinstance(low, bool) or isinstance(high, bool) or not (numbers or type(low) is type(high)):
        raise cursor.wrong("both ends of a range must be of one kind, and in order", at=start)
    if high < low:
        raise cursor.wrong("the range ends before it begins", at=start)
    return ValueRange(low, high)


def _value(cursor: Cursor) -> Any:
    start = cursor.at
    found = cursor.take(_ANY_VALUE)
    if found is None or found.lastgroup is None:
        raise cursor.wrong("expected a value", hint=_HINT)
    return _READERS[found.lastgroup](found.group(), cursor, start)


def _quoted(text: str, _cursor: Cursor, _start: int) -> str:
    return _ESCAPE.sub(r"\1", text[1:-1])


def _instant(text: str, cursor: Cursor, start: int) -> Any:
    return parse_instant(text, where=f"{cursor.parameter}, position {start + 1}")


def _number(text: str, cursor: Cursor, start: int) -> int | float:
    if len(text) > 40:
        raise BadRequestData("this number is too long", where=f"{cursor.parameter}, position {start + 1}")
    return float(text) if _FRACTION.search(text) else int(text)


def _word(text: str, _cursor: Cursor, _start: int) -> str | bool:
    return {"true": True, "false": False}.get(text, text)


def _as_it_is(text: str, _cursor: Cursor, _start: int) -> str:
    return text


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_FRACTION = re.compile("[.eE]")
_VALUES: Mapping[str, tuple[re.Pattern[str], Callable[[str, Cursor, int], Any]]] = {
    "text": (_TEXT, _quoted),
    "instant": (_INSTANT, _instant),
    "date": (_DATE_OR_TIME, _as_it_is),
    "number": (_NUMBER, _number),
    "word": (_WORD, _word),
    "uri": (_URI, _as_it_is),
}
"""The kinds of values; the first that fits is meant."""
_ANY_VALUE = re.compile("|".join(f"(?P<{kind}>{pattern.pattern})" for kind, (pattern, _) in _VALUES.items()))
_READERS = {kind: read for kind, (_, read) in _VALUES.items()}


# --- patterns


def _pattern(cursor: Cursor) -> str:
    start = cursor.at
    found = cursor.take(_TEXT)
    if found is not None:
        return check_pattern(
            found.group()[1:-1].replace('\\"', '"'), where=f"{cursor.parameter}, position {start + 1}"
        )
    found = cursor.take(_BARE_PATTERN)
    if found is None:
        raise cursor.wrong("expected a pattern")
    return check_pattern(found.group(), where=f"{cursor.parameter}, position {start + 1}")


def check_pattern(pattern: str, *, where: str) -> str:
    """``pattern`` if it is a regular expression that cannot run away on a text.

    Refuses repetitions of what repeats or leaves a choice, and back-references: what makes matching exponential.
    Raises ``BadRequestData`` or ``TooComplexQuery``.
    """
    if len(pattern) > _MAX_PATTERN:
        raise TooComplexQuery(f"a pattern may have {_MAX_PATTERN} characters", where=where)
    try:
        with warnings.catch_warnings():  # of what may mean something else in a later Python
            warnings.simplefilter("ignore", FutureWarning)
            parsed = patterns.parse(pattern)
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadRequestData(f"this is not a regular expression: {error}", where=where) from error
    if (problem := complaint(parsed)) is not None:
        raise TooComplexQuery(problem, where=where)
    return pattern
