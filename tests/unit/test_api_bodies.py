"""How deep a body may be nested, told quickly from its brackets and exactly where that does not do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sympolis.api.bodies import MAX_DEPTH, parse_json
from sympolis.domain.errors import InvalidRequest


def nested(depth: int, inside: Any = 1, key: str = "a") -> Any:
    """Something within ``depth`` arrays and objects by turns."""
    for level in range(depth):
        inside = [inside] if level % 2 else {key: inside}
    return inside


def depth_of(document: Any) -> int:
    """By the book."""
    parts = (
        document.values() if isinstance(document, dict) else document if isinstance(document, list) else None
    )
    return 0 if parts is None else 1 + max(map(depth_of, parts), default=0)


FLAT = [{"id": "urn:x", "value": [1, 2]}] * 40
"""Enough brackets to be looked at."""


@pytest.mark.parametrize("inside", [1, "[[[", "}}}", '"', "\\", "{}", '\\"[', ""])
def test_the_bound_is_exact_whatever_texts_hold(inside: Any) -> None:
    allowed = [FLAT, inside, nested(MAX_DEPTH - 1, inside)]
    assert parse_json(json.dumps(allowed).encode()) == allowed
    with pytest.raises(InvalidRequest, match="nested deeper"):
        parse_json(json.dumps([FLAT, inside, nested(MAX_DEPTH, inside)]).encode())


def test_brackets_in_texts_cannot_hide_depth() -> None:
    hidden: Any = 1
    for _ in range(MAX_DEPTH + 1):
        hidden = ["]", hidden]
    with pytest.raises(InvalidRequest, match="nested deeper"):
        parse_json(json.dumps([FLAT, hidden]).encode())


_DOCUMENTS = st.recursive(
    st.integers() | st.text(alphabet='ab[]{}"\\', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a]"', max_size=2), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(_DOCUMENTS, st.integers(MAX_DEPTH - 6, MAX_DEPTH + 2))
def test_the_quick_way_agrees_with_counting(document: Any, depth: int) -> None:
    whole = [FLAT, nested(depth, document)]
    if depth_of(whole) <= MAX_DEPTH:
        assert parse_json(json.dumps(whole).encode()) == whole
    else:
        with pytest.raises(InvalidRequest):
            parse_json(json.dumps(whole).encode())


def test_what_no_reader_could_bear_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        parse_json(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize("raw", [b"", b" \n"])
def test_an_empty_body_is_called_empty(raw: bytes) -> None:
    with pytest.raises(InvalidRequest, match="nothing came"):
        parse_json(raw)


@pytest.mark.parametrize("endless", [10**400, -(10**308), [{"data": [1, 10**308]}]])
def test_whole_numbers_that_no_float_can_hold_are_refused(endless: Any) -> None:
    with pytest.raises(InvalidRequest, match="more than 308 digits"):
        parse_json(json.dumps(endless).encode())


@pytest.mark.parametrize("fine", [10**308 - 1, "9" * 400, {"7" * 400: [True, None, 1.5]}])
def test_long_numbers_and_digits_in_texts_stay(fine: Any) -> None:
    assert parse_json(json.dumps(fine).encode()) == fine
