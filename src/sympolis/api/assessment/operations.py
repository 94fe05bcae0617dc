"""The routes of the programme desk with their documentation."""

from __future__ import annotations

from typing import Final

from sympolis.api.assessment.describing import gives, operation
from sympolis.api.assessment.desk_handlers import CallHandlers
from sympolis.api.assessment.desk_operations import call_operations
from sympolis.api.assessment.ecosystem import operations as ecosystem
from sympolis.api.assessment.handlers import XLSX, Assessment
from sympolis.api.assessment.list_handlers import ListHandlers
from sympolis.api.assessment.list_operations import list_operations
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import (
    BOOLEAN,
    INTEGER,
    OBJECT,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    reference,
    several,
    structure,
)

_NUMBER: Final[Schema] = {"type": "number"}
_MAYBE: Final[Schema] = {"type": ["integer", "null"]}
SCHEMAS: Final[dict[str, Schema]] = {
    "Evidence": structure(
        {"check": TEXT, "met": BOOLEAN, "text": TEXTS, "todo": TEXTS, "links": several(TEXT)},
        required=("check", "met", "text", "links"),
    ),
    "AssessedQuestion": structure(
        {
            "id": TEXT,
            "area": TEXT,
            "text": TEXTS,
            "aim": TEXTS,
            "mims": several(TEXT),
            "scores": several(INTEGER),
            "skippable": BOOLEAN,
            "score": _MAYBE,
            "basis": {"type": "string", "enum": ["evidence", "answer", "none", "not applicable"]},
            "proposed": _MAYBE,
            "confirm": BOOLEAN,
            "evidence": several(reference("Evidence")),
            "missing": several(reference("Evidence")),
            "answer": {"type": ["object", "null"]},
        }
    ),
    "Assessment": structure(
        {
            "questionnaire": TEXT,
            "source": TEXT,
            "average": _NUMBER,
            "target": _NUMBER,
            "reached": BOOLEAN,
            "band": TEXTS,
            "areas": several(structure({"id": TEXT, "title": TEXTS, "average": _NUMBER})),
            "by_basis": OBJECT,
            "questions": several(reference("AssessedQuestion")),
            "at": TIME,
            "trend": several(OBJECT),
            "snapshot": OBJECT,
        }
    ),
    "AssessmentSnapshot": structure(
        {
            "id": TEXT,
            "moment": {"type": "string", "enum": ["baseline", "interim", "final"]},
            "at": TIME,
            "by": TEXT,
            "note": TEXT,
            "questionnaire": TEXT,
            "average": _NUMBER,
            "band": TEXTS,
            "scores": OBJECT,
            "mims": OBJECT,
            "checks": OBJECT,
            "indicators": OBJECT,
            "checklists": OBJECT,
        }
    ),
}
_WORKBOOK: Final = Body({"type": "string", "format": "binary"}, media=(XLSX,))


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where this twin keeps no assessment."""
    if parts.assessment is None or parts.city is None:
        return ()
    handlers = Assessment(parts, parts.assessment)
    desk = call_operations(CallHandlers(parts, parts.assessment))
    own = (*_questions(handlers), *_levels(handlers), *_kept(handlers), *_workbook(handlers))
    lists = list_operations(ListHandlers(parts, parts.assessment))
    return (*own, *lists, *desk, *ecosystem(parts))


def _questions(handlers: Assessment) -> tuple[Operation, ...]:
    whole = gives(reference("Assessment"))
    answering = Body(
        structure({"score": _MAYBE, "reason": TEXT, "evidence": several(TEXT)}, required=("score", "reason")),
        example={
            "score": 4,
            "reason": "Reviewed by the legal office.",
            "evidence": ["https://example.org/review"],
        },
    )
    return (
        operation(
            "GET", "", handlers.overview, "getAssessment", "The interoperability self-assessment", answers=whole,
            text="Every score names the checks it rests on, what the next one lacks, and links to the evidence.",
        ),
        operation(
            "GET", "/evidence", handlers.evidence, "getEvidence", "Every check with what it found",
            answers=gives(structure({"checks": several(reference("Evidence"))})),
        ),
        operation(
            "PUT", "/answers/{question}", handlers.answer, "answerQuestion", "Answer a question",
            body=answering, answers=whole,
        ),
        operation(
            "DELETE", "/answers/{question}", handlers.withdraw, "withdrawAnswer", "Let evidence speak again",
            answers={204: Answer("It is gone.")},
        ),
    )  # fmt: skip


def _levels(handlers: Assessment) -> tuple[Operation, ...]:
    levels = gives(structure({"mims": several(OBJECT)}))
    planning = Body(structure({"level": TEXT}), example={"level": "full"})
    return (
        operation("GET", "/mims", handlers.mims, "getMimLevels", "Levels of MIM0 to MIM8", answers=levels),
        operation(
            "PUT", "/mims/{mim}", handlers.plan, "planMimLevel", "Say which level is planned", body=planning,
            answers=levels,
        ),
        operation(
            "GET", "/ai-register", handlers.register, "getAiRegister", "Register of models under the AI Act",
            answers=gives(OBJECT),
        ),
    )  # fmt: skip


def _kept(handlers: Assessment) -> tuple[Operation, ...]:
    taking = Body(
        structure({"who": TEXT, "due": TEXT, "note": TEXT}, required=("who",)),
        example={"who": "Data office", "due": "2027-03-31"},
    )
    keeping = Body(
        structure({"moment": TEXT, "note": TEXT}, required=("moment",)), example={"moment": "baseline"}
    )
    listed = gives(structure({"tasks": several(OBJECT)}))
    return (
        operation("GET", "/worklist", handlers.worklist, "listAssessmentWork", "What is missing", answers=listed),
        operation(
            "PUT", "/worklist/{task}", handlers.take, "takeAssessmentWork", "Take a task on", body=taking,
            answers=listed,
        ),
        operation(
            "GET", "/snapshots", handlers.snapshots, "listAssessmentSnapshots", "The state at earlier moments",
            answers=gives(structure({"snapshots": several(reference("AssessmentSnapshot"))})),
        ),
        operation(
            "POST", "/snapshots", handlers.keep_snapshot, "keepAssessmentSnapshot", "Keep the state as it is",
            body=keeping, answers=gives(reference("AssessmentSnapshot"), status=201),
        ),
    )  # fmt: skip


def _workbook(handlers: Assessment) -> tuple[Operation, ...]:
    return (
        operation(
            "POST", "/workbook/filled", handlers.fill_workbook, "fillWorkbook", "Fill the official workbook in",
            body=_WORKBOOK, answers={200: Answer("It, filled in.", {XLSX: {"type": "string", "format": "binary"}})},
            text="Send the workbook of the programme; rows are found by the ids of their questions.",
        ),
        operation(
            "POST", "/workbook", handlers.read_workbook, "readWorkbook", "Take a filled workbook's answers in",
            body=_WORKBOOK, answers=gives(structure({"taken": INTEGER, "answers": OBJECT})),
        ),
    )  # fmt: skip
