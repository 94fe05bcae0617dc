"""A questionnaire as data: another year's is another file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from sympolis.domain import errors
from sympolis.domain.reading import Texts


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``scores``: those its scale knows; ``ladder``: the checks each score needs beside lower ones'."""

    id: str
    area: str
    scores: tuple[int, ...]
    text: Texts
    aim: Texts
    """What the highest score asks for: the recommendation."""
    skippable: bool = False
    """Whether it may be not applicable, and is then left out of the average."""
    mims: tuple[str, ...] = ()
    confirm: bool = False
    """Whether a person has to confirm what evidence proposes."""
    ladder: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def checks(self) -> tuple[str, ...]:
        """Every check of its ladder, lowest first."""
        return tuple(check for score in sorted(self.ladder) for check in self.ladder[score])


@dataclass(frozen=True, slots=True)
class Band:
    """A band of maturity: averages up to ``most``."""

    most: float
    title: Texts


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """All questions of one edition; ``target`` is the average to be exceeded at the end of a pilot."""

    version: str
    source: str
    target: float
    areas: Mapping[str, Texts]
    bands: tuple[Band, ...]
    questions: tuple[Question, ...]

    def get(self, question: str) -> Question:
        """One question. Raises ``NotFound``."""
        for one in self.questions:
            if one.id == question:
                return one
        raise errors.NotFound(f"there is no question {question[:40]}", where="question", hint="Q001 to Q036")

    def band(self, average: float) -> Band:
        """The band that an average lies in."""
        return next((one for one in self.bands if average <= one.most), self.bands[-1])


@cache
def default_questionnaire() -> Questionnaire:
    """The edition that is shipped: ``ldt4ssc.toml``."""
    text = resources.files(__package__ or "").joinpath("ldt4ssc.toml").read_text(encoding="utf-8")
    return _made(tomllib.loads(text))


def _made(document: Mapping[str, Any]) -> Questionnaire:
    return Questionnaire(
        version=document["version"],
        source=document["source"],
        target=document["target"],
        areas=document["area"],
        bands=tuple(Band(**one) for one in document["band"]),
        questions=tuple(_question(one) for one in document["question"]),
    )


def _question(one: Mapping[str, Any]) -> Question:
    ladder = {int(score): tuple(checks) for score, checks in one.get("ladder", {}).items()}
    rest = {**one, "scores": tuple(one["scores"]), "mims": tuple(one["mims"]), "ladder": ladder}
    return Question(**rest)
