"""What is missing, as work: every gap with what it is worth, who could close it, and by when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sympolis.assessment import mims
from sympolis.assessment.evidence import Finding
from sympolis.assessment.questionnaire.scoring import Assessed, Basis, Scored
from sympolis.assessment.records import Taken

_ASKED: Final = {
    "it": "Rispondere alla domanda: {text}",
    "de": "Die Frage beantworten: {text}",
    "en": "Answer the question: {text}",
}
_WORTH: Final = {
    "it": "Vale per: {for_what}.",
    "de": "Zählt für: {for_what}.",
    "en": "Counts for: {for_what}.",
}
_ANSWERING_DAYS: Final = (0.2, 1.0)


def tasks(
    assessed: Assessed, findings: Mapping[str, Finding], taken: Mapping[str, Taken], *, operator: str
) -> list[dict[str, Any]]:
    """Every task in the form of ``/api/worklist``, those that count for most first."""
    worth = _worth(assessed)
    gaps = [_gap(findings[name], sorted(names)) for name, names in worth.items()]
    asked = [_question(one) for one in assessed.scores if one.basis is Basis.NONE and not one.missing]
    found = sorted(
        [*gaps, *asked], key=lambda task: (-len(task["counts_for"]), task["effort_days"][0], task["id"])
    )
    return [_assigned(one, taken.get(one["id"]), operator) for one in found]


def _worth(assessed: Assessed) -> dict[str, set[str]]:
    """What every missing check would count for: questions whose next score lacks it, requirements of MIMs."""
    worth: dict[str, set[str]] = {}
    for one in assessed.scores:
        for missing in one.missing:
            worth.setdefault(missing.check, set()).add(one.question.id)
    for mechanism in mims.mechanisms():
        for requirement in mechanism.requirements:
            for name in requirement.checks:
                if name in worth:
                    worth[name].add(mechanism.id)
    return worth


def _gap(finding: Finding, counts_for: list[str]) -> dict[str, Any]:
    return {
        "id": f"check-{finding.check}",
        "kind": "evidence",
        "what": finding.todo,
        "seen": finding.text,
        "consequence": _said(_WORTH, for_what=", ".join(counts_for)),
        "counts_for": counts_for,
        "links": list(finding.links),
        "effort_days": list(finding.effort_days),
    }


def _question(scored: Scored) -> dict[str, Any]:
    question = scored.question
    return {
        "id": f"question-{question.id.lower()}",
        "kind": "answer",
        "what": {
            language: text.format(text=question.text.get(language, "")) for language, text in _ASKED.items()
        },
        "seen": question.aim,
        "consequence": _said(_WORTH, for_what=question.id),
        "counts_for": [question.id],
        "links": [],
        "effort_days": list(_ANSWERING_DAYS),
    }


def _assigned(task: dict[str, Any], taken: Taken | None, operator: str) -> dict[str, Any]:
    return {
        **task,
        "who": operator if taken is None else taken.who,
        "due": None if taken is None or not taken.due else taken.due,
        "note": "" if taken is None else taken.note,
        "blocking": False,
        "services": [],
    }


def _said(texts: Mapping[str, str], **values: str) -> dict[str, str]:
    return {language: text.format(**values) for language, text in texts.items()}
