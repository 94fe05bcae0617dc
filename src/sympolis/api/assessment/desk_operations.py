"""The routes of the call's desk with their documentation."""

from __future__ import annotations

from typing import Any, Final

from sympolis.api.assessment.describing import gives, operation
from sympolis.api.assessment.desk_handlers import CONSORTIUM, FORMS, LANGUAGE, SVG, VIEW, YAML, CallHandlers
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, Schema, several, structure
from sympolis.decision.printing import docx, pdf

_FILE: Final[Schema] = {"type": "string", "format": "binary"}
_CONSORTIUM: Final = Body(
    OBJECT,
    example={
        "title": "Cooler streets",
        "call": "ldt4ssc-call2",
        "strand": "WS2",
        "start": "2027-01-01",
        "end": "2027-12-31",
        "partners": [
            {
                "id": "one",
                "name": "Town of One",
                "kind": "local authority",
                "country": "IT",
                "grant_eur": 100000,
            }
        ],
        "costs": [
            {
                "partner": "one",
                "category": "personnel",
                "title": "Data engineer",
                "eur": 200000,
                "begin": "2027-01-01",
                "end": "2027-12-31",
            }
        ],
    },
)

_PARTNER: Final = Body(
    OBJECT, example={"name": "University of Somewhere", "kind": "university", "country": "AT"}
)

_CANDIDATES: Final = Body(
    OBJECT, example={"candidates": [{"id": "x", "name": "X", "kind": "university", "country": "AT"}]}
)


def call_operations(handlers: CallHandlers) -> tuple[Operation, ...]:
    """The routes."""
    return (*_consortia(handlers), *_proofs(handlers), *_documents(handlers))


def _consortia(handlers: CallHandlers) -> tuple[Operation, ...]:
    one = "/consortia/{consortium}"
    return (
        operation(
            "GET", "/calls", handlers.calls, "listProgrammeCalls", "The rules of calls",
            answers=gives(structure({"calls": several(OBJECT)})),
        ),
        operation(
            "GET", "/consortia", handlers.list, "listConsortia", "Consortia and how they stand",
            answers=gives(structure({"consortia": several(OBJECT)})),
        ),
        operation(
            "POST", "/consortia", handlers.found, "foundConsortium", "A new consortium", body=_CONSORTIUM,
            answers=gives(OBJECT, status=201),
        ),
        operation(
            "GET", one, handlers.get, "getConsortium", "A consortium, judged by its call's rules",
            answers=gives(OBJECT),
            text="`judgement` names every rule, kept or broken and by whom, the budget, and what the strand asks.",
        ),
        operation(
            "PUT", one, handlers.change, "changeConsortium", "Change a consortium", body=_CONSORTIUM,
            answers=gives(OBJECT),
        ),
        operation(
            "DELETE", one, handlers.dissolve, "dissolveConsortium", "Take a consortium away",
            answers={204: Answer("It is gone.")},
        ),
    )  # fmt: skip


def _proofs(handlers: CallHandlers) -> tuple[Operation, ...]:
    one = "/consortia/{consortium}"
    proof = Body(OBJECT, example={"city": "one", "at": "2026-03-02T09:00:00Z", "checks": {}})
    return (
        operation(
            "POST", f"{one}/evidence", handlers.prove, "proveForConsortium", "Keep what a twin proves", body=proof,
            answers=gives(OBJECT),
            text="An empty object: this twin, as it is now. Otherwise what another twin's /api/assessment/proof said.",
        ),
        operation(
            "POST", f"{one}/partners", handlers.join, "joinConsortium", "Take a partner in", body=_PARTNER,
            answers=gives(OBJECT, status=201),
            text="Says which rules that mends or breaks, and which about partners are still broken.",
        ),
        operation(
            "DELETE", f"{one}/partners/{{partner}}", handlers.leave, "leaveConsortium",
            "Let a partner go, with its costs", answers=gives(OBJECT),
        ),
        operation(
            "POST", f"{one}/candidates", handlers.candidates, "tryCandidates", "What each candidate would change",
            body=_CANDIDATES,
            answers=gives(structure({"candidates": several(OBJECT)})), text="Nothing is kept.",
        ),
        operation(
            "GET", f"{one}/coverage/{{strand}}", handlers.coverage, "getCoverage", "What a strand asks, who proves it",
            answers=gives(OBJECT),
        ),
        operation(
            "GET", "/proof", handlers.proof, "getProof", "What this twin proves, for a partner's desk",
            answers=gives(OBJECT),
        ),
        operation(
            "GET", f"{one}/pilot.yaml", handlers.pilot, "getPilotFile", "pilot.yaml of a consortium",
            answers={200: Answer("The file.", {YAML: TEXT})},
        ),
        operation(
            "POST", "/updates", handlers.update, "checkUpdate", "Check an update against the programme's form",
            body=Body(OBJECT, example={"schema_version": 1, "type": "general"}), answers=gives(OBJECT),
        ),
    )  # fmt: skip


def _documents(handlers: CallHandlers) -> tuple[Operation, ...]:
    printed: dict[str, Any] = {"text/html": TEXT, docx.MEDIA: _FILE, pdf.MEDIA: _FILE}
    return (
        operation(
            "GET", "/documents/{deliverable}/{form}", handlers.document, "draftDocument", "A deliverable, drafted",
            parameters=(LANGUAGE, CONSORTIUM), answers={200: Answer("The draft.", printed)},
            text=f"Forms: {', '.join(FORMS)}. What no evidence says is marked as to be completed, and by whom.",
        ),
        operation(
            "GET", "/style.css", handlers.style, "getAssessmentStyle", "Style of the pages",
            answers={200: Answer("The style sheet.", {"text/css": TEXT})},
        ),
        operation(
            "GET", "/diagrams/{diagram}", handlers.diagram, "drawDiagram", "One of the four diagrams",
            parameters=(LANGUAGE, VIEW), answers={200: Answer("The picture.", {SVG: TEXT})},
        ),
    )  # fmt: skip
