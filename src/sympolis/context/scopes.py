"""The scope query language (clause 4.19): ``/a/b``, ``+`` for one level, ``#`` for all below, ``;`` and, ``,`` or."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sympolis.context.query import AllOf, AnyOf
from sympolis.context.scanning import Cursor

_SCOPE = re.compile(r"/?(?:[^\s/,;|()+#\"<>]+|\+)(?:/(?:[^\s/,;|()+#\"<>]+|\+))*(?:/#)?|/#")
_HINT = "for example /Trento/+ or /Trento/#"


def parse(text: str) -> AnyOf | AllOf | str:
    """The expression in ``text``; its leaves are scopes as written. Raises ``BadRequestData`` with the position."""
    cursor = Cursor(text, "scopeQ")
    found: AnyOf | AllOf | str = _any_of(cursor)
    if not cursor.ended:
        raise cursor.wrong(f"unexpected {cursor.peek()!r}", hint=_HINT)
    return found


def holds(expression: Any, scopes: Iterable[str]) -> bool:
    """Whether an entity with these scopes satisfies the expression."""
    if isinstance(expression, str):
        wanted = _steps(expression)
        return any(_fits(wanted, _steps(scope)) for scope in scopes)
    parts = (holds(part, scopes) for part in expression.parts)
    return all(parts) if isinstance(expression, AllOf) else any(parts)


def _any_of(cursor: Cursor) -> Any:
    parts = [_all_of(cursor)]
    while cursor.accept(",", "|"):
        parts.append(_all_of(cursor))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _all_of(cursor: Cursor) -> Any:
    parts = [_part(cursor)]
    while cursor.accept(";"):
        parts.append(_part(cursor))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _part(cursor: Cursor) -> Any:
    if cursor.accept("("):
        cursor.descend()
        found = _any_of(cursor)
        cursor.expect(")", "to close the parenthesis")
        cursor.ascend()
        return found
    cursor.count_leaf()
    scope = cursor.take(_SCOPE)
    if scope is None:
        raise cursor.wrong("expected a scope", hint=_HINT)
    return scope.group()


def _steps(scope: str) -> list[str]:
    return scope.strip("/").split("/")


def _fits(wanted: list[str], given: list[str]) -> bool:
    """``#`` at the end stands for the scope before it and everything below."""
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(
        one in ("+", other) for one, other in zip(wanted, given, strict=True)
    )
