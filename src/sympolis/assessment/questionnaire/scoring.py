"""Scores: what evidence proposes, what people answered, and the average that the programme counts.

A score is proposed only as far as every check of it and of the scores below it holds; nothing is rounded up. An answer
of a person takes its place. A question without either counts 1, as in the official sheet; one that is not applicable is
left out where its scale allows that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from sympolis.assessment.evidence.findings import Finding
from sympolis.assessment.questionnaire.model import Question, Questionnaire

UNANSWERED: Final = 1


class Basis(StrEnum):
    """What a score rests on."""

    EVIDENCE = "evidence"
    ANSWER = "answer"
    NONE = "none"
    SKIPPED = "not applicable"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody answered: a score, or None for not applicable. ``at`` is ISO 8601 in UTC."""

    question: str
    score: int | None
    reason: str
    evidence: tuple[str, ...] = ()
    by: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """One question's score with all that it rests on."""

    question: Question
    score: int | None
    """None: left out of the average."""
    basis: Basis
    proposed: int | None
    """What evidence alone would give; None where the twin cannot know."""
    held: tuple[Finding, ...]
    missing: tuple[Finding, ...]
    """What the next score of its ladder lacks."""
    answer: Answer | None

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "id": self.question.id,
            "area": self.question.area,
            "text": self.question.text,
            "aim": self.question.aim,
            "mims": list(self.question.mims),
            "scores": list(self.question.scores),
            "skippable": self.question.skippable,
            "score": self.score,
            "basis": self.basis,
            "proposed": self.proposed,
            "confirm": self.question.confirm,
            "evidence": [one.to_json() for one in self.held],
            "missing": [one.to_json() for one in self.missing],
            "answer": None if self.answer is None else msgspec.to_builtins(self.answer),
        }


@dataclass(frozen=True, slots=True)
class Assessed:
    """The whole questionnaire at one moment."""

    questionnaire: Questionnaire
    scores: tuple[Scored, ...]

    @property
    def average(self) -> float:
        """Of the questions that count."""
        return _mean([one.score for one in self.scores if one.score is not None])

    def areas(self) -> dict[str, float]:
        """The average of each area."""
        return {area: _mean(self._of(area)) for area in self.questionnaire.areas if self._of(area)}

    def _of(self, area: str) -> list[int]:
        return [one.score for one in self.scores if one.question.area == area and one.score is not None]

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        form, band = self.questionnaire, self.questionnaire.band(self.average)
        return {
            "questionnaire": form.version,
            "source": form.source,
            "average": round(self.average, 2),
            "target": form.target,
            "reached": self.average >= form.target,
            "band": band.title,
            "areas": [
                {"id": area, "title": form.areas[area], "average": round(mean, 2)}
                for area, mean in self.areas().items()
            ],
            "by_basis": {basis: sum(one.basis is basis for one in self.scores) for basis in Basis},
            "questions": [one.to_json() for one in self.scores],
        }


def assess(form: Questionnaire, findings: Mapping[str, Finding], answers: Mapping[str, Answer]) -> Assessed:
    """Score every question."""
    return Assessed(form, tuple(_scored(one, findings, answers.get(one.id)) for one in form.questions))


def proposal(question: Question, findings: Mapping[str, Finding]) -> tuple[int | None, tuple[str, ...]]:
    """The score that evidence proposes (None: it cannot tell), and the checks of the next rung that do not hold."""
    if not question.ladder:
        return None, ()
    reached = UNANSWERED
    for score in sorted(question.ladder):
        lacking = tuple(name for name in question.ladder[score] if not findings[name].met)
        if lacking:
            return reached, lacking
        reached = score
    return reached, ()


def _scored(question: Question, findings: Mapping[str, Finding], answer: Answer | None) -> Scored:
    proposed, lacking = proposal(question, findings)
    held = tuple(findings[name] for name in question.checks() if findings[name].met)
    missing = tuple(findings[name] for name in lacking)
    score, basis = _settled(question, proposed, answer)
    return Scored(question, score, basis, proposed, held, missing, answer)


def _settled(question: Question, proposed: int | None, answer: Answer | None) -> tuple[int | None, Basis]:
    if answer is not None:
        return answer.score, Basis.SKIPPED if answer.score is None else Basis.ANSWER
    if proposed is not None and not question.confirm:
        return proposed, Basis.EVIDENCE
    return UNANSWERED, Basis.NONE


def _mean(scores: Sequence[int]) -> float:
    return sum(scores) / len(scores) if scores else float(UNANSWERED)
