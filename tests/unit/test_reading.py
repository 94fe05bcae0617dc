"""Reading tables into frozen values: all mistakes at once, each with its place and what to do."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

from sympolis.domain.reading import Finding, did_you_mean, option, read


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: float = option(minimum=0, maximum=10)
    colour: Colour = Colour.RED


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str = option(pattern="[a-z]+")
    count: int = 1
    kind: str = option("a", choices=("a", "b"), key="class")
    inner: Inner | None = None
    parts: tuple[Inner, ...] = ()
    corner: tuple[float, float] = (0.0, 0.0)
    texts: Mapping[str, str] = option({})
    anything: Any = None


def findings_of(document: Any) -> list[Finding]:
    findings: list[Finding] = []
    assert read(Outer, document, "x.toml", findings) is None
    return findings


def test_a_sound_table_becomes_a_frozen_value() -> None:
    findings: list[Finding] = []
    document = {
        "name": "road",
        "class": "b",
        "inner": {"size": 3},
        "parts": [{"size": 1.5, "colour": "green"}],
        "corner": [11, 44.5],
        "texts": {"it": "via"},
        "anything": [1, {}],
    }
    found = read(Outer, document, "x.toml", findings)
    assert findings == []
    assert found == Outer(
        name="road",
        kind="b",
        inner=Inner(size=3.0),
        parts=(Inner(size=1.5, colour=Colour.GREEN),),
        corner=(11.0, 44.5),
        texts={"it": "via"},
        anything=[1, {}],
    )


@pytest.mark.parametrize(
    ("document", "where", "part"),
    [
        ({}, "x.toml: name", "is missing; expected a text"),
        ({"name": 5}, "x.toml: name", "expected a text, found a whole number (5)"),
        ({"name": "Road"}, "x.toml: name", "does not look like"),
        ({"name": "a", "count": True}, "x.toml: count", "expected a whole number"),
        ({"name": "a", "count": 1.5}, "x.toml: count", "expected a whole number"),
        ({"name": "a", "class": "c"}, "x.toml: class", "'c' is not allowed"),
        ({"name": "a", "inner": 3}, "x.toml: inner", "expected a table"),
        ({"name": "a", "inner": {"size": 11}}, "x.toml: inner.size", "at most 10"),
        ({"name": "a", "inner": {"size": -1}}, "x.toml: inner.size", "at least 0"),
        (
            {"name": "a", "inner": {"size": 1, "colour": "blue"}},
            "x.toml: inner.colour",
            "'blue' is not allowed",
        ),
        ({"name": "a", "parts": [{"size": 1}, {}]}, "x.toml: parts[1].size", "is missing"),
        ({"name": "a", "parts": {}}, "x.toml: parts", "expected a list"),
        ({"name": "a", "corner": [1]}, "x.toml: corner", "expected 2 items, found 1"),
        ({"name": "a", "texts": {"it": 1}}, "x.toml: texts.it", "expected a text"),
        ([], "x.toml", "expected a table"),
    ],
)
def test_a_mistake_names_place_and_expectation(document: Any, where: str, part: str) -> None:
    [finding] = findings_of(document)
    assert finding.where == where
    assert part in finding.message


def test_an_unknown_key_comes_with_the_nearest_known_one() -> None:
    [finding] = findings_of({"name": "a", "cuont": 2})
    assert finding.where == "x.toml: cuont"
    assert finding.hint == "did you mean 'count'?"


def test_every_mistake_is_reported_at_once() -> None:
    wrong = findings_of({"count": "x", "class": "z", "parts": [{"size": "s"}], "extra": 1})
    assert {finding.where for finding in wrong} == {
        "x.toml: name",
        "x.toml: count",
        "x.toml: class",
        "x.toml: parts[0].size",
        "x.toml: extra",
    }


def test_a_hint_looks_at_the_beginning_of_a_word_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    real = difflib.get_close_matches

    def noted(word: str, *given: Any, **more: Any) -> list[str]:
        compared.append(word)
        return real(word, *given, **more)

    monkeypatch.setattr(difflib, "get_close_matches", noted)
    assert did_you_mean("levrs", ["levers", "seed"]) == "did you mean 'levers'?"
    assert did_you_mean("x" * 1_000_000, ["levers", "seed"]) == "known here: levers, seed"
    assert max(map(len, compared)) == 200
