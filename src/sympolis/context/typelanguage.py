"""The type selection language of the ``type`` parameter (clause 4.17): ``A,B`` or ``A|B``, ``(A;B)``, and mixtures."""

from __future__ import annotations

import re
from typing import Any

from sympolis.context.query import AllOf, AnyOf, TypeIs
from sympolis.context.scanning import MAX_LENGTH, Cursor
from sympolis.context.terms import Terms

_NAME = re.compile(r"[^\s,;|()\"<>]+")
_HINT = "for example RoadSegment,RoadNode or (Building;Monument)"


def parse(text: str, terms: Terms) -> AnyOf | AllOf | TypeIs | None:
    """The expression in ``text``; None for ``*``, every type. Raises ``BadRequestData`` with the position."""
    if text == "*":
        return None
    if len(text) <= MAX_LENGTH and _NAME.fullmatch(text):
        return TypeIs(terms.expand(text))
    cursor = Cursor(text, "type")
    found: AnyOf | AllOf | TypeIs = _any_of(cursor, terms)
    if not cursor.ended:
        raise cursor.wrong(f"unexpected {cursor.peek()!r}", hint=_HINT)
    return found


def _any_of(cursor: Cursor, terms: Terms) -> Any:
    parts = [_all_of(cursor, terms)]
    while cursor.accept(",", "|"):
        parts.append(_all_of(cursor, terms))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _all_of(cursor: Cursor, terms: Terms) -> Any:
    parts = [_part(cursor, terms)]
    while cursor.accept(";"):
        parts.append(_part(cursor, terms))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _part(cursor: Cursor, terms: Terms) -> Any:
    if cursor.accept("("):
        cursor.descend()
        found = _any_of(cursor, terms)
        cursor.expect(")", "to close the parenthesis")
        cursor.ascend()
        return found
    cursor.count_leaf()
    name = cursor.take(_NAME)
    if name is None:
        raise cursor.wrong("expected the name of a type", hint=_HINT)
    return TypeIs(terms.expand(name.group()))
