"""Patterns of strangers: none of those that are let in keeps the process busy, and everyday ones are let in."""

import pytest

from sympolis.api.ogc.predicates import _pattern
from sympolis.context import qlanguage
from sympolis.context.evaluate import matcher
from sympolis.context.query import Query
from sympolis.domain.entity import Entity
from sympolis.domain.errors import TooComplexQuery


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|a)*b",
        "(a|aa)+$",
        "(aa?)+$",
        "(a|)*b",
        "(?i:ka|Kb)*c",
        "(?:a*){5}b",
        "(.*){12}x",
        "a?" * 25 + "b",
        "(a{0,1}){40}b",
        "((a?){20}){2}b",
        "(a|aa)" * 25 + "b",
        "(?=(a|aa)+)b",
        r"(a)\1",
        "a*a*a*a*b",
        "a?" * 6 + "a*a*a*b",
    ],
)
def test_a_pattern_that_runs_away_is_refused(pattern: str) -> None:
    with pytest.raises(TooComplexQuery):
        qlanguage.check_pattern(pattern, where="q")


@pytest.mark.parametrize(
    "pattern",
    [
        "^urn:ngsi-ld:(Road|Street):.*$",
        "^https?://.*/sensors/[0-9]+$",
        r"-?\d+(\.\d+)?",
        "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} (Jan|Feb|Mar)",
        "^(ab|cd)+$",
        "[0-9a-f]{8}-[0-9a-f]{4}",
        "(a|b)*",
        "[\x10-\x30]",
        "((x|y){4}){8}",
    ],
)
def test_an_everyday_pattern_is_allowed(pattern: str) -> None:
    assert qlanguage.check_pattern(pattern, where="q") == pattern


def test_an_id_is_searched_as_far_as_a_text_is() -> None:
    fits = matcher(Query(id_pattern="x"))
    assert fits(Entity("urn:a:" + "a" * 200 + "x", ("t",), {}))
    assert not fits(Entity("urn:a:" + "a" * 1000 + "x", ("t",), {}))


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("%a%b%", "xaxxbx", True),
        ("%a%b%", "xbxa", False),
        ("a%a", "a", False),
        ("a%a", "aa", True),
        ("%ab", "abab", True),
        ("%ab%_", "ab", False),
        ("%ab%_", "abc", True),
        ("%", "", True),
        ("%%", "line\nline", True),
        (r"\%_", "%x", True),
        ("a%b%ab", "abab", True),
        ("a%b%ab", "aab", False),
    ],
)
def test_like(pattern: str, text: str, *, fits: bool) -> None:
    assert (_pattern(pattern).fullmatch(text) is not None) is fits


def test_many_wildcards_cost_no_more_than_a_few() -> None:
    assert _pattern("%a" * 40 + "%b").fullmatch("a" * 20_000) is None
