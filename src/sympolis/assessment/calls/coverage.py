"""How far the running twins of a consortium cover what a strand asks, requirement by requirement."""

from __future__ import annotations

from typing import Any

from sympolis.assessment.calls.consortium import Consortium, TwinEvidence
from sympolis.assessment.calls.judging import sentences
from sympolis.assessment.calls.rules import AskedProof, Call
from sympolis.assessment.evidence.findings import words


def cover(consortium: Consortium, call: Call, strand: str) -> dict[str, Any]:
    """Every requirement of the strand: proved by how many twins, or said by people, or open."""
    asked = [one for one in call.requirements if not one.strands or strand in one.strands]
    told = [_told(one, consortium) for one in asked]
    return {
        "strand": strand,
        "title": call.strands[strand],
        "met": sum(one["met"] for one in told),
        "of": len(told),
        "requirements": told,
    }


def _told(asked: AskedProof, consortium: Consortium) -> dict[str, Any]:
    said = consortium.statements.get(asked.id)
    proving = [one for one in consortium.twins.values() if _proves(one, asked)]
    proved = asked.provable and len(proving) >= asked.twins
    return {
        "id": asked.id,
        "title": asked.title,
        "met": proved or (said is not None and said.met),
        "basis": "evidence" if proved else "statement" if said is not None else "none",
        "twins": sorted(one.city for one in proving),
        "needs_twins": asked.twins,
        "missing": _missing(asked, consortium),
        "statement": None if said is None else {"met": said.met, "note": said.note, "link": said.link},
    }


def _proves(twin: TwinEvidence, asked: AskedProof) -> bool:
    return asked.provable and _reaches(twin, asked) and all(twin.checks.get(it, False) for it in asked.checks)


def _reaches(twin: TwinEvidence, asked: AskedProof) -> bool:
    return (twin.average or 0.0) >= asked.average


def _missing(asked: AskedProof, consortium: Consortium) -> list[dict[str, Any]]:
    """What each twin lacks, with the next step."""
    lacking = [
        {"twin": twin.city, "check": name, "todo": words()[name]["todo"]}
        for twin in consortium.twins.values()
        for name in asked.checks
        if not twin.checks.get(name, False)
    ]
    behind = [
        {"twin": twin.city, "check": "average", "todo": _todo(twin, asked)}
        for twin in consortium.twins.values()
        if not _reaches(twin, asked)
    ]
    return lacking + behind


def _todo(twin: TwinEvidence, asked: AskedProof) -> dict[str, str]:
    figures = {"average": f"{twin.average or 0.0:g}", "of": f"{asked.average:g}"}
    return {language: text.format(**figures) for language, text in sentences()["average"].items()}
