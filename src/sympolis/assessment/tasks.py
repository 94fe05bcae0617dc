"""What is missing, as work: every gap with what it is worth, who could close it, and by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sympolis.assessment import mims
from sympolis.assessment.checklists import Answered, Mark, Marked
from sympolis.assessment.evidence import Finding
from sympolis.assessment.questionnaire.scoring import Assessed, Basis, Scored
from sympolis.assessment.records import Taken
from sympolis.domain.reading import Texts

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
_DUE: Final = {
    "it": "Conservare lo stato semestrale ({moment}), entro il {due}.",
    "de": "Den halbjährlichen Stand festhalten ({moment}), bis {due}.",
    "en": "Keep the half-yearly state ({moment}), by {due}.",
}
_MOMENTS: Final = {
    "baseline": {"it": "iniziale", "de": "Ausgangslage", "en": "baseline"},
    "interim": {"it": "intermedio", "de": "Zwischenstand", "en": "interim"},
}
_ANSWERING_DAYS: Final = (0.2, 1.0)


def tasks(
    assessed: Assessed,
    findings: Mapping[str, Finding],
    taken: Mapping[str, Taken],
    *,
    operator: str,
    lists: Sequence[Answered] = (),
    snapshot: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Every task in the form of ``/api/worklist``, those that count for most first.

    ``snapshot``: which half-yearly snapshot is due when, if any.
    """
    worth = _worth(assessed, lists)
    gaps = [_gap(findings[name], sorted(names)) for name, names in worth.items()]
    asked = [_question(one) for one in assessed.scores if one.basis is Basis.NONE and not one.missing]
    asked += [_item(one, marked) for one in lists for marked in one.marked if marked.mark is Mark.OPEN]
    found = sorted(
        [*gaps, *asked, *_keeping(snapshot)],
        key=lambda task: (-len(task["counts_for"]), task["effort_days"][0], task["id"]),
    )
    return [_assigned(one, taken.get(one["id"]), operator) for one in found]


def _worth(assessed: Assessed, lists: Sequence[Answered]) -> dict[str, set[str]]:
    """What every missing check would count for: the next scores of questions, requirements of MIMs, checklists."""
    worth: dict[str, set[str]] = {}
    for one in assessed.scores:
        for missing in one.missing:
            worth.setdefault(missing.check, set()).add(one.question.id)
    for mechanism in mims.mechanisms():
        for requirement in mechanism.requirements:
            for name in requirement.checks:
                if name in worth:
                    worth[name].add(mechanism.id)
    for form in lists:
        for marked in form.marked:
            for lacking in marked.missing if marked.mark is Mark.NO else ():
                worth.setdefault(lacking.check, set()).add(f"{form.checklist.id} {marked.item.id}")
    return worth


def _item(answered: Answered, marked: Marked) -> dict[str, Any]:
    """A question of a checklist that nobody has answered."""
    form, item = answered.checklist, marked.item
    return _question_task(f"item-{form.id}-{item.id.lower()}", item.text, form.title, f"{form.id} {item.id}")


def _keeping(snapshot: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The half-yearly snapshot, from the day on which it is due."""
    if snapshot is None or not (snapshot["overdue"] or snapshot["moment"] == "baseline"):
        return []
    moment = _MOMENTS[snapshot["moment"]]
    told = {key: text.format(moment=moment[key], due=snapshot["due"]) for key, text in _DUE.items()}
    task = _question_task(f"snapshot-{snapshot['moment']}", told, told, "KPI")
    return [{**task, "kind": "snapshot", "what": told}]


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
    return _question_task(f"question-{question.id.lower()}", question.text, question.aim, question.id)


def _question_task(name: str, asked: Texts, seen: Texts, counts_for: str) -> dict[str, Any]:
    return {
        "id": name,
        "kind": "answer",
        "what": {language: text.format(text=asked.get(language, "")) for language, text in _ASKED.items()},
        "seen": seen,
        "consequence": _said(_WORTH, for_what=counts_for),
        "counts_for": [counts_for],
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
